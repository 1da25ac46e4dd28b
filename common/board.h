#pragma once
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "common/guarded.h"
#include "common/judge.h"

// What every piece of evidence starts with: whose it is and when the look began and ended.
struct Look {
  std::string eye;
  Instant begin, end;
};

// Where the eyes of a group post what they saw, and where it is judged. The verdict is a fold over
// the evidence in the order of its ends, whatever the order of arrival: evidence waits until every
// look that began before its end has been posted too, or is over its deadline. Evidence that comes
// later still is taken to have ended when the newest evidence in the fold did: bounds only widen.
//
// A Verdict has
//   using Evidence = ...;                             // derived from Look
//   void Step(const Evidence& evidence, const Now& now);
//   void Show(const Now& now, Samples& out) const;    // absent what is not known
//   Pace pace() const;
//   int targets_revision() const;                     // grows when the set of targets changes
//   int facts_revision() const;                       // grows when Facts() changes
//   std::string Facts(const Now& now) const;          // JSON
//   absl::Status Restore(const std::string& facts, const Now& now);
//   std::vector<Story> Stories() const;
// and touches neither network nor clock, so that recorded evidence can be replayed through it.
template <class Verdict>
class Board : public Judge {
 public:
  using Evidence = typename Verdict::Evidence;
  explicit Board(Verdict verdict) : state_(State{.verdict = std::move(verdict), .waiting = {}, .in_flight = {}, .hooks = {}}) {}

  void SetHooks(Hooks hooks) override {
    state_.With([&](State& s) { s.hooks = std::make_shared<Hooks>(std::move(hooks)); });
  }

  // Announces a look of `eye` that begins now and is over at `deadline`, and returns its begin.
  Instant Begin(const std::string& eye, const Deadline& deadline, Instant now = Clock::now()) {
    state_.With([&](State& s) { s.in_flight[eye] = {now, deadline.at()}; });
    return now;
  }
  // Posts what a look saw. `now` is an argument for the sake of replays.
  void Post(Evidence evidence, const Now& now = Now::Read()) {
    Apply([&](State& s) {
      s.in_flight.erase(evidence.eye);
      evidence.end = std::max(evidence.end, s.settled);
      auto later = [](const Evidence& a, const Evidence& b) {
        return std::tie(a.end, a.begin, a.eye) < std::tie(b.end, b.begin, b.eye);
      };
      auto place = std::upper_bound(s.waiting.begin(), s.waiting.end(), evidence, later);
      s.waiting.insert(place, std::move(evidence));
      Settle(s, now);
    }, now);
  }
  void Show(const Now& now, Samples& out) override {
    Apply([&](State& s) { Settle(s, now); s.verdict.Show(now, out); }, now);
  }
  std::vector<Story> Stories() override {
    return state_.With([](State& s) { return s.verdict.Stories(); });
  }
  absl::Status Restore(const std::string& facts, const Now& now) override {
    return state_.With([&](State& s) { return s.verdict.Restore(facts, now); });
  }
  // Reads or reconfigures the verdict under the board's lock.
  template <class F>
  auto With(F&& f) {
    return state_.With([&](State& s) { return f(s.verdict); });
  }

 private:
  struct InFlight {
    Instant begin, over;
  };
  struct State {
    Verdict verdict;
    std::vector<Evidence> waiting;  // sorted by end
    std::map<std::string, InFlight> in_flight;
    Instant settled = Instant::min();  // end of the newest evidence in the fold
    std::shared_ptr<Hooks> hooks;
  };

  static void Settle(State& s, const Now& now) {
    Instant watermark = now.at;
    for (auto& [eye, look] : s.in_flight)
      if (now.at < look.over) watermark = std::min(watermark, look.begin);
    auto ripe = s.waiting.begin();
    for (; ripe != s.waiting.end() && ripe->end <= watermark; ++ripe) {
      s.settled = ripe->end;
      s.verdict.Step(*ripe, now);
    }
    s.waiting.erase(s.waiting.begin(), ripe);
  }

  // Changes the state under the lock, then sets in motion what the change asks for without it.
  template <class F>
  void Apply(F&& change, const Now& now) {
    bool poke = false, refresh = false;
    std::string facts;
    auto hooks = state_.With([&](State& s) {
      auto before = Marks(s.verdict);
      change(s);
      auto after = Marks(s.verdict);
      poke = before[0] != after[0];
      refresh = before[1] != after[1];
      if (before[2] != after[2]) facts = s.verdict.Facts(now);
      return s.hooks;
    });
    if (!hooks) return;
    if (poke) hooks->poke();
    if (refresh) hooks->refresh();
    if (!facts.empty()) hooks->save(std::move(facts));
  }
  static std::array<int, 3> Marks(const Verdict& v) {
    return {static_cast<int>(v.pace()), v.targets_revision(), v.facts_revision()};
  }

  Guarded<State> state_;
};
