// What a change of master was: somebody's wish, a failure, or nobody knows.
#include <gtest/gtest.h>

#include "tests/redis-sentinel/course.h"

namespace {

const std::string kSwitchBack = "mymaster 10.88.0.12 6379 10.88.0.11 6379";

void Views(Deployment& d, double at, const std::string& master, long long epoch) {
  for (auto& s : {kS1, kS2, kS3})
    d.Step(SentinelEvidence(at, at + 0.1, s, {ViewOf(s, master, epoch)}), NowAt(at + 0.1));
}

TEST(Kinds, ByEvents) {
  Course asked;
  asked.Event(5, "+try-failover", kMaster);
  asked.Event(6, "+switch-master", kSwitch);
  EXPECT_EQ(asked.LastKind(), "switchover");
  Course down;  // it still answers us
  down.Event(5, "+odown", kMaster);
  down.Event(5, "+try-failover", kMaster);
  down.Event(6, "+switch-master", kSwitch);
  EXPECT_EQ(down.LastKind(), "failover");
  Course mended;
  mended.Event(4.6, "+odown", kMaster);
  mended.Event(4.7, "-odown", kMaster);
  mended.Event(5, "+try-failover", kMaster);
  mended.Event(6, "+switch-master", kSwitch);
  EXPECT_EQ(mended.LastKind(), "switchover");
}

// That the old master works for us is no goodbye: its Sentinels may not reach it.
TEST(Kinds, WithoutEvents) {
  Course alive;
  alive.Looks(9, MasterInfo(), ReplicaInfo());
  alive.Views(10, k2, 1);
  EXPECT_EQ(alive.LastKind(), "failover");
  Course asked;
  asked.Looks(9, MasterInfo(), ReplicaInfo());
  MasterView leader = ViewOf(kS1, k1);  // it names the new master while it lists the old one
  leader.master.flags.force_failover = leader.master.flags.failover_in_progress = true;
  leader.address = Address(k2);
  asked.Step(SentinelEvidence(9.5, 9.51, kS1, {leader}));
  asked.Views(10, k2, 1);
  EXPECT_EQ(asked.LastKind(), "switchover");
  Course dead;
  dead.Fails(5, 10);
  dead.Views(10, k2, 1);
  EXPECT_EQ(dead.LastKind(), "failover");
  EXPECT_NEAR(dead.service().failovers()[0].unix_seconds, kOrigin + 5, 5.1);
  Course unseen;
  unseen.Views(40, k2, 1);
  EXPECT_EQ(unseen.LastKind(), "unseen");
}

// Cut off from all of them: failed looks are no watching.
TEST(Kinds, WhoReachedNobodySawNoFailover) {
  Course c;
  c.Fails(5, 40);
  c.Views(40, k2, 1);
  EXPECT_EQ(c.LastKind(), "unseen");
}

// There and back while nobody watched: what tells is the number of the configuration.
TEST(Kinds, TheSameMasterByANewerConfiguration) {
  Course c;
  c.Views(5, k1, 3);
  c.Views(10, k1, 5);
  EXPECT_EQ(c.LastKind(), "") << "it was watched: an election that failed takes a number, too";
  c.Views(40, k1, 5);
  EXPECT_EQ(c.LastKind(), "");
  c.Views(70, k1, 7);
  EXPECT_EQ(c.LastKind(), "unseen");
  EXPECT_EQ(c.service().failovers().back().from, "unknown");
  EXPECT_EQ(c.service().failovers().back().to, k1);
  EXPECT_NEAR(c.service().failovers().back().unix_seconds, kOrigin + 55, 0.1);
  c.Views(100, k1, 7);
  EXPECT_EQ(c.service().failovers().size(), 1u);
}

TEST(Kinds, TheSameMasterByANewerConfigurationAfterARestart) {
  Course before;
  before.Views(5, k1, 3);
  for (long long epoch : {3, 5}) {
    Deployment d(OneDeployment());
    ASSERT_TRUE(d.Restore(before.deployment().Facts(NowAt(6)), NowAt(100)).ok());
    Views(d, 100, k1, epoch);
    auto& failovers = d.sets().at("mymaster").service().failovers();
    ASSERT_EQ(failovers.size(), epoch == 5 ? 1u : 0u);
    EXPECT_TRUE(failovers.empty() || failovers.back().kind == "unseen");
  }
}

// What is heard first after a start tells when, and no look of before it does.
TEST(Kinds, TheSameMasterByANewerConfigurationAfterAnEventThatCameFirst) {
  Course before;
  before.Views(5, k1, 3);
  Deployment d(OneDeployment());
  ASSERT_TRUE(d.Restore(before.deployment().Facts(NowAt(6)), NowAt(100)).ok());
  d.Step(EventEvidence(100, 100.1, kS1, "+switch-master", kSwitchBack), NowAt(100.1));
  Views(d, 103, k1, 7);
  auto& failovers = d.sets().at("mymaster").service().failovers();
  ASSERT_EQ(failovers.size(), 1u);
  EXPECT_EQ(failovers.back().kind, "unseen");
  EXPECT_NEAR(failovers.back().unix_seconds, kOrigin + 103.1, 0.1);
}

// There is heard, back is not: that is one change more, not two.
TEST(Kinds, BackWhileNobodyWatchedCountsOnce) {
  Course c;
  c.Views(5, k1, 3);
  c.Event(6, "+switch-master", kSwitch);
  const std::string facts = c.deployment().Facts(NowAt(6.5));
  c.Views(40, k1, 5);
  Deployment d(OneDeployment());
  ASSERT_TRUE(d.Restore(facts, NowAt(100)).ok());
  Views(d, 100, k1, 5);
  for (auto* service : {&c.service(), &d.sets().at("mymaster").service()}) {
    ASSERT_EQ(service->failovers().size(), 2u);
    EXPECT_EQ(service->failovers().back().from, k2);
    EXPECT_EQ(service->failovers().back().to, k1);
  }
}

TEST(Kinds, ThereAndBackByEventsAloneCountsNoThird) {
  Course c;
  c.Views(5, k1, 3);
  c.Event(6, "+switch-master", kSwitch);
  c.Event(20, "+switch-master", kSwitchBack);
  c.Views(40, k1, 5);
  EXPECT_EQ(c.service().failovers().size(), 2u);
}

// Sentinels that lost their state count from 0 again. One alone may be behind, and then those that
// are not are no news.
TEST(Kinds, ConfigurationsThatAreCountedAnew) {
  Course c;
  c.Views(5, k1, 7);
  c.Views(10, k1, 0);
  EXPECT_EQ(c.LastKind(), "");
  c.Views(40, k1, 2);
  EXPECT_EQ(c.LastKind(), "unseen");
  Course before;
  before.Views(5, k1, 7);
  Deployment d(OneDeployment());
  ASSERT_TRUE(d.Restore(before.deployment().Facts(NowAt(6)), NowAt(100)).ok());
  for (double at : {100, 105})
    d.Step(SentinelEvidence(at, at + 0.1, kS1, {ViewOf(kS1, k1, 5)}), NowAt(at + 0.1));
  Views(d, 140, k1, 7);
  EXPECT_TRUE(d.sets().at("mymaster").service().failovers().empty());
}

// Where events are not heard, or are lost: what is over stays over.
TEST(Kinds, WhatSentinelsTakeBackIsForgotten) {
  auto say = [](Course& c, double at, bool down, bool asked) {
    MasterView view = ViewOf(kS1, k1);
    view.master.flags.s_down = view.master.flags.o_down = down;
    view.master.flags.force_failover = asked;
    c.Step(SentinelEvidence(at, at + 0.01, kS1, {view}));
  };
  Course o_down;
  say(o_down, 5, true, false);
  o_down.Views(10, k1);
  o_down.Looks(14.9, MasterInfo(), ReplicaInfo());
  say(o_down, 15, false, true);
  o_down.Views(15.5, k2, 1);
  EXPECT_EQ(o_down.LastKind(), "switchover");
  Course aborted;
  say(aborted, 5, false, true);
  aborted.Views(10, k1);
  aborted.Fails(14, 15);
  say(aborted, 15, true, false);
  aborted.Views(15.5, k2, 1);
  EXPECT_EQ(aborted.LastKind(), "failover");
  EXPECT_LT(ValueOf(aborted.deployment(), 16,
                    "redis_sentinel_last_failover_unreachable_high_seconds{master_name=\"mymaster\"}"),
            5);
  Course heard;  // by one, while the others looked before that
  heard.Event(5, "+odown", kMaster);
  say(heard, 4.99, false, false);
  heard.Views(5.5, k2, 1);
  EXPECT_EQ(heard.LastKind(), "failover");
}

}  // namespace
