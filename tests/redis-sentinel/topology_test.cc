// Lists, lag and loops on the page.
#include <cmath>

#include <gtest/gtest.h>

#include "tests/redis-sentinel/replay.h"

namespace {

const std::string k1 = kNodes[0], k2 = kNodes[1], k3 = kNodes[2];
const std::string kS1 = "10.88.0.11:26379", kS2 = "10.88.0.12:26379", kS3 = "10.88.0.13:26379";

struct Set {
  Deployment deployment{OneDeployment()};
  double now = 0;

  void Step(const RedisEvidence& e) { deployment.Step(e, NowAt(now = EndOf(e))); }
  void Sentinel(double at, const std::string& s, MasterView view) {
    Step(SentinelEvidence(at, at + 0.01, s, {std::move(view)}));
  }
  void Node(double at, const std::string& node, Info info) {
    Step(NodeEvidence(at, at + 0.01, node, std::move(info)));
  }
  double Value(const std::string& name) const {
    return ValueOf(deployment, now, "redis_sentinel_" + name + "{master_name=\"mymaster\"}");
  }
  double Value(const std::string& name, const std::string& node) const {
    return ValueOf(deployment, now, "redis_sentinel_" + name +
                                        "{master_name=\"mymaster\",node=\"" + node + "\"}");
  }
};

Info Following(const std::string& master, long long offset = 1000) {
  Info info = ReplicaInfo(offset);
  info.master = Address(master);
  return info;
}

// As `s` sees it, with the third host gone.
MasterView WithoutThird(const std::string& s) {
  MasterView view = ViewOf(s, k1);
  for (auto& other : view.sentinels)
    if (ToText(other.address) == kS3) other.flags.s_down = true;
  for (auto& replica : view.replicas)
    if (ToText(replica.address) == k3) replica.flags.s_down = true;
  return view;
}

TEST(Lists, NoGhostsWhileAllIsWell) {
  Set set;
  EXPECT_TRUE(std::isnan(set.Value("ghost_sentinels")));
  for (auto& s : {kS1, kS2, kS3}) set.Sentinel(0, s, ViewOf(s, k1));
  EXPECT_EQ(set.Value("ghost_sentinels"), 0);
  EXPECT_EQ(set.Value("ghost_replicas"), 0);
  EXPECT_TRUE(std::isnan(set.Value("unknown_replicas"))) << "the master was not asked";
}

TEST(Lists, GhostsAreGoneForAllWhoListThem) {
  Set set;
  set.Sentinel(0, kS1, WithoutThird(kS1));
  set.Sentinel(0, kS2, ViewOf(kS2, k1));
  EXPECT_EQ(set.Value("ghost_sentinels"), 0) << "one of them still reaches it";
  EXPECT_EQ(set.Value("ghost_replicas"), 0);
  set.Sentinel(1, kS2, WithoutThird(kS2));
  EXPECT_EQ(set.Value("ghost_sentinels"), 1);
  EXPECT_EQ(set.Value("ghost_replicas"), 1);
}

TEST(Lists, WhoAnswersUsIsNoGhost) {
  Set set;
  for (auto& s : {kS1, kS2}) set.Sentinel(0, s, WithoutThird(s));
  set.Sentinel(0, kS3, ViewOf(kS3, k1));
  set.Node(0.1, k3, Following(k1));
  EXPECT_EQ(set.Value("ghost_sentinels"), 0);
  EXPECT_EQ(set.Value("ghost_replicas"), 0);
}

TEST(Lists, ASentinelThatWasNotHeardOfIsAGhost) {
  Set set;
  MasterView view = ViewOf(kS1, k1);
  view.sentinels[0].hello_age = Milliseconds(30'001);
  set.Sentinel(0, kS1, view);
  EXPECT_EQ(set.Value("ghost_sentinels"), 1);
}

TEST(Lists, TheMasterKnowsItsReplicas) {
  Set set;
  MasterView view = WithoutThird(kS1);
  std::erase_if(view.replicas, [](auto& r) { return ToText(r.address) == k2; });
  for (auto& s : {kS1, kS2}) set.Sentinel(0, s, view);
  Info master = MasterInfo();
  master.replicas = {{Address(k2), 1000, 1}, {Address(k3), 1000, 1}};
  set.Node(0.1, k1, master);
  EXPECT_EQ(set.Value("unknown_replicas"), 1);
  EXPECT_EQ(set.Value("ghost_replicas"), 0) << "the master has it";
}

TEST(Loop, NodesThatFollowEachOther) {
  Set set;
  for (auto& s : {kS1, kS2}) set.Sentinel(0, s, ViewOf(s, k1));
  EXPECT_TRUE(std::isnan(set.Value("replication_loop")));
  set.Node(0.1, k1, MasterInfo());
  set.Node(0.1, k2, Following(k1));
  set.Node(0.1, k3, Following(k2));  // a chain is no circle
  EXPECT_EQ(set.Value("replication_loop"), 0);
  set.Node(0.2, k2, Following(k3));
  EXPECT_EQ(set.Value("replication_loop"), 1);
  set.Node(0.3, k2, Following(k2));
  set.Node(0.3, k3, Following(k1));
  EXPECT_EQ(set.Value("replication_loop"), 1) << "itself";
}

TEST(Lag, IsWhatWasWrittenBeforeTheReplicaWasLookedAt) {
  Set set;
  for (auto& s : {kS1, kS2}) set.Sentinel(0, s, ViewOf(s, k1));
  for (int i = 0; i < 10; ++i) set.Node(i, k1, MasterInfo(1000 + 100 * i));
  set.Node(9.5, k2, Following(k1, 1900));
  EXPECT_EQ(set.Value("replication_lag_bytes", k2), 0);
  EXPECT_EQ(set.Value("replication_lag_seconds", k2), 0);
  set.Node(9.6, k2, Following(k1, 1450));  // what was there at 5.01 s has not come
  EXPECT_EQ(set.Value("replication_lag_bytes", k2), 450);
  EXPECT_NEAR(set.Value("replication_lag_seconds", k2), 4.59, 1e-6);
  Info other = Following(k1, 1450);
  other.replication_id = "b";
  set.Node(9.7, k2, other);
  EXPECT_TRUE(std::isnan(set.Value("replication_lag_seconds", k2))) << "another history";
}

TEST(Backlog, LastsAsLongAsThePaceOfWritingAllows) {
  Set set;
  for (auto& s : {kS1, kS2}) set.Sentinel(0, s, ViewOf(s, k1));
  Info master = MasterInfo(1000);
  master.backlog_size_bytes = 1'000'000;
  auto headroom = [&] { return set.Value("replication_backlog_headroom_seconds"); };
  for (int i = 0; i < 100; ++i) {
    master.offset_bytes = 1000 + (i < 20 ? 1000 * i : 20'000);
    set.Node(i, k1, master);
    if (i == 5) {
      EXPECT_TRUE(std::isnan(headroom())) << "too short";
    } else if (i == 19) {
      EXPECT_NEAR(headroom(), 1000, 1);
    }
  }
  EXPECT_TRUE(std::isnan(headroom())) << "nothing was written in the last half minute";
  master.replication_id = "b";
  set.Node(100, k1, master);
  set.Node(105, k1, master);
  EXPECT_TRUE(std::isnan(headroom())) << "another history";
}

TEST(Replicas, TellSinceWhenTheyAreAlone) {
  Set set;
  for (auto& s : {kS1, kS2}) set.Sentinel(0, s, ViewOf(s, k1));
  Info replica = Following(k1);
  replica.link_up = false;
  replica.link_down = std::chrono::seconds(7);
  replica.sync_in_progress = true;
  set.Node(10, k2, replica);
  EXPECT_EQ(set.Value("replication_link_up", k2), 0);
  EXPECT_EQ(set.Value("replication_sync_in_progress", k2), 1);
  EXPECT_NEAR(set.Value("replication_link_down_timestamp_seconds", k2), kOrigin + 3.01, 1e-6);
  EXPECT_TRUE(std::isnan(set.Value("replication_last_io_timestamp_seconds", k2)));
}

}  // namespace
