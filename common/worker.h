#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/guarded.h"
#include "common/net.h"
#include "common/scrape.h"

// Inside of the Scraper: one target's thread, and one scrape's collection.

// One collection of all targets; lives as long as somebody writes to it or reads it, so that a late
// answer is written into a page that nobody reads any more.
class Round {
 public:
  // Whether the page waits for a target: to the deadline, for a moment (it is doubted), or not.
  enum class Wait { kFully, kBriefly, kNot };
  struct Slot {
    std::shared_ptr<const Samples> samples;  // null: none
    absl::Status status = absl::DeadlineExceededError("no answer in time");
    double seconds = 0;  // that the collection took; 0: it was not asked
    bool done = false;
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
  void Put(std::size_t i, Slot slot);
  // Waits for those worth waiting for, then returns a copy of all slots.
  std::vector<Slot> Await(const Deadline& deadline);
  bool Joinable() const { return !over_ && Clock::now() - begin_ <= kJoinable; }

  const Deadline deadline;

 private:
  struct State {
    std::vector<Slot> slots;
    int fully = 1, briefly = 0;  // still out; Start() takes the first one away
  };
  const Instant begin_ = Clock::now();
  Guarded<State> state_;
  std::atomic<bool> over_ = false;  // somebody has stopped waiting
};

// What is known of a target's health; survives as long as its thread.
struct Health {
  bool settled = false;           // the first look is over
  bool known = false;             // it was asked, by a look or a collection
  absl::Status look, collection;  // the last of each
  double look_seconds = 0;
  double last_success_unix_seconds = 0;
  double dropped = 0;
  std::map<std::string_view, double> failures;  // by reason
  bool logged_failing = false;
  double last_logged = 0;

  bool Blind() const;    // looks get no answer
  bool Doubted() const;  // looks or collections get no answer
};

// The closed set of reasons: timeout, unreachable, denied, protocol, internal.
std::string_view Reason(const absl::Status& status);

class Worker {
 public:
  Worker(Target target, std::string group);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();  // ends the thread after its current call and joins it
  void Poke();
  void Stop();  // asks the thread to end; does not wait
  bool ended() const { return ended_; }
  // Hands the target a round: it collects as soon as it is free. A round that is still waiting for
  // its turn gives way to the new one.
  void Offer(const std::shared_ptr<Round>& round, std::size_t index);
  // The exporter's own metrics about this target; `slot` is its part of the page.
  void Report(Samples& self, const Round::Slot& slot);
  TargetState state();
  bool ready();  // its first look is over, or long overdue

  const Target target;  // without its collector
  const std::string group;

 private:
  struct Inbox {
    std::shared_ptr<Round> round;
    std::size_t index = 0;
    bool stop = false, poked = false;
    std::optional<Instant> busy_until;  // the deadline of the call under way
    bool Overdue() const { return busy_until && *busy_until < Clock::now(); }
  };
  void Run();
  bool Sleep(const Next& next);  // whether to go on
  bool DueForLook(const Next& next);
  Next LookOnce();
  void CollectOnce(const std::shared_ptr<Round>& round, std::size_t index);
  void Note(const absl::Status& status, bool is_look, double seconds, int dropped);
  bool Overdue();

  std::unique_ptr<Collector> collector_;  // of the thread: made before it, destroyed by it
  Socket wake_;                           // eventfd
  Guarded<Inbox> inbox_;
  Guarded<Health> health_;
  std::atomic<bool> ended_ = false;
  bool fd_ready_ = false;  // the worker's own
  std::thread thread_;     // last: it uses the rest
};
