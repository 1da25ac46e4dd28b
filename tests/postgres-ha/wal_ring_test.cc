#include "exporters/postgres-ha/wal_ring.h"

#include <gtest/gtest.h>

#include "tests/postgres-ha/replay.h"

namespace {

WalRing Written(const std::vector<std::pair<double, long long>>& samples) {
  WalRing ring;
  for (auto& [at, position] : samples) ring.Add(At(at), position);
  return ring;
}

TEST(WalRing, SaysNothingBeforeTheFirstSample) {
  EXPECT_FALSE(WalRing().LagSeconds(100, At(0)));
}

TEST(WalRing, IdlePrimaryMeansNoLagHoweverOldTheLastCommit) {
  WalRing ring;
  for (int i = 0; i < 4000; ++i) ring.Add(At(i * 0.25), 500);
  EXPECT_EQ(ring.LagSeconds(500, At(1000)), 0);
  EXPECT_LE(ring.size(), 2u);
}

TEST(WalRing, OneWriteAfterIdleCountsFromTheWriteNotFromTheLastCommit) {
  WalRing ring;
  for (int i = 0; i <= 120; ++i) ring.Add(At(i * 0.25), 500);  // idle for 30 s
  ring.Add(At(30.25), 600);
  for (int i = 1; i < 16; ++i) ring.Add(At(30.25 + i * 0.25), 600);
  EXPECT_NEAR(*ring.LagSeconds(500, At(34.1)), 4.0, 0.13);
}

TEST(WalRing, DeadLinkUnderWritesGrows) {
  WalRing ring;
  for (int i = 0; i <= 400; ++i) ring.Add(At(i * 0.25), i * 1000);
  // The standby has what was written up to 80 s, now it is 100 s.
  EXPECT_NEAR(*ring.LagSeconds(320'000, At(100)), 20, 0.13);
}

TEST(WalRing, OlderThanTheRingIsTheLeastItCanBe) {
  WalRing ring;
  ring.Add(At(10), 5000);
  ring.Add(At(11), 6000);
  EXPECT_EQ(ring.LagSeconds(1000, At(30)), 20);
}

TEST(WalRing, ANewPrimaryDropsWhatItNeverGot) {
  WalRing ring;
  ring.Add(At(1), 3000);
  ring.Add(At(2), 5000);
  ring.Rest(At(20));
  ring.Add(At(20.2), 4000);  // the new one has written from 3900 on, the rest is lost
  EXPECT_EQ(ring.last_position(), 4000);
  EXPECT_EQ(ring.LagSeconds(4000, At(30)), 0);
}

TEST(WalRing, WhatANewPrimaryWritesIsNoOlderThanItsPromotion) {
  WalRing ring;
  ring.Add(At(1), 3000);
  ring.Rest(At(20));
  ring.Add(At(20.2), 3100);
  EXPECT_NEAR(*ring.LagSeconds(3000, At(21)), 0.9, 1e-6);
}

TEST(WalRing, KeepsHoursInFourThousandSamplesAndStaysRightWithinItsSpacing) {
  WalRing ring;
  const int n = 4 * 3600 * 4;  // four hours at 250 ms
  for (int i = 0; i < n; ++i) ring.Add(At(i * 0.25), i * 100);
  EXPECT_LE(ring.size(), 4096u);
  double end = (n - 1) * 0.25;
  for (double lag : {0.5, 5.0, 59.0, 300.0, 599.0, 3600.0, 3 * 3600.0}) {
    auto position = static_cast<long long>((end - lag) / 0.25 * 100);
    EXPECT_NEAR(*ring.LagSeconds(position, At(end)), lag, lag > 600 ? 11 : lag > 60 ? 1.3 : 0.3);
  }
}

TEST(WalRing, TellsWhenAPositionWasPassed) {
  WalRing ring = Written({{0, 1000}, {1, 1000}, {2, 1500}, {3, 1500}});
  EXPECT_FALSE(ring.Passed(1500));
  auto passed = ring.Passed(1200);
  ASSERT_TRUE(passed);
  EXPECT_EQ(passed->first, At(1));
  EXPECT_EQ(passed->second, At(2));
  EXPECT_FALSE(ring.BeginsBeyond(1000));
  EXPECT_TRUE(ring.BeginsBeyond(999));
  EXPECT_EQ(ring.Passed(500)->second, At(0));  // at the latest
  EXPECT_EQ(ring.LastAdvance()->second, At(2));
  EXPECT_FALSE(ring.WritesUntilLast());
}

TEST(WalRing, TheEmptyRestOfAFileIsNoPace) {
  const long long file = 16 << 20;
  WalRing ring = Written({{0, 100'000}, {1, 101'000}, {2, file + 200}, {3, file + 1200}});
  EXPECT_EQ(ring.EmptyBeyond(101'000), file - 101'000);
  EXPECT_EQ(ring.EmptyBeyond(file + 300), 0);
  EXPECT_NEAR(ring.BusiestBytesPerSecond(), 1000, 1);
  // Whoever really writes that much is believed.
  WalRing busy = Written({{0, 0}, {1, 9'000'000}, {2, 18'000'000}, {3, 27'000'000}});
  EXPECT_NEAR(busy.BusiestBytesPerSecond(), 9'000'000, 1);
  // An old burst says nothing about now.
  WalRing old = Written({{0, 0}, {1, 900'000}, {100, 900'100}, {101, 900'200}});
  EXPECT_NEAR(old.BusiestBytesPerSecond(), 100, 1);
}

}  // namespace
