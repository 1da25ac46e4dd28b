#include "exporters/redis-sentinel/deployment.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/redis-sentinel/deployed.h"

namespace {

// Two deployments may call their master the same: nothing of theirs is mixed on the page.
TEST(Deployment, APrefixTellsMastersOfOneNameApart) {
  DeploymentOptions o = OneDeployment();
  o.prefix = "sessions/";
  for (bool named : {false, true}) {
    if (named) o.masters = {"mymaster"};
    Deployment d(o);
    Step(d, AllSentinels(0, k1));
    Step(d, {NodeEvidence(1, 1.01, k1, MasterInfo()), NodeEvidence(2, 2.01, k1, MasterInfo())});
    EXPECT_EQ(ValueOf(d, 2, "ha_service_up{service=\"redis\",scope=\"sessions/mymaster\"}"), 1);
    EXPECT_EQ(ValueOf(d, 2, "redis_sentinel_failover_possible{master_name=\"sessions/mymaster\"}"),
              1);
    Samples samples;
    d.Show(NowAt(2), samples);
    EXPECT_EQ(RenderPage({&samples}, Format::kText).find("\"mymaster\""), std::string::npos);
    EXPECT_EQ(d.MasterOf(k2), "mymaster");
  }
}

// redis_nodes: false.
TEST(Deployment, BySentinelsAlone) {
  DeploymentOptions o = OneDeployment();
  o.redis_nodes = false;
  Deployment d(o);
  const std::string up = "ha_service_up{service=\"redis\",scope=\"mymaster\"}";
  auto look = [&](double at, const std::string& master, int found_down, long long epoch) {
    for (auto& e : AllSentinels(at, master, epoch)) {
      auto& said = std::get<SentinelLook>(e.seen).views[0].master;
      said.flags.s_down = found_down-- > 0;
      said.flags.o_down = said.flags.s_down;
      Step(d, {e});
    }
  };
  look(0, k1, 0, 0);
  look(5, k1, 0, 0);
  EXPECT_EQ(ValueOf(d, 6, up), 1);
  look(10, k1, 1, 0);
  EXPECT_EQ(ValueOf(d, 11, up), 1) << "one of three is cut off";
  look(15, k1, 3, 0);
  look(16, k1, 3, 0);
  EXPECT_EQ(ValueOf(d, 17, up), 0);
  look(20, k2, 0, 1);
  look(25, k2, 0, 1);
  EXPECT_EQ(ValueOf(d, 26, up), 1);
  const Service& service = d.sets().at("mymaster").service();
  ASSERT_EQ(service.failovers().size(), 1u);
  EXPECT_EQ(service.failovers().back().kind, "failover");
  EXPECT_EQ(service.outages().size(), 1u);
  EXPECT_TRUE(std::isnan(ValueOf(d, 45, up))) << "nobody looked any more";
}

// Nobody watched: neither who asks Sentinels alone, nor who looks seldom, may say what it was.
TEST(Deployment, WhoDidNotWatchDoesNotKnowWhatAChangeWas) {
  struct Case { bool nodes; double interval, silence; std::string kind; };
  const Case cases[] = {{false, 1, 5, "failover"}, {false, 1, 60, "unseen"},
                        {true, 1, 5, "failover"},  {true, 1, 12, "unseen"},
                        {true, 20, 21, "failover"}, {true, 20, 62, "unseen"}};
  for (auto& c : cases) {
    SCOPED_TRACE(c.silence);
    DeploymentOptions o = OneDeployment();
    o.redis_nodes = c.nodes;
    o.look_interval = FromSeconds(c.interval);
    Deployment d(o);
    Step(d, AllSentinels(0, k1));
    if (c.nodes) Step(d, {NodeFailed(0.9, 1, k1)});
    Step(d, AllSentinels(c.silence, k2, 1));
    const Service& service = d.sets().at("mymaster").service();
    ASSERT_EQ(service.failovers().size(), 1u);
    EXPECT_EQ(service.failovers().back().kind, c.kind) << c.nodes << c.interval;
  }
}

TEST(Deployment, ANewProcessThatAsksSentinelsAloneSawNoChange) {
  DeploymentOptions o = OneDeployment();
  o.redis_nodes = false;
  Deployment d(o);
  Step(d, AllSentinels(0, k1));
  Step(d, AllSentinels(5, k1));
  Deployment later(o);
  ASSERT_TRUE(later.Restore(d.Facts(NowAt(6)), NowAt(7)).ok());
  Step(later, AllSentinels(8, k2, 1));
  Step(later, AllSentinels(13, k2, 1));
  const Service& service = later.sets().at("mymaster").service();
  ASSERT_EQ(service.failovers().size(), 1u);
  EXPECT_EQ(service.failovers().back().kind, "unseen");
}

TEST(Prospects, PossibleWhenAllIsWell) {
  Deployment d(OneDeployment());
  EXPECT_TRUE(std::isnan(Possible(d, 0)));
  Step(d, AllSentinels(0, k1));
  EXPECT_EQ(Possible(d, 1), 1);
  EXPECT_EQ(Blocked(d, 1), "");
  EXPECT_EQ(ValueOf(d, 1, "redis_sentinel_eligible_replicas" + kName), 2);
  EXPECT_EQ(ValueOf(d, 1, "redis_sentinel_master_addresses" + kName), 1);
  EXPECT_EQ(ValueOf(d, 1, "redis_sentinel_known_sentinels" + kName), 3);
  EXPECT_TRUE(std::isnan(Possible(d, 30))) << "nobody looked any more";
}

TEST(Prospects, TooFewSentinels) {
  Deployment d(OneDeployment());
  Step(d, AllSentinels(0, k1));
  Step(d, {SentinelFailed(1, 1.5, kS2)});
  EXPECT_EQ(Possible(d, 2), 1);
  Step(d, {SentinelFailed(2, 2.5, kS3)});
  EXPECT_EQ(Possible(d, 3), 0);
  EXPECT_EQ(Blocked(d, 3), "no_quorum");
  EXPECT_EQ(ValueOf(d, 3, "redis_sentinel_sentinel_up{sentinel=\"" + kS3 + "\"}"), 0);
  Step(d, {SentinelFailed(3, 3.5, kS1)});
  EXPECT_EQ(Blocked(d, 4), "no_sentinel");
  EXPECT_EQ(ValueOf(d, 4, "redis_sentinel_reachable_sentinels" + kName), 0);
}

TEST(Prospects, TiltCountsForNothing) {
  Deployment d(OneDeployment());
  auto views = AllSentinels(0, k1);
  for (int i : {0, 1}) std::get<SentinelLook>(views[i].seen).info->tilt = true;
  Step(d, views);
  EXPECT_EQ(Possible(d, 1), 0);
  EXPECT_EQ(Blocked(d, 1), "tilt");
}

TEST(Prospects, NobodyToPromote) {
  Deployment d(OneDeployment());
  auto views = AllSentinels(0, k1);
  for (int i : {0, 1})
    for (auto& replica : std::get<SentinelLook>(views[i].seen).views[0].replicas)
      replica.flags.s_down = true;
  Step(d, views);
  EXPECT_EQ(Blocked(d, 1), "no_eligible_replica");
  EXPECT_EQ(ValueOf(d, 1, "redis_sentinel_eligible_replicas" + kName), 0);
  EXPECT_EQ(ValueOf(d, 1, "redis_sentinel_view_replica_ineligible{sentinel=\"" + kS1 +
                              "\",master_name=\"mymaster\",node=\"" + k2 + "\",reason=\"down\"}"),
            1);
}

// replica-announced no: SENTINEL REPLICAS hides it, num-slaves counts it, and it may be promoted.
TEST(Prospects, AReplicaThatIsNotAnnouncedMayTakeOver) {
  auto say = [](int hiding, bool one_is_eligible) {
    auto views = AllSentinels(0, k1);
    for (auto& e : views) {
      MasterView& view = std::get<SentinelLook>(e.seen).views[0];
      view.master.replicas = hiding-- > 0 ? 2 : 1;
      view.replicas.resize(1);
      view.replicas[0].flags.s_down = !one_is_eligible;
    }
    return views;
  };
  Deployment d(OneDeployment());
  Step(d, say(2, false));
  EXPECT_TRUE(std::isnan(Possible(d, 1)));
  EXPECT_EQ(Blocked(d, 1), "");
  EXPECT_TRUE(std::isnan(ValueOf(d, 1, "redis_sentinel_eligible_replicas" + kName)));
  EXPECT_EQ(ValueOf(d, 1, "redis_sentinel_reachable_sentinels" + kName), 3);
  Deployment most(OneDeployment());
  Step(most, say(1, false));
  EXPECT_EQ(Blocked(most, 1), "no_eligible_replica") << "for two of three there is none";
  Deployment listed(OneDeployment());
  Step(listed, say(3, true));
  EXPECT_EQ(Possible(listed, 1), 1);
  EXPECT_TRUE(std::isnan(ValueOf(listed, 1, "redis_sentinel_eligible_replicas" + kName)));
}

TEST(Prospects, AReplicaWithoutAnAddressIsAGhostAndNoMore) {
  Deployment d(OneDeployment());
  auto views = AllSentinels(0, k1);
  for (auto& e : views) {
    auto& replicas = std::get<SentinelLook>(e.seen).views[0].replicas;
    replicas.emplace_back().flags.disconnected = true;
  }
  Step(d, views);
  EXPECT_EQ(Possible(d, 1), 1);
  EXPECT_EQ(ValueOf(d, 1, "redis_sentinel_ghost_replicas" + kName), 1);
  EXPECT_EQ(d.nodes(), (std::set<std::string>{k1, k2, k3}));
  Samples samples;
  d.Show(NowAt(1), samples);
  EXPECT_EQ(RenderPage({&samples}, Format::kText).find("\":0\""), std::string::npos);
}

TEST(Prospects, SentinelsThatDiffer) {
  Deployment d(OneDeployment());
  auto views = AllSentinels(0, k1);
  std::get<SentinelLook>(views[2].seen).views[0].master.quorum = 3;
  std::get<SentinelLook>(views[2].seen).views[0].address = Address(k2);
  Step(d, views);
  EXPECT_EQ(ValueOf(d, 1, "redis_sentinel_master_addresses" + kName), 2);
  auto mismatch = [&](const std::string& key) {
    return ValueOf(d, 1, "redis_sentinel_config_mismatch{master_name=\"mymaster\",key=\"" + key +
                             "\"}");
  };
  EXPECT_EQ(mismatch("quorum"), 1);
  EXPECT_EQ(mismatch("down_after"), 0);
  EXPECT_EQ(Blocked(d, 1), "disagreement");
}

TEST(Nodes, LagOfAReplica) {
  Deployment d(OneDeployment());
  auto lag = [&](double at, const std::string& node) {
    return ValueOf(d, at, "redis_sentinel_replication_lag_bytes{master_name=\"mymaster\",node=\"" +
                              node + "\"}");
  };
  Step(d, AllSentinels(0, k1));
  Step(d, {NodeEvidence(1, 1.01, k1, MasterInfo(5000)),
           NodeEvidence(1.1, 1.11, k2, ReplicaInfo(4200)),
           NodeEvidence(1.1, 1.11, k3, ReplicaInfo(6000)),
           NodeEvidence(1.2, 1.21, k1, MasterInfo(9000))});
  EXPECT_EQ(lag(1.3, k2), 800);
  EXPECT_EQ(lag(1.3, k3), 0);
  EXPECT_TRUE(std::isnan(lag(1.3, k1)));
  EXPECT_TRUE(std::isnan(lag(9, k2))) << "stale";
  Step(d, {NodeEvidence(2, 2.01, k2, ReplicaInfo(4200, "other history"))});
  EXPECT_TRUE(std::isnan(lag(2.1, k2)));
  EXPECT_EQ(ValueOf(d, 2.1, "redis_sentinel_node_is_master{master_name=\"mymaster\",node=\"" + k1 +
                                "\"}"), 1);
}

// One rule for both: 0 is also who does not let us in; absent is who was not asked of late.
TEST(Nodes, WhoDeniesIsNotUp) {
  Deployment d(OneDeployment());
  Step(d, AllSentinels(0, k1));
  auto denied = absl::UnauthenticatedError("WRONGPASS");
  Step(d, {NodeFailed(2.2, 2.3, k2, denied), SentinelFailed(2.2, 2.3, kS2)});
  const std::string node =
      "redis_sentinel_node_up{master_name=\"mymaster\",node=\"" + k2 + "\"}";
  EXPECT_EQ(ValueOf(d, 2.4, node), 0);
  EXPECT_EQ(ValueOf(d, 2.4, "redis_sentinel_sentinel_up{sentinel=\"" + kS2 + "\"}"), 0);
  EXPECT_TRUE(std::isnan(ValueOf(d, 9, node))) << "not looked at any more";
}

}  // namespace
