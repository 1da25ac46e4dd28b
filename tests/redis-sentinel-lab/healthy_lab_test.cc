// All is well: what is found from one Sentinel, what stands on the page, and which rights it takes.
#include <fstream>

#include "tests/redis-sentinel-lab/lab.h"

using namespace std::chrono_literals;

namespace {

using RedisHealthyLab = RedisLabTest;
using RedisRightsLab = RedisLabTest;

TEST_F(RedisHealthyLab, OneSentinelFindsAll) {
  RedisExporter exporter("s2");
  Page page = exporter.AwaitHealthy();
  EXPECT_EQ(page.All("redis_sentinel_sentinel_up").size(), 3u);
  EXPECT_EQ(page.All("ha_active", Scope()).size(), 3u);
  EXPECT_TRUE(page.Is("ha_outages_total", Scope(), 0));
  EXPECT_TRUE(page.Is("ha_split_brain", Scope(), 0));
  for (auto& sample : page.All("ha_failovers_total", Scope())) EXPECT_EQ(sample.value, 0);
  for (std::string node : {"r1", "r2", "r3"}) {
    SCOPED_TRACE(node);
    Labels of = {{"node", lab.Address(node)}};
    EXPECT_TRUE(page.Is("redis_sentinel_persistence_aof_enabled", of, 1));
    EXPECT_TRUE(page.Is("redis_sentinel_persistence_aof_write_ok", of, 1));
    EXPECT_TRUE(page.Is("redis_sentinel_node_loading", of, 0));
    EXPECT_EQ(page.All("redis_sentinel_node_info", of).size(), 1u);
    EXPECT_GE(page.All("redis_sentinel_node_errors_total", of).size(), 10u);
  }
  for (std::string sentinel : {"s1", "s2", "s3"}) {
    Labels of = {{"sentinel", lab.Address(sentinel)}};
    EXPECT_TRUE(page.Is("redis_sentinel_sentinel_monitored_masters", of, 1)) << sentinel;
    EXPECT_TRUE(page.Is("redis_sentinel_tilt_active", of, 0)) << sentinel;
  }
}

TEST_F(RedisHealthyLab, FindsAllWithinSeconds) {
  RedisExporter exporter;
  exporter.Await(10, "three nodes and three Sentinels", [&](const Page& page) {
    return page.All("sentinel_exporter_collector_success", {{"collector", "redis"}}).size() == 3 &&
           page.All("sentinel_exporter_collector_success", {{"collector", "sentinel"}}).size() == 3;
  });
}

TEST_F(RedisHealthyLab, BySentinelsAloneNoNodeIsDialled) {
  RedisExporter exporter("s1", {"redis_nodes: false", "prefix: sessions"});
  const Labels scope = {{"service", "redis"}, {"scope", "sessions/mymaster"}};
  Labels holder = scope;
  holder["holder"] = lab.Address(lab.Master());
  Page page = exporter.Await(15, "the master", [&](const Page& p) {
    return p.Is("ha_service_up", scope, 1) && p.Is("ha_active", holder, 1) &&
           p.Is("redis_sentinel_failover_possible", {{"master_name", "sessions/mymaster"}}, 1);
  });
  EXPECT_TRUE(page.Has("redis_sentinel_view_quorum"));
  EXPECT_FALSE(page.Has("redis_sentinel_node_info"));
  for (std::string node : {"r1", "r2", "r3"}) EXPECT_EQ(exporter.ConnectionsTo(node), 0) << node;
}

TEST_F(RedisHealthyLab, KeysAreCounted) {
  const std::string master = lab.Master();
  RedisExporter exporter;
  exporter.AwaitHealthy();
  lab.Cli(master, {"SET", "a", "1"});
  exporter.Await(5, "the key", [&](const Page& page) {
    return page.Get("redis_sentinel_node_keys", {{"node", lab.Address(master)}}).value_or(0) >= 1;
  });
}

TEST_F(RedisHealthyLab, ThePageIsClean) {
  RedisExporter exporter;
  Page page = exporter.AwaitHealthy();
  EXPECT_TRUE(page.broken.empty()) << page.broken[0];
  EXPECT_TRUE(page.duplicates.empty()) << page.duplicates[0];
  std::string file = lab.directory() + "/page";
  std::ofstream(file) << page.body;
  auto verdict = RunCommand({"sh", "-c", "promtool check metrics <" + file}, Deadline::In(20s));
  EXPECT_EQ(verdict.code, 0) << verdict.output;
  EXPECT_EQ(verdict.output, "");
}

// One connection to each node; to each Sentinel one to ask and one to listen.
TEST_F(RedisRightsLab, ConnectionsAreKeptWhateverIsScraped) {
  RedisExporter exporter;
  exporter.AwaitHealthy();
  for (int i = 0; i < 30; ++i) ASSERT_EQ(exporter.Scrape().code, 200);
  for (std::string node : {"r1", "r2", "r3"}) EXPECT_EQ(exporter.ConnectionsTo(node), 1) << node;
  for (std::string sentinel : {"s1", "s2", "s3"})
    EXPECT_EQ(exporter.ConnectionsTo(sentinel), 2) << sentinel;
}

TEST_F(RedisRightsLab, NothingIsAskedThatIsNotAllowed) {
  std::vector<std::string> servers = {"r1", "r2", "r3", "s1", "s2", "s3"};
  for (auto& server : servers) lab.Cli(server, {"ACL", "LOG", "RESET"});
  {
    RedisExporter exporter;
    exporter.AwaitHealthy();
  }
  for (auto& server : servers)
    EXPECT_EQ(lab.Cli(server, {"ACL", "LOG"}).find("exporter"), std::string::npos) << server;
}

TEST_F(RedisRightsLab, WithoutTheRightToListenTheRestGoesOn) {
  lab.Cli("s1", {"ACL", "SETUSER", "exporter", "-psubscribe"});
  {
    RedisExporter exporter;
    Labels target = {{"collector", "sentinel_events"}, {"target", "lab/" + lab.Address("s1")}};
    Labels denied = target;
    denied["reason"] = "denied";
    Page page = exporter.Await(10, "it is said to be denied", [&](const Page& p) {
      return p.Get("sentinel_exporter_collector_failures_total", denied).value_or(0) >= 1 &&
             p.Is("ha_service_up", Scope(), 1);
    });
    EXPECT_TRUE(page.Is("sentinel_exporter_collector_success", target, 0));
    EXPECT_TRUE(Succeeds(page, "sentinel", "s1"));
    const char subscribed[] = "redis_sentinel_subscribed";
    EXPECT_TRUE(page.Is(subscribed, {{"sentinel", lab.Address("s1")}}, 0));
    exporter.Await(5, "the others listen", [&](const Page& p) {
      return Succeeds(p, "sentinel_events", "s2") && Succeeds(p, "sentinel_events", "s3") &&
             p.Is(subscribed, {{"sentinel", lab.Address("s2")}}, 1);
    });
  }
  lab.Cli("s1", {"ACL", "SETUSER", "exporter", "+psubscribe"});
}

}  // namespace
