#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "common/deadline.h"
#include "common/guarded.h"
#include "common/metric.h"

// One collection of all targets; lives as long as somebody writes to it or reads it, so that a late
// answer is written into a page that nobody reads any more.
class Round {
 public:
  // Whether the page waits for a target: to the deadline, for a moment (it is doubted), or not.
  enum class Wait { kFully, kBriefly, kNot };
  struct Slot {
    std::shared_ptr<const Samples> samples;  // null: none
    bool ok = false;
    double seconds = 0;  // that the collection took; 0: it was not asked
    Wait wait = Wait::kFully;
  };
  static constexpr Duration kBrief = std::chrono::milliseconds(50);
  // Longer than a look and a collection may take: who is still out then is stuck.
  static constexpr Duration kFull = std::chrono::seconds(5);
  // Scrapes that come later do not join: what was collected first would be stale for them.
  static constexpr Duration kJoinable = std::chrono::seconds(1);

  Round(std::size_t targets, const Deadline& deadline);
  void Expect(std::size_t i, Wait wait);  // for each target, before its Put
  void Start();                           // every target is told: waiting may end
  void Put(std::size_t i, Slot slot);  // once for each that is expected
  // Waits for those worth waiting for, then returns a copy of all slots.
  std::vector<Slot> Await(const Deadline& deadline);
  // Whether another scrape may wait for it too. Each calls Join before, and then Await once.
  bool Joinable() const { return !over_ && Clock::now() - begin_ <= kJoinable; }
  void Join() { ++waiting_; }
  bool awaited() const { return waiting_ > 0; }

  const Deadline deadline;

 private:
  struct State {
    std::vector<Slot> slots;
    int fully = 1, briefly = 0;  // still out; Start() takes the first one away
  };
  const Instant begin_ = Clock::now();
  Guarded<State> state_;
  std::atomic<int> waiting_ = 0;    // scrapes
  std::atomic<bool> over_ = false;  // one of them has stopped waiting
};
