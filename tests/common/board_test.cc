#include "common/board.h"

#include <algorithm>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "tests/common/testing/sanitizer.h"
#include "tests/common/testing/seconds.h"

namespace {

const Metric kSteps("test_board_steps", Type::kGauge, "Steps of the verdict.");

// A verdict that remembers what it was given, and turns as the evidence tells it to.
struct Recorder {
  struct Evidence : Look {
    Pace pace = Pace::kCalm;
    int targets = 0, facts = 0, looks = 0;
  };
  void Step(const Evidence& e, const Now&) {
    steps.push_back(e);
    last = e;
  }
  void Show(const Now&, Samples& out) const { out.Add(kSteps, static_cast<double>(steps.size())); }
  Pace pace() const { return last.pace; }
  int targets_revision() const { return last.targets; }
  int facts_revision() const { return last.facts; }
  std::string Facts(const Now&) const { return "facts " + std::to_string(last.facts); }
  absl::Status Restore(const std::string& facts, const Now&) {
    restored = facts;
    return absl::OkStatus();
  }
  std::vector<Headline> Headlines(const Now&) const { return {{"s", "a", true, "h", 0, false}}; }
  std::vector<Story> Stories() const { return {{1, "once upon a time"}}; }

  std::vector<Evidence> steps;
  Evidence last;
  std::string restored;
};
using TestBoard = Board<Recorder>;

Recorder::Evidence Seen(const std::string& eye, double begin, double end) {
  Recorder::Evidence e;
  e.eye = eye, e.begin = At(begin), e.end = At(end);
  return e;
}

Now NowAt(double seconds) { return {At(seconds), 1e9 + seconds}; }

using Order = std::vector<std::tuple<double, double, std::string>>;  // end, begin, eye

Order OrderOf(TestBoard& board) {
  return board.With([](const Recorder& r) {
    Order order;
    for (auto& e : r.steps) order.emplace_back(Since0(e.end), Since0(e.begin), e.eye);
    return order;
  });
}

TEST(Board, WaitsForLooksThatBeganBefore) {
  TestBoard board{Recorder()};
  board.Begin("a", Deadline(At(1.5)), At(1));
  board.Begin("b", Deadline(At(1.6)), At(1.1));
  board.Post(Seen("b", 1.1, 1.2), NowAt(1.2));
  EXPECT_TRUE(OrderOf(board).empty());  // a may still tell of something before 1.2
  board.Post(Seen("a", 1, 1.15), NowAt(1.3));
  EXPECT_EQ(OrderOf(board), (Order{{1.15, 1, "a"}, {1.2, 1.1, "b"}}));
}

TEST(Board, WaitsNoLongerThanTheDeadlineOfALook) {
  TestBoard board{Recorder()};
  board.Begin("a", Deadline(At(1.5)), At(1));
  board.Begin("b", Deadline(At(1.6)), At(1.1));
  board.Post(Seen("b", 1.1, 1.2), NowAt(1.2));
  Samples out;
  board.Show(NowAt(1.4), out);
  EXPECT_TRUE(OrderOf(board).empty());
  board.Show(NowAt(1.5), out);
  EXPECT_EQ(OrderOf(board).size(), 1u);
}

TEST(Board, TakesWhatComesTooLateForANewerLook) {
  TestBoard board{Recorder()};
  board.Begin("a", Deadline(At(1.5)), At(1));
  board.Post(Seen("b", 1.1, 1.55), NowAt(1.56));
  board.Post(Seen("a", 1, 1.52), NowAt(1.57));
  EXPECT_EQ(OrderOf(board), (Order{{1.55, 1.1, "b"}, {1.55, 1, "a"}}));
}

TEST(Board, ALookThatNeverEndsHoldsNothingUpForEver) {
  TestBoard board{Recorder()};
  board.Begin("a", Deadline(At(1.5)), At(1));
  for (int i = 2; i < 10; ++i) board.Post(Seen("b", i, i + 0.1), NowAt(i + 0.1));
  EXPECT_EQ(OrderOf(board).size(), 8u);
}

struct TimedLook {
  std::string eye;
  double begin, end, deadline, next;  // next: begin of the eye's next look
};

std::vector<TimedLook> RandomLooks(std::mt19937_64& random) {
  auto between = [&](double a, double b) {
    return std::uniform_real_distribution<double>(a, b)(random);
  };
  std::vector<TimedLook> looks;
  for (std::string eye : {"a", "b", "c", "d"}) {
    for (double t = between(0, 0.3); t < 3;) {
      double end = t + between(0.001, random() % 3 ? 0.02 : 0.4);
      double next = end + between(0.001, 0.3);
      looks.push_back({eye, t, end, t + 0.5, next});
      t = next;
    }
  }
  return looks;
}

// Lets every look begin when it began, and arrive at some time after its end: before the eye's next
// look and before its own deadline.
Order OrderWithRandomArrivals(const std::vector<TimedLook>& looks, std::mt19937_64& random) {
  TestBoard board{Recorder()};
  std::vector<std::tuple<double, bool, const TimedLook*>> events;
  for (auto& look : looks) {
    double latest = std::min(look.next, look.deadline) - 1e-6;
    double arrival = std::uniform_real_distribution<double>(look.end, latest)(random);
    events.emplace_back(look.begin, false, &look);
    events.emplace_back(random() % 2 ? arrival : look.end, true, &look);
  }
  std::sort(events.begin(), events.end());
  for (auto& [at, arrives, look] : events) {
    if (arrives) board.Post(Seen(look->eye, look->begin, look->end), NowAt(at));
    else board.Begin(look->eye, Deadline(At(look->deadline)), At(at));
  }
  Samples out;
  board.Show(NowAt(1000), out);
  return OrderOf(board);
}

TEST(Board, OrderOfStepsDoesNotDependOnArrival) {
  std::mt19937_64 random(1);
  for (int run = 0; run < 300 / kSlower; ++run) {
    auto looks = RandomLooks(random);
    Order expected;
    for (auto& l : looks) expected.emplace_back(Since0(At(l.end)), Since0(At(l.begin)), l.eye);
    std::sort(expected.begin(), expected.end());
    for (int i = 0; i < 20; ++i) ASSERT_EQ(OrderWithRandomArrivals(looks, random), expected);
  }
}

TEST(Board, CallsItsHooksWhenTheVerdictTurns) {
  TestBoard board{Recorder()};
  int pokes = 0, refreshes = 0;
  std::vector<std::string> saved;
  board.SetHooks({[&] { ++pokes; }, [&] { ++refreshes; },
                  [&](std::string facts) { saved.push_back(std::move(facts)); }});
  auto evidence = Seen("a", 1, 2);
  board.Post(evidence, NowAt(2));
  EXPECT_EQ(pokes + refreshes + static_cast<int>(saved.size()), 0);
  evidence.pace = Pace::kFast;
  board.Post(evidence, NowAt(2));
  EXPECT_EQ(pokes, 1);
  evidence.targets = 1;
  board.Post(evidence, NowAt(2));
  EXPECT_EQ(pokes, 1);
  EXPECT_EQ(refreshes, 1);
  evidence.facts = 7;
  board.Post(evidence, NowAt(2));
  EXPECT_EQ(saved, std::vector<std::string>{"facts 7"});
  evidence.pace = Pace::kCalm;
  board.Post(evidence, NowAt(2));
  EXPECT_EQ(pokes, 2);
}

// A verdict need not have it.
struct Curious : Recorder {
  int looks_revision() const { return last.looks; }
};

TEST(Board, PokesWhenTheVerdictAsksForLooks) {
  Board<Curious> board{Curious()};
  int pokes = 0;
  board.SetHooks({[&] { ++pokes; }, [] {}, [](const std::string&) {}});
  auto evidence = Seen("a", 1, 2);
  for (int looks : {0, 1, 1, 2}) {
    evidence.looks = looks;
    board.Post(evidence, NowAt(2));
    EXPECT_EQ(pokes, looks);
  }
}

TEST(Board, AShowMaySetThingsInMotionToo) {
  TestBoard board{Recorder()};
  int pokes = 0;
  board.SetHooks({.poke = [&] { ++pokes; }, .refresh = [] {}, .save = [](std::string) {}});
  board.Begin("a", Deadline(At(1.5)), At(1));
  auto evidence = Seen("b", 1.1, 1.2);
  evidence.pace = Pace::kFast;
  board.Post(evidence, NowAt(1.2));
  EXPECT_EQ(pokes, 0);
  Samples out;
  board.Show(NowAt(2), out);
  EXPECT_EQ(pokes, 1);
  EXPECT_EQ(out.of(kSteps), "test_board_steps 1\n");
}

TEST(Board, HoldsNoLockWhileItCallsAHook) {
  TestBoard board{Recorder()};
  int depth = 0;
  auto again = [&] {
    if (++depth > 3) return;
    board.Begin("hook", Deadline(At(9)), At(3));
    auto evidence = Seen("hook", 3, 3 + depth);
    evidence.pace = depth % 2 ? Pace::kCalm : Pace::kFast;
    evidence.targets = evidence.facts = depth;
    board.Post(evidence, NowAt(3 + depth));
    board.With([](const Recorder&) {});
  };
  board.SetHooks({again, again, [&](std::string) { again(); }});
  auto evidence = Seen("a", 1, 2);
  evidence.pace = Pace::kFast;
  board.Post(evidence, NowAt(2));
  EXPECT_EQ(OrderOf(board).size(), 4u);
}

// One thread saves facts slowly, another one overtakes it with newer ones: those must be the last.
TEST(Board, SavesTheNewestFactsLast) {
  TestBoard board{Recorder()};
  std::vector<std::string> saved;
  auto post = [&](int facts) {
    auto evidence = Seen("a", facts, facts + 1);
    evidence.facts = facts;
    board.Post(evidence, NowAt(facts + 1));
  };
  board.SetHooks({.poke = [] {}, .refresh = [] {}, .save = [&](std::string facts) {
                    if (facts == "facts 1") post(2);  // what the other thread does meanwhile
                    saved.push_back(std::move(facts));
                  }});
  post(1);
  EXPECT_EQ(saved, (std::vector<std::string>{"facts 2", "facts 1", "facts 2"}));
}

TEST(Board, PassesFactsAndStories) {
  TestBoard board{Recorder()};
  EXPECT_TRUE(board.Restore("old facts", NowAt(1)).ok());
  EXPECT_EQ(board.With([](const Recorder& r) { return r.restored; }), "old facts");
  ASSERT_EQ(board.Headlines({}).size(), 1u);
  ASSERT_EQ(board.Stories().size(), 1u);
}

// The real clock and real threads: whatever the scheduler does, steps come in the order of ends.
TEST(Board, KeepsTheOrderOfManyThreads) {
  TestBoard board{Recorder()};
  board.SetHooks({});
  constexpr int kEyes = 6, kLooks = 2'000;
  std::vector<std::thread> eyes;
  for (int n = 0; n < kEyes; ++n) {
    eyes.emplace_back([&board, eye = std::to_string(n)] {
      for (int i = 0; i < kLooks; ++i) {
        Recorder::Evidence e;
        e.eye = eye;
        e.begin = board.Begin(eye, Deadline::In(std::chrono::minutes(1)));
        e.end = Clock::now();
        if (i % 7 == 0) std::this_thread::yield();
        board.Post(e);
      }
    });
  }
  Samples out;
  for (int i = 0; i < 200; ++i) board.Show(Now::Read(), out);
  for (auto& eye : eyes) eye.join();
  auto order = OrderOf(board);
  EXPECT_EQ(order.size(), static_cast<std::size_t>(kEyes * kLooks));
  auto by_end = [](auto& a, auto& b) { return std::get<0>(a) < std::get<0>(b); };
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end(), by_end));
}

}  // namespace
