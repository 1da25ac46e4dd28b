// Servers that die, hang and change their role.
#include "tests/redis-sentinel-lab/lab.h"

using namespace std::chrono_literals;

namespace {

using RedisFaultsLab = RedisLabTest;

double Total(const Page& page, const std::string& name, const Labels& more = {}) {
  return page.Get(name, Scope(more)).value_or(-1);
}

// The node shows no detail, and everybody else is as ever.
void ExpectOnlyItDown(const Page& page, const std::string& sick) {
  RedisLab& lab = RedisLab::The();
  for (std::string node : {"r1", "r2", "r3"}) {
    Labels of = {{"node", lab.Address(node)}};
    EXPECT_EQ(Succeeds(page, "redis", node), node != sick) << node;
    EXPECT_EQ(page.Has("redis_sentinel_node_info", of), node != sick) << node;
    EXPECT_EQ(page.Has("redis_sentinel_persistence_aof_write_ok", of), node != sick) << node;
    EXPECT_TRUE(page.Is("redis_sentinel_node_up", of, node != sick)) << node;
  }
  for (std::string sentinel : {"s1", "s2", "s3"})
    EXPECT_TRUE(Succeeds(page, "sentinel", sentinel)) << sentinel;
  EXPECT_TRUE(page.Is("ha_service_up", Scope(), 1));
  EXPECT_EQ(Total(page, "ha_outages_total"), 0);
  EXPECT_EQ(Total(page, "ha_short_failures_total"), 0);
  for (auto& sample : page.All("ha_failovers_total", Scope())) EXPECT_EQ(sample.value, 0);
}

TEST_F(RedisFaultsLab, AReplicaThatIsKilledIsDownAndNothingElse) {
  const std::string replica = lab.Replicas()[0];
  RedisExporter exporter;
  exporter.AwaitHealthy();
  RedisFault killed("kill", "start", replica);
  Page page = exporter.Await(5, "it is down", [&](const Page& p) {
    return p.Is("redis_sentinel_node_up", {{"node", lab.Address(replica)}}, 0) &&
           !Succeeds(p, "redis", replica);
  });
  ExpectOnlyItDown(page, replica);
  killed.End();
  exporter.AwaitHealthy();
}

TEST_F(RedisFaultsLab, AReplicaThatHangsHoldsNothingUp) {
  const std::string replica = lab.Replicas()[1];
  RedisExporter exporter;
  exporter.AwaitHealthy();
  RedisFault frozen("stop", "cont", replica);
  exporter.Await(8, "it is down", [&](const Page& p) {
    return p.Is("redis_sentinel_node_up", {{"node", lab.Address(replica)}}, 0) &&
           !Succeeds(p, "redis", replica);
  });
  Page page = exporter.ExpectSwift();
  ExpectOnlyItDown(page, replica);
  frozen.End();
  exporter.AwaitHealthy();
}

TEST_F(RedisFaultsLab, ASentinelThatIsKilledIsDown) {
  RedisExporter exporter("s1");
  exporter.AwaitHealthy();
  RedisFault killed("kill", "start", "s1");  // the one that is configured
  Page page = exporter.Await(10, "it is down", [&](const Page& p) {
    return p.Is("redis_sentinel_sentinel_up", {{"sentinel", lab.Address("s1")}}, 0) &&
           !Succeeds(p, "sentinel", "s1");
  });
  EXPECT_TRUE(page.Is("redis_sentinel_sentinel_up", {{"sentinel", lab.Address("s2")}}, 1));
  EXPECT_TRUE(page.Is("ha_service_up", Scope(), 1));
  EXPECT_EQ(Total(page, "ha_outages_total"), 0);
  killed.End();
  exporter.AwaitHealthy();
}

TEST_F(RedisFaultsLab, AMasterThatIsKilledIsOneOutageAndOneFailover) {
  const std::string old = lab.Master();
  RedisExporter exporter;
  exporter.AwaitHealthy();
  const Instant begin = Clock::now();
  RedisFault killed("kill", "start", old);
  Page page = exporter.Await(30, "another master", [&](const Page& p) {
    return Total(p, "ha_failovers_total", {{"kind", "failover"}}) == 1 &&
           p.Is("ha_service_up", Scope(), 1) && p.Has("ha_last_outage_seconds", Scope());
  });
  const double most = Seconds(Clock::now() - begin);
  EXPECT_EQ(Total(page, "ha_outages_total"), 1);
  EXPECT_EQ(Total(page, "ha_failovers_total", {{"kind", "switchover"}}), 0);
  // The Sentinel that led the failover is the last one to say so in all its answers.
  ASSERT_TRUE(Eventually(5, "the Sentinels say so", [&] { return lab.Master() != old; }));
  const std::string now = lab.Address(lab.Master());
  EXPECT_TRUE(page.Is("ha_active", Scope({{"holder", now}}), 1)) << page.Lines("ha_active");
  EXPECT_TRUE(page.Is("ha_last_failover_info", Scope({{"from", lab.Address(old)}, {"to", now}}), 1))
      << page.Lines("ha_last_failover");
  double low = Total(page, "ha_last_outage_low_seconds");
  double high = Total(page, "ha_last_outage_high_seconds");
  EXPECT_GT(low, 0.5);  // down-after alone takes longer
  EXPECT_GE(high, 1.5);
  EXPECT_LE(low, most);
  EXPECT_FALSE(page.Has("ha_open_outage_start_timestamp_seconds", Scope()));
  for (std::string event : {"+sdown", "+odown", "+switch-master"})
    exporter.Await(5, "it is heard: " + event, [&](const Page& p) {
      double heard = 0;
      for (auto& sample : p.All("redis_sentinel_events_total", {{"event", event}}))
        heard += sample.value;
      return heard >= 1;
    });
  killed.End();
}

// The old master goes on taking writes for some ten seconds: no outage, but two masters.
TEST_F(RedisFaultsLab, AFailoverThatWasAskedForIsASwitchoverWithTwoMasters) {
  RedisExporter exporter;
  exporter.AwaitHealthy();
  lab.Do("failover");
  Page page = exporter.Await(30, "a switchover", [&](const Page& p) {
    return Total(p, "ha_failovers_total", {{"kind", "switchover"}}) == 1 &&
           Total(p, "ha_split_brain_seconds_total") > 3 && p.Is("ha_split_brain", Scope(), 0);
  });
  EXPECT_EQ(Total(page, "ha_failovers_total", {{"kind", "failover"}}), 0);
  EXPECT_EQ(Total(page, "ha_outages_total"), 0);
  EXPECT_TRUE(page.Is("ha_active", Scope({{"holder", lab.Address(lab.Master())}}), 1));
}

}  // namespace
