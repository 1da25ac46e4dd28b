#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "common/outage.h"
#include "tests/common/testing/sanitizer.h"
#include "tests/common/testing/seconds.h"

// Simulated truth and random looks at it: the truth must lie within the bounds, every time.

namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  double Between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
  int Pick(int n) { return static_cast<int>(engine_() % static_cast<unsigned>(n)); }
  bool Chance(double p) { return Between(0, 1) < p; }

 private:
  std::mt19937_64 engine_;
};

// When the service was down.
struct Down {
  double from, to;
};

bool IsUp(const std::vector<Down>& downs, double t) {
  return std::none_of(downs.begin(), downs.end(), [&](auto& d) { return d.from <= t && t < d.to; });
}

// One look that begins at `begin`. The answer tells the state at one moment within the look; a
// service that is down may let it run into its deadline, and our own faults make it void.
Attempt LookAt(const std::vector<Down>& downs, double begin, Random& random) {
  double length = random.Chance(0.1) ? random.Between(0, 0.5) : random.Between(0.0001, 0.02);
  double moment = begin + random.Between(0, length);
  bool up = IsUp(downs, moment);
  if (!up && random.Chance(0.4)) length = 0.5;
  Result result = random.Chance(0.05) ? Result::kVoid : up ? Result::kOk : Result::kFail;
  return {result, At(begin), At(begin + length)};
}

// The looks of one eye from `begin` to `end`: a cadence, some jitter, now and then a gap.
std::vector<Attempt> Looks(const std::vector<Down>& downs, double begin, double end,
                           Random& random) {
  double cadence = random.Between(0.01, 1);
  std::vector<Attempt> looks;
  for (double t = begin + random.Between(0, cadence); t < end;) {
    looks.push_back(LookAt(downs, t, random));
    t = std::max(t + cadence * random.Between(0.5, 1.5), Since0(looks.back().end));
    if (random.Chance(0.01)) t += random.Between(0, 5);
  }
  return looks;
}

void ExpectConsistent(const Outage& o) {
  double low = o.LowSeconds(), high = o.HighSeconds().value(), mid = o.MidSeconds().value();
  ASSERT_LE(low, mid + 1e-9);
  ASSERT_LE(mid, high + 1e-9);
  ASSERT_NEAR(mid, Seconds(o.End() - o.Start()), 1e-6);
  // Unclipped, the low bound may be negative; mid is the middle of the two as they are.
  ASSERT_NEAR(mid, (Seconds(o.last_fail - o.first_fail) + high) / 2, 1e-6);
  ASSERT_TRUE(low == 0 || std::abs(mid - (low + high) / 2) < 1e-6);
}

bool Contains(Instant low, Instant high, double t) { return low <= At(t) && At(t) <= high; }

constexpr int kOutages = 100'000 / kSlower;

TEST(OutageBounds, ContainTheTruthInAHundredThousandOutages) {
  Random random(1);
  int outages = 0, runs = 0;
  for (; outages < kOutages && runs < 4 * kOutages; ++runs) {
    double from = random.Between(3, 6), length = random.Chance(0.3) ? 0.05 : random.Between(0, 5);
    std::vector<Down> downs = {{from, from + length}};
    OutageWatch watch(1 + random.Pick(3), 1 + random.Pick(3));
    for (auto& look : Looks(downs, 0, from + length + 30, random)) {
      auto closed = watch.Step(look).closed;
      if (!closed || !closed->last_ok) continue;
      ++outages;
      ASSERT_TRUE(Contains(*closed->last_ok, closed->first_fail, from)) << "run " << runs;
      ASSERT_TRUE(Contains(closed->last_fail, *closed->first_ok, from + length)) << "run " << runs;
      ASSERT_LE(closed->LowSeconds(), length + 1e-6) << "run " << runs;
      ASSERT_GE(*closed->HighSeconds(), length - 1e-6) << "run " << runs;
      ASSERT_NO_FATAL_FAILURE(ExpectConsistent(*closed)) << "run " << runs;
    }
    ASSERT_EQ(watch.state(), OutageWatch::State::kUp) << "run " << runs;
  }
  EXPECT_GE(outages, kOutages);
}

// A service that comes and goes: what is taken for one outage may hold short good times, but it
// begins with a true fall and ends with a true rise.
TEST(OutageBounds, HoldATrueFallAndATrueRiseOfAFlappingService) {
  Random random(2);
  int outages = 0;
  for (int run = 0; run < 5'000; ++run) {
    std::vector<Down> downs;
    double t = 2;
    while (t < 30) {
      double up = random.Between(0, 2), down = random.Between(0, 2);
      downs.push_back({t + up, t + up + down});
      t += up + down;
    }
    OutageWatch watch(1 + random.Pick(3), 1 + random.Pick(3));
    for (auto& look : Looks(downs, 0, 45, random)) {
      auto closed = watch.Step(look).closed;
      if (!closed || !closed->last_ok) continue;
      ++outages;
      ASSERT_TRUE(std::any_of(downs.begin(), downs.end(), [&](auto& d) {
        return Contains(*closed->last_ok, closed->first_fail, d.from);
      })) << "run " << run;
      ASSERT_TRUE(std::any_of(downs.begin(), downs.end(), [&](auto& d) {
        return Contains(closed->last_fail, *closed->first_ok, d.to);
      })) << "run " << run;
    }
  }
  EXPECT_GT(outages, 5'000);
}

// The truth of a group: who holds the role from when to when. Nobody does in between.
struct Reign {
  int member;
  double from, to;
};

std::vector<Reign> Reigns(int members, double end, Random& random) {
  std::vector<Reign> reigns;
  for (double t = -1; t < end;) {
    double to = t + random.Between(0.2, 8);
    reigns.push_back({random.Pick(members), t, to});
    t = to + random.Between(0.001, random.Chance(0.5) ? 0.2 : 4);
  }
  return reigns;
}

struct MemberLook {
  std::string eye;
  Attempt look;
};

// The looks at all members, in the order of their ends.
std::vector<MemberLook> GroupLooks(const std::vector<Reign>& reigns, int members, Random& random) {
  std::vector<MemberLook> looks;
  for (int m = 0; m < members; ++m) {
    std::vector<Down> downs;
    double free = -2;
    for (auto& reign : reigns) {
      if (reign.member != m) continue;
      downs.push_back({free, reign.from});
      free = reign.to;
    }
    downs.push_back({free, 1e6});
    for (auto& look : Looks(downs, 0, 30, random)) looks.push_back({std::to_string(m), look});
  }
  std::sort(looks.begin(), looks.end(), [](auto& a, auto& b) { return a.look.end < b.look.end; });
  return looks;
}

std::set<std::string> Eyes(int members) {
  std::set<std::string> eyes;
  for (int m = 0; m < members; ++m) eyes.insert(std::to_string(m));
  return eyes;
}

TEST(SweepProperty, NeverFailsWhileOneHeldTheRoleThroughout) {
  Random random(3);
  int fails = 0;
  for (int run = 0; run < 3'000; ++run) {
    int members = 1 + random.Pick(4);
    auto reigns = Reigns(members, 30, random);
    Sweep sweep;
    sweep.SetCandidates(Eyes(members));
    for (auto& [eye, look] : GroupLooks(reigns, members, random)) {
      auto attempt = sweep.Add(eye, look);
      if (!attempt || attempt->result != Result::kFail) continue;
      ++fails;
      for (auto& reign : reigns)
        ASSERT_FALSE(At(reign.from) <= attempt->begin && attempt->end <= At(reign.to)) << run;
    }
  }
  EXPECT_GT(fails, 3'000);
}

// Of some groups only the first member is a candidate, and whoever was seen to hold the role.
TEST(SweepProperty, OutagesOfAGroupHoldATrueFallAndATrueRise) {
  Random random(4);
  int outages = 0;
  for (int run = 0; run < 5'000; ++run) {
    int members = 1 + random.Pick(4);
    auto reigns = Reigns(members, 30, random);
    Sweep sweep;
    auto candidates = Eyes(run % 2 ? members : 1);
    OutageWatch watch(1 + random.Pick(3), 1 + random.Pick(3));
    for (auto& [eye, look] : GroupLooks(reigns, members, random)) {
      if (look.result == Result::kOk) candidates.insert(eye);
      sweep.SetCandidates(candidates);
      auto attempt = sweep.Add(eye, look);
      if (!attempt) continue;
      auto closed = watch.Step(*attempt).closed;
      if (!closed || !closed->last_ok) continue;
      ++outages;
      ASSERT_TRUE(std::any_of(reigns.begin(), reigns.end(), [&](auto& r) {
        return Contains(*closed->last_ok, closed->first_fail, r.to);
      })) << "run " << run;
      ASSERT_TRUE(std::any_of(reigns.begin(), reigns.end(), [&](auto& r) {
        return Contains(closed->last_fail, *closed->first_ok, r.from);
      })) << "run " << run;
    }
  }
  EXPECT_GT(outages, 5'000);
}

}  // namespace
