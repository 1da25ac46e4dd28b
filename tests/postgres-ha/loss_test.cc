// What a change of leader cost: from positions and times to bounds.
#include "exporters/postgres-ha/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/postgres-ha/replay.h"

namespace {

// A leader that wrote `rate` bytes a second from 1,000,000 at 0, looked at every 250 ms until `until`,
// and killed 100 ms later.
FormerLeader Killed(double rate, double until, double from = 0) {
  FormerLeader d;
  for (double t = 0; t <= until + 1e-9; t += 0.25)
    d.written.Add(At(t), 1'000'000 + static_cast<long long>(rate * std::max(0.0, t - from)));
  d.last_begin = d.last_end = At(until);
  d.stopped_begin = d.stopped_end = At(until + 0.1);
  return d;
}

TEST(Loss, IsWhatLiesBetweenTheForkAndTheEnd) {
  // 1,000 bytes a second until 60.1, replicated up to 58.
  Loss loss = LossOf(Killed(1000, 60), {1'058'000, 1'058'000});
  EXPECT_EQ(loss.low_bytes, 2000);
  EXPECT_NEAR(*loss.bytes, 2100, 1);
  EXPECT_GT(*loss.high_bytes, 2100);
  EXPECT_LT(*loss.high_bytes, 20'000);
  EXPECT_NEAR(*loss.seconds, 2.1, 0.15);
  EXPECT_LE(*loss.low_seconds, 2.1);
  EXPECT_GE(*loss.high_seconds, 2.1);
  EXPECT_LE(*loss.high_seconds - *loss.low_seconds, 0.8);
}

TEST(Loss, OfOneThatHadAllWeSawIsAtMostWhatWeDidNotSee) {
  Loss loss = LossOf(Killed(1000, 60), {1'060'050, 1'060'050});
  EXPECT_EQ(loss.low_bytes, 0);
  EXPECT_EQ(loss.bytes, 0);
  EXPECT_GT(*loss.high_bytes, 0);
  EXPECT_EQ(loss.low_seconds, 0);
  EXPECT_EQ(loss.seconds, 0);
  EXPECT_NEAR(*loss.high_seconds, 0.1, 0.01);
}

TEST(Loss, OfAnIdleLeaderCountsWorkNotSilence) {
  FormerLeader idle = Killed(0, 60);
  EXPECT_EQ(LossOf(idle, {1'000'000, 1'000'000}).seconds, 0);
  // It wrote from 10 to 12 and rested; nothing after 11 was replicated.
  FormerLeader rested;
  for (double t = 0; t <= 60; t += 0.25)
    rested.written.Add(At(t), 1'000'000 + static_cast<long long>(1000 * std::clamp(t - 10, 0., 2.)));
  rested.last_begin = rested.last_end = At(60);
  rested.stopped_begin = rested.stopped_end = At(60.1);
  Loss loss = LossOf(rested, {1'001'000, 1'001'000});
  EXPECT_EQ(loss.low_bytes, 1000);
  EXPECT_EQ(loss.bytes, 1000);
  EXPECT_NEAR(*loss.seconds, 1, 0.3);
}

TEST(Loss, AfterAGoodbyeIsNothingUnlessPositionsProveIt) {
  FormerLeader d = Killed(1000, 60);
  d.goodbye = true;
  for (Range fork : {Range{1'060'100, 1'060'100}, Range{1'059'000, 1'060'100}}) {
    Loss loss = LossOf(d, fork);
    EXPECT_EQ(loss.bytes, 0);
    EXPECT_EQ(loss.high_bytes, 0);
    EXPECT_EQ(loss.seconds, 0);
    EXPECT_EQ(loss.high_seconds, 0);
  }
  EXPECT_EQ(LossOf(d, {1'058'000, 1'058'000}).low_bytes, 2000);
}

// The site that came back has more than was ever replicated: all it writes from then on is lost too.
TEST(Loss, OfARunThatBeginsBeyondTheForkIsAllOfIt) {
  FormerLeader d = Killed(1000, 20);
  d.whole = true;
  Loss loss = LossOf(d, {999'000, 999'000});
  EXPECT_NEAR(*loss.seconds, 20.1, 0.3);
  EXPECT_LE(*loss.low_seconds, 20.1);
  EXPECT_GE(*loss.high_seconds, 20.1);
  // Who was only watched since then may have lost more.
  d.whole = false;
  EXPECT_FALSE(LossOf(d, {999'000, 999'000}).high_seconds);
  EXPECT_GT(*LossOf(d, {999'000, 999'000}).low_seconds, 19);
}

TEST(Loss, OfNobodyIsUnknown) {
  Loss loss = LossOf(FormerLeader(), {1, 1});
  EXPECT_FALSE(loss.bytes || loss.seconds || loss.high_bytes || loss.low_seconds);
}

// A leader that writes in bursts, a standby that is behind by some time, looks that take their time:
// the bounds hold.
TEST(Loss, BoundsHoldInTenThousandRandomDeaths) {
  std::mt19937 random(7);
  auto uniform = [&](double a, double b) { return std::uniform_real_distribution(a, b)(random); };
  for (int run = 0; run < 10'000; ++run) {
    double death = uniform(20, 30), lag = uniform(0, 5), rate = uniform(100, 100'000);
    auto written = [&](double t) { return 1'000'000 + static_cast<long long>(rate * t); };
    FormerLeader d;
    double t = uniform(0, 0.25), took = 0;
    for (; ; t += 0.25) {
      took = uniform(0.001, 0.02);
      double read = uniform(t, t + took);
      if (read > death) break;
      d.written.Add(At(t + took / 2), written(read));
      d.last_begin = At(t), d.last_end = At(t + took);
    }
    double noticed = std::max(death, Seconds(d.last_end - At(0))) + uniform(0, 0.01);
    d.stopped_begin = At(noticed), d.stopped_end = At(noticed + 0.001);
    long long fork = written(std::max(0.0, death - lag));
    Loss loss = LossOf(d, {fork - static_cast<long long>(uniform(0, rate / 10)),
                           fork + static_cast<long long>(uniform(0, rate / 10))});
    double bytes = static_cast<double>(written(death) - fork);
    ASSERT_LE(*loss.low_bytes, bytes) << run;
    ASSERT_GE(*loss.high_bytes, bytes) << run;
    ASSERT_LE(*loss.low_seconds, lag) << run;
    ASSERT_GE(*loss.high_seconds, lag) << run;
    ASSERT_NEAR(*loss.seconds, lag, 0.4) << run;
  }
}

TEST(TimelineEnds, HistoryNarrowsWhatLooksHaveBounded) {
  TimelineEnds ends;
  EXPECT_FALSE(ends.Of(1));
  ends.Learn({{1, 100, {}, ""}});
  EXPECT_TRUE(ends.Of(1)->exact());
  // The number is used again: what history said before is of another attempt.
  ends.Saw(1, {500, 600});
  EXPECT_EQ(ends.Of(1)->low, 500);
  ends.Learn({{1, 100, {}, ""}});
  EXPECT_FALSE(ends.Of(1)->exact());
  ends.Learn({{1, 550, {}, ""}});
  EXPECT_EQ(ends.Of(1)->middle(), 550);
  EXPECT_TRUE(ends.Of(1)->exact());
}

}  // namespace
