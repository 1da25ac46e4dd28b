// The sandwich: when two are proven to hold the role at once, and when not.
#include "common/split_brain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "common/evidence_queue.h"
#include "tests/common/testing/sanitizer.h"
#include "tests/common/testing/seconds.h"

namespace {

struct Role : Look {
  bool active = false;
  std::string identity = "1";
};

Role Seen(const std::string& eye, double begin, double end, bool active) {
  Role r;
  r.eye = eye;
  r.begin = At(begin);
  r.end = At(end);
  r.active = active;
  return r;
}

std::optional<double> Step(SplitBrain& split, const Role& r) {
  return split.Step(r.eye, r.identity, r.active, r.begin, r.end);
}

TEST(SplitBrain, TakesASandwich) {
  SplitBrain split;
  EXPECT_FALSE(Step(split, Seen("a", 0, 1, true)));
  EXPECT_FALSE(Step(split, Seen("b", 2, 3, true)));
  EXPECT_FALSE(split.proven());
  EXPECT_EQ(Step(split, Seen("a", 4, 5, true)), 0);  // b's look lies between two of a's
  EXPECT_TRUE(split.proven());
  EXPECT_DOUBLE_EQ(*Step(split, Seen("b", 6, 7, true)), 2);  // from 2.5, in b's, to 4.5, in a's
  Step(split, Seen("b", 8, 9, false));
  EXPECT_FALSE(split.proven());
}

// A member that could not be looked at, and comes back as what it was: it was active all the while.
TEST(SplitBrain, SilenceBetweenTwoLooksOfOneIncarnationCounts) {
  SplitBrain split;
  Step(split, Seen("a", 0, 1, true));
  split.Silent("a");
  Step(split, Seen("b", 2, 3, true));
  Step(split, Seen("b", 8, 9, true));
  EXPECT_FALSE(split.proven());
  EXPECT_EQ(Step(split, Seen("a", 10, 11, true)), 6);  // from 2.5 to 8.5, in b's
  EXPECT_TRUE(split.proven());
  split.Silent("a");
  EXPECT_FALSE(split.proven());
  EXPECT_FALSE(Step(split, Seen("b", 12, 13, true)));
  EXPECT_EQ(Step(split, Seen("a", 14, 15, true)), 4);
  split.Silent("a");
  split.Forget("a");
  EXPECT_FALSE(Step(split, Seen("b", 16, 17, true)));
  EXPECT_FALSE(Step(split, Seen("a", 18, 19, true)));
}

TEST(SplitBrain, NeedsTheSameIncarnationOnBothSides) {
  SplitBrain split;
  Step(split, Seen("a", 0, 1, true));
  Step(split, Seen("b", 2, 3, true));
  Role restarted = Seen("a", 4, 5, true);
  restarted.identity = "2";
  EXPECT_FALSE(Step(split, restarted));
}

TEST(SplitBrain, OverlappingLooksAreNoSandwich) {
  SplitBrain split;
  Step(split, Seen("a", 0, 2, true));
  Step(split, Seen("b", 1, 3, true));
  EXPECT_FALSE(Step(split, Seen("a", 2, 4, true)));
}

// Members that hand the role over, one after the other, with looks that begin whenever they like, take
// as long as they like, see the role at some moment in between and are posted in any order.
TEST(SplitBrain, CleanSwitchoversRaiseNoneInTenThousandInterleavings) {
  std::mt19937 random(11);
  auto uniform = [&](double a, double b) { return std::uniform_real_distribution(a, b)(random); };
  const int runs = 10'000 / kSlower;
  int two_active = 0;
  for (int run = 0; run < runs; ++run) {
    std::vector<std::pair<double, std::string>> holders;  // from when on
    for (double t = 0; t < 12; t += uniform(0.0, 3.0))
      holders.emplace_back(t, std::string(1, "abc"[random() % 3]));
    // Who holds the role again is another incarnation: its server was restarted or promoted.
    auto see = [&](const std::string& who, double begin, double took) {
      double at = uniform(begin, begin + took);
      auto next = std::upper_bound(holders.begin(), holders.end(), at,
                                   [](double t, auto& h) { return t < h.first; });
      Role role = Seen(who, begin, begin + took, std::prev(next)->second == who);
      role.identity = std::to_string(std::prev(next)->first);
      return role;
    };
    std::vector<Role> looks;
    for (std::string who : {"a", "b", "c"})
      for (double t = uniform(0, 0.3); t < 12;) {
        double took = random() % 8 ? uniform(0, 0.02) : uniform(0, 0.5);
        looks.push_back(see(who, t, took));
        t += took + uniform(0, 0.25);
      }
    std::sort(looks.begin(), looks.end(), [](auto& x, auto& y) { return x.end < y.end; });
    SplitBrain split;
    for (std::size_t i = 0; i < looks.size(); ++i) {
      if (i && looks[i].active && looks[i - 1].active && looks[i].eye != looks[i - 1].eye)
        ++two_active;
      ASSERT_FALSE(Step(split, looks[i])) << "run " << run;
    }
  }
  EXPECT_GT(two_active, runs / 10);  // sequential sampling would have cried wolf
}

// The same with two that do hold it at once for a while: the seconds are those.
TEST(SplitBrain, CountsTheSecondsOfARealOne) {
  std::mt19937 random(12);
  auto uniform = [&](double a, double b) { return std::uniform_real_distribution(a, b)(random); };
  for (int run = 0; run < 500; ++run) {
    double from = uniform(5, 6), to = from + uniform(2, 10);
    std::vector<Role> looks;
    for (std::string who : {"a", "b"})
      for (double t = uniform(0, 0.1); t < 20; t += uniform(0.08, 0.12)) {
        double took = uniform(0, 0.01), at = uniform(t, t + took);
        looks.push_back(Seen(who, t, t + took, who == "a" ? at < to : at >= from));
      }
    std::sort(looks.begin(), looks.end(), [](auto& x, auto& y) { return x.end < y.end; });
    SplitBrain split;
    double seconds = 0;
    for (auto& look : looks) seconds += Step(split, look).value_or(0);
    EXPECT_NEAR(seconds, to - from, 0.4);
    EXPECT_LE(seconds, to - from);
  }
}

}  // namespace
