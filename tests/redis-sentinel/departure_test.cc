#include "exporters/redis-sentinel/departure.h"

#include <gtest/gtest.h>

#include "tests/redis-sentinel/replay.h"

namespace {

Info Wrote(long long offset, long long changes, long long saved = 1) {
  Info info = MasterInfo(offset, "old");
  info.unsaved_changes = changes;
  info.rdb_last_save_unix = saved;
  return info;
}

Info Successor(long long has_up_to) {
  Info info = MasterInfo(has_up_to + 10, "new");
  info.second_replication_id = "old";
  info.second_offset_bytes = has_up_to + 1;
  return info;
}

// An old master that wrote 10 changes and 1,000 bytes a second until 1.
Departure Departed() {
  WriteMarks marks;
  for (int i = 0; i <= 5; ++i) {
    double at = 0.2 * i;
    Remember(Wrote(200 * i, 2 * i), At(at), At(at + 0.01), marks);
  }
  return Departure("10.0.0.1:6379", marks);
}

TEST(Departure, NothingIsKnownBeforeTheFork) {
  Departure d = Departed();
  EXPECT_FALSE(d.known());
  EXPECT_FALSE(d.loss().low_bytes);
  EXPECT_FALSE(d.Succeeded(MasterInfo(1000, "new")));
  Info other = Successor(900);
  other.second_replication_id = "another";
  EXPECT_FALSE(d.Succeeded(other));
  EXPECT_TRUE(d.Succeeded(Successor(900)));
  EXPECT_FALSE(d.Succeeded(Successor(900)));
}

TEST(Departure, ExactWhileTheOldMasterAnswers) {
  Departure d = Departed();
  d.Succeeded(Successor(900));
  EXPECT_EQ(d.loss().low_bytes, 100);
  EXPECT_EQ(d.loss().high_bytes, 100);
  for (int i = 6; i <= 15; ++i)
    EXPECT_FALSE(d.Answered(Wrote(200 * i, 2 * i), At(0.2 * i), At(0.2 * i + 0.01)));
  EXPECT_EQ(d.loss().bytes, 2100);
  ASSERT_TRUE(d.writes());
  EXPECT_EQ(d.writes()->low, 20);
  EXPECT_EQ(d.writes()->high, 22);
  EXPECT_EQ(d.writes()->best, 21);
  EXPECT_NEAR(*d.loss().low_seconds, 1.59, 1e-6);   // 1.21 to 2.8
  EXPECT_NEAR(*d.loss().high_seconds, 2.21, 1e-6);  // 0.8 to 3.01
}

// Of the 50 writes between two looks 30 were replicated. Then came 2,000 bytes of hellos at once.
TEST(Departure, WhatIsNoWriteAroundTheForkDoesNotCount) {
  WriteMarks marks;
  for (int i = 0; i <= 5; ++i) Remember(Wrote(5000 * i, 50 * i), At(i), At(i + 0.01), marks);
  Departure d("10.0.0.1:6379", marks);
  d.Answered(Wrote(25'000 + 2000 + 5000, 300), At(20), At(20.01));
  ASSERT_TRUE(d.Succeeded(Successor(28'000)));
  EXPECT_EQ(d.writes()->low, 0);
  EXPECT_EQ(d.writes()->best, 20);
  EXPECT_EQ(d.writes()->high, 50);
}

// Nothing was written before the last look: what there was since is all that one can go by.
TEST(Departure, AMasterThatWasIdleBefore) {
  WriteMarks marks;
  for (int i = 0; i <= 5; ++i) Remember(Wrote(100 * i, 7), At(i), At(i + 0.01), marks);
  Departure d("10.0.0.1:6379", marks);
  d.Answered(Wrote(4500, 47), At(6), At(6.01));
  ASSERT_TRUE(d.Succeeded(Successor(1500)));
  EXPECT_EQ(d.writes()->best, 30);
}

TEST(Departure, OnlyLowBoundsOnceItFollows) {
  Departure d = Departed();
  d.Succeeded(Successor(900));
  d.Answered(Wrote(1200, 12), At(1.2), At(1.21));
  EXPECT_TRUE(d.Answered(ReplicaInfo(5000, "new"), At(1.4), At(1.41)));
  EXPECT_FALSE(d.growing());
  EXPECT_EQ(d.loss().low_bytes, 300);
  EXPECT_FALSE(d.loss().high_bytes);
  EXPECT_FALSE(d.writes()->high);
  EXPECT_EQ(d.writes()->low, 2);
  EXPECT_NEAR(*d.loss().high_seconds, 0.61, 1e-6);
  EXPECT_LE(*d.loss().low_seconds, *d.loss().seconds);
}

TEST(Departure, GoneForGood) {
  Departure silent = Departed();
  silent.Failed(std::nullopt);
  silent.Succeeded(Successor(900));
  EXPECT_EQ(silent.loss().low_bytes, 100);
  EXPECT_FALSE(silent.loss().bytes);
  EXPECT_FALSE(silent.loss().high_seconds);
  EXPECT_FALSE(silent.writes()->high);
  Departure refused = Departed();
  refused.Failed(At(1.3));
  refused.Failed(At(9));
  refused.Succeeded(Successor(1000));
  EXPECT_EQ(refused.loss().low_bytes, 0);
  EXPECT_NEAR(*refused.loss().high_seconds, 0.3, 1e-6);
}

// It comes back empty of marks: what a client with its address writes then has no offset.
TEST(Departure, WhatIsWrittenToOneThatCameBackIsLostToo) {
  Departure d = Departed();
  d.Failed(At(1.1));
  d.Succeeded(Successor(1000));
  EXPECT_EQ(d.writes()->low, 0);
  auto back = [&](double at, long long changes, long long saved = 2) {
    Info info = MasterInfo(0, "third", "run2");
    info.unsaved_changes = changes;
    info.rdb_last_save_unix = saved;
    return d.Answered(info, At(at), At(at + 0.01));
  };
  Info loading = MasterInfo(0, "third", "run2");
  loading.loading = true;
  loading.unsaved_changes = 0;
  EXPECT_TRUE(d.Answered(loading, At(9), At(9.01)));
  EXPECT_FALSE(back(10, 50)) << "from its file, or unknown";
  EXPECT_TRUE(d.returned());
  EXPECT_EQ(d.returned_writes(), 0);
  back(11, 60);
  back(12, 70);
  back(13, 4, 3);
  EXPECT_EQ(d.returned_writes(), 24) << "a save between two looks: at least what came after it";
  EXPECT_EQ(d.writes()->low, 24);
  EXPECT_FALSE(d.writes()->high);
  EXPECT_NEAR(*d.loss().low_seconds, 0.99, 1e-6);  // 11.01 to 12
  EXPECT_GE(*d.loss().high_seconds, *d.loss().low_seconds);
  d.Failed(std::nullopt);
  EXPECT_FALSE(d.returned());
  EXPECT_TRUE(d.Answered(ReplicaInfo(5000, "new"), At(20), At(20.01)));
  EXPECT_FALSE(d.Answered(ReplicaInfo(5000, "new"), At(21), At(21.01)));
  EXPECT_FALSE(d.growing());
  EXPECT_EQ(d.writes()->low, 24);
}

// A successor that tells where it forked only after the old master follows it.
TEST(Departure, TheForkMayBecomeKnownLast) {
  Departure d = Departed();
  EXPECT_TRUE(d.Answered(ReplicaInfo(5000, "new"), At(1.4), At(1.41)));
  EXPECT_TRUE(d.Succeeded(Successor(900)));
  EXPECT_EQ(d.loss().low_bytes, 100);
}

// PING and hellos are in the log of an idle master: a difference in bytes, and nothing lost.
TEST(Departure, NoiseIsNoLostWrite) {
  Departure d = Departed();
  d.Succeeded(Successor(1000));
  for (int i = 6; i <= 50; ++i)
    d.Answered(Wrote(1000 + 40 * i, 10), At(0.2 * i), At(0.2 * i + 0.01));
  EXPECT_EQ(d.loss().low_bytes, 2000);
  EXPECT_EQ(d.writes()->high, 0);
  EXPECT_EQ(d.loss().high_seconds, 0);
}

TEST(Departure, ASaveHidesTheCount) {
  Departure d = Departed();
  d.Succeeded(Successor(900));
  d.Answered(Wrote(1200, 1, 2), At(1.2), At(1.21));
  EXPECT_FALSE(d.writes());
  EXPECT_EQ(d.loss().low_bytes, 300);
  EXPECT_EQ(d.loss().low_seconds, 0);
}

TEST(Departure, AnotherIncarnationIsTheEnd) {
  Departure d = Departed();
  d.Succeeded(Successor(900));
  EXPECT_TRUE(d.Answered(MasterInfo(0, "restarted"), At(5), At(5.1)));
}

}  // namespace
