#include "exporters/postgres-ha/clock_offset.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/postgres-ha/replay.h"

namespace {

// An exchange that began at `at`; the other clock is `ahead`, read after `there` seconds.
void Exchange(ClockOffset& clock, double at, double ahead, double there, double back) {
  clock.Add(kOrigin + at + there + ahead, NowAt(at), NowAt(at + there + back));
}

TEST(ClockOffset, IsUnknownWithoutAnExchange) {
  ClockOffset clock;
  EXPECT_EQ(clock.seconds(), std::nullopt);
  Exchange(clock, 0, 3, 0.001, 0.001);
  EXPECT_NEAR(*clock.seconds(), 3, 1e-6);
  clock.Forget();
  EXPECT_EQ(clock.seconds(), std::nullopt);
}

TEST(ClockOffset, EqualWaysGiveItExactlyAndUnequalOnesWithinHalfTheExchange) {
  for (auto [ahead, there, back, expected] :
       {std::tuple(0.0, 0.01, 0.01, 0.0), {-2.5, 0.2, 0.2, -2.5}, {7.0, 0.0, 0.0, 7.0},
        {1.0, 0.3, 0.1, 1.1}, {1.0, 0.0, 0.4, 0.8}}) {
    ClockOffset clock;
    Exchange(clock, 0, ahead, there, back);
    EXPECT_NEAR(*clock.seconds(), expected, 1e-6);
  }
}

TEST(ClockOffset, TheShortestOfTheLastSixteenCounts) {
  ClockOffset clock;
  Exchange(clock, 0, 1, 0.001, 0.001);
  for (int i = 1; i < 16; ++i) Exchange(clock, i, 2, 0.1, 0.1);
  EXPECT_NEAR(*clock.seconds(), 1, 1e-6);  // the first is the 16th last
  Exchange(clock, 16, 2, 0.1, 0.1);
  EXPECT_NEAR(*clock.seconds(), 2, 1e-6);
}

TEST(ClockOffset, AnExchangeCountsForAMinute) {
  ClockOffset clock;
  Exchange(clock, 0, 1, 0.001, 0.001);
  Exchange(clock, 60, 2, 0, 0.002);
  EXPECT_NEAR(*clock.seconds(), 1, 1e-6);
  Exchange(clock, 60.1, 2, 0.1, 0.1);
  EXPECT_NEAR(*clock.seconds(), 1.999, 1e-6);  // read at its very begin
  Exchange(clock, 3600, 5, 0.1, 0.1);
  EXPECT_NEAR(*clock.seconds(), 5, 1e-6);
}

// Our own wall clock is set back by an hour while the answer is under way.
TEST(ClockOffset, IsAgainstOurClockAsItStandsNow) {
  ClockOffset clock;
  Now sent = NowAt(0), received = NowAt(0.2);
  received.unix_seconds -= 3600;
  clock.Add(kOrigin + 0.1, sent, received);
  EXPECT_NEAR(*clock.seconds(), 3600, 1e-6);
}

TEST(ClockOffset, IsNeverWrongByMoreThanHalfTheShortestExchange) {
  std::mt19937 random(1);
  std::exponential_distribution<double> way(100);
  for (int run = 0; run < 10'000; ++run) {
    ClockOffset clock;
    double shortest = 1e9;
    for (int i = 0; i < 16; ++i) {
      double there = way(random), back = way(random);
      Exchange(clock, i, -4, there, back);
      shortest = std::min(shortest, there + back);
    }
    ASSERT_LE(std::abs(*clock.seconds() + 4), shortest / 2 + 1e-6) << run;
  }
}

// On the page it is of the newest look at a member, and goes with it.
TEST(ClockOffset, IsShownOfMembersThatAnswer) {
  const std::string name = "postgres_ha_clock_offset_seconds{";
  DataSet set(TwoSites());
  auto page = [&](double at) {
    Samples samples;
    set.Show(NowAt(at), samples);
    return RenderPage({&samples}, Format::kText);
  };
  SqlLook look = Primary(1000);
  set.Step(SqlEvidence("pg2", 0, 0.01, look), NowAt(0));
  EXPECT_EQ(page(0.1).find(name), std::string::npos);  // it did not tell
  look.clock_offset_seconds = -0.75;
  set.Step(SqlEvidence("pg1", 0.2, 0.01, look), NowAt(0.2));
  EXPECT_NE(page(0.3).find(name + "pg_cluster=\"sentinel\",target_site=\"on-premise\","
                                  "member=\"pg1\"} -0.75\n"),
            std::string::npos);
  EXPECT_EQ(page(30).find(name), std::string::npos);  // nobody looked since
  set.Step(SqlEvidence("pg1", 30, 0.01, look), NowAt(30));
  EXPECT_NE(page(30.1).find(name), std::string::npos);
  set.Step(SqlEvidence("pg1", 31, 0.01, Failed(Answer::kTimeout)), NowAt(31));
  EXPECT_EQ(page(31.1).find(name), std::string::npos);
}

}  // namespace
