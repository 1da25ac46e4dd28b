#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>

#include "common/evidence_queue.h"
#include "common/guarded.h"
#include "common/judge.h"

// Where the eyes of a group post what they saw, and where it is judged. The verdict is a fold over
// the evidence in the order of its ends, see EvidenceQueue.
//
// A Verdict has
//   using Evidence = ...;                             // derived from Look
//   void Step(const Evidence& evidence, const Now& now);
//   void Show(const Now& now, Samples& out) const;    // absent what is not known
//   Pace pace() const;
//   int looks_revision() const;                       // optional: grows when all eyes are to look
//   int targets_revision() const;                     // grows when the set of targets changes
//   int facts_revision() const;                       // grows when Facts() changes
//   std::string Facts(const Now& now) const;          // JSON
//   absl::Status Restore(const std::string& facts, const Now& now);
//   std::vector<Headline> Headlines(const Now& now) const;
//   std::vector<Story> Stories() const;
// and touches neither network nor clock, so that recorded evidence can be replayed through it.
template <class Verdict>
class Board : public Judge {
 public:
  using Evidence = typename Verdict::Evidence;
  explicit Board(Verdict verdict) : state_(State{std::move(verdict), {}, {}}) {}

  void SetHooks(Hooks hooks) override {
    state_.With([&](State& s) { s.hooks = std::make_shared<Hooks>(std::move(hooks)); });
  }

  // Announces a look of `eye` that begins now and is over at `deadline`, and returns its begin. What
  // was seen meanwhile waits for it, so that the verdict takes all of it in the order of the ends.
  // An eye need not announce what comes in any order without harm: then bounds are only wider.
  Instant Begin(const std::string& eye, const Deadline& deadline, Instant now = Clock::now()) {
    state_.With([&](State& s) { s.queue.Expect(eye, now, deadline.at()); });
    return now;
  }
  // Posts what a look saw. Now is read here, not as a default argument: a caller's end of the look,
  // read in the same call, would be later, and what ends in the future has to wait.
  void Post(Evidence evidence) { Post(std::move(evidence), Now::Read()); }
  // `now` is an argument for the sake of replays.
  void Post(Evidence evidence, const Now& now) {
    Apply([&](State& s) {
      s.queue.Add(std::move(evidence));
      Settle(s, now);
    }, now);
  }
  void Show(const Now& now, Samples& out) override {
    Apply([&](State& s) { Settle(s, now); s.verdict.Show(now, out); }, now);
  }
  std::vector<Headline> Headlines(const Now& now) override {
    return state_.With([&](State& s) { return s.verdict.Headlines(now); });
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
  struct State {
    Verdict verdict;
    EvidenceQueue<Evidence> queue;
    std::shared_ptr<Hooks> hooks;
  };

  static void Settle(State& s, const Now& now) {
    s.queue.Take(now.at, [&](const Evidence& evidence) { s.verdict.Step(evidence, now); });
  }

  // Changes the state under the lock, then sets in motion what the change asks for without it.
  template <class F>
  void Apply(F&& change, const Now& now) {
    bool poke = false, refresh = false, save = false;
    auto hooks = state_.With([&](State& s) {
      auto before = Marks(s.verdict);
      change(s);
      auto after = Marks(s.verdict);
      poke = before[0] != after[0] || before[3] != after[3];
      refresh = before[1] != after[1];
      save = before[2] != after[2];
      return s.hooks;
    });
    if (!hooks) return;
    if (poke) hooks->poke();
    if (refresh) hooks->refresh();
    if (save) Save(*hooks, now);
  }
  // Another thread may overtake this one with newer facts: the last word must be the newest.
  void Save(const Hooks& hooks, const Now& now) {
    for (std::optional<int> saved;;) {
      auto [revision, facts] = state_.With([&](State& s) {
        int r = s.verdict.facts_revision();
        return std::pair(r, r == saved ? std::string() : s.verdict.Facts(now));
      });
      if (revision == saved) return;
      hooks.save(facts);
      saved = revision;
    }
  }
  static std::array<int, 4> Marks(const Verdict& v) {
    int looks = 0;
    if constexpr (requires { v.looks_revision(); }) looks = v.looks_revision();
    return {static_cast<int>(v.pace()), v.targets_revision(), v.facts_revision(), looks};
  }

  Guarded<State> state_;
};
