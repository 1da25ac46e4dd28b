// What a node keeps, and loses.
#include "tests/redis-sentinel-lab/lab.h"

using namespace std::chrono_literals;

namespace {

using RedisDataLab = RedisLabTest;

Labels OfNode(const std::string& server) { return {{"node", RedisLab::The().Address(server)}}; }

double Resets(const Page& page, const std::string& server) {
  return page.Get("redis_sentinel_dataset_resets_total", OfNode(server)).value_or(-1);
}

double Restarts(const Page& page, const std::string& server) {
  return page.Get("redis_sentinel_node_restarts_total", OfNode(server)).value_or(-1);
}

// Writes `keys` keys and waits until the page shows them.
void Fill(const RedisExporter& exporter, const std::string& master, int keys) {
  RedisLab& lab = RedisLab::The();
  std::vector<std::string> words = {"MSET"};
  for (int i = 0; i < keys; ++i) {
    words.push_back("data" + std::to_string(i));
    words.push_back("x");
  }
  lab.Cli(master, words);
  exporter.Await(5, "the keys", [&](const Page& page) {
    return page.Get("redis_sentinel_node_keys", OfNode(master)).value_or(0) >= keys;
  });
}

// As long as it lives, a master that is killed and started at once is not failed over.
struct Patience {
  Patience() { Set("10000"); }
  ~Patience() { Set("1500"); }
  void Set(const std::string& milliseconds) {
    for (std::string sentinel : {"s1", "s2", "s3"})
      RedisLab::The().Cli(sentinel, {"SENTINEL", "SET", "mymaster", "down-after-milliseconds",
                                     milliseconds});
  }
};

TEST_F(RedisDataLab, AMasterThatComesBackWithItsDataIsARestartAndNoReset) {
  Patience patience;
  const std::string master = lab.Master();
  RedisExporter exporter;
  exporter.AwaitHealthy();
  Fill(exporter, master, 200);
  RedisFault("kill", "start", master).End();
  Page page = exporter.Await(10, "the restart", [&](const Page& p) {
    return Restarts(p, master) == 1 && p.Is("ha_service_up", Scope(), 1) &&
           p.Is("redis_sentinel_replication_link_up", OfNode(lab.Replicas()[0]), 1);
  });
  ASSERT_EQ(lab.Master(), master) << "too slow: it was failed over";
  EXPECT_EQ(Resets(page, master), 0);
  EXPECT_TRUE(page.Is("redis_sentinel_incidents_total", {{"kind", "restart"}}, 1));
}

// It answers as a master, and refuses every write, and the PING of its Sentinels.
TEST_F(RedisDataLab, AMasterWhoseDiskIsFullIsNoneAndIsReplaced) {
  const std::string master = lab.Master();
  RedisExporter exporter;
  exporter.AwaitHealthy();
  RedisFault full("full", "room", master);
  lab.Cli(master, {"SET", "the last", "write"});
  Page page = exporter.Await(5, "no write is taken", [&](const Page& p) {
    return p.Is("ha_service_up", Scope(), 0) &&
           p.Is("redis_sentinel_persistence_aof_write_ok", OfNode(master), 0);
  });
  EXPECT_TRUE(page.Is("redis_sentinel_node_up", OfNode(master), 1));
  EXPECT_TRUE(page.Is("redis_sentinel_node_is_master", OfNode(master), 1));
  page = exporter.Await(15, "another one", [&](const Page& p) {
    return p.Is("ha_service_up", Scope(), 1) && lab.Master() != master &&
           p.Get("redis_sentinel_node_errors_total",
                 {{"node", lab.Address(master)}, {"error", "MISCONF"}}).value_or(0) > 0;
  });
  EXPECT_EQ(page.Get("ha_outages_total", Scope()), 1);
  EXPECT_TRUE(page.Is("ha_failovers_total", {{"kind", "failover"}}, 1));
  full.End();
  exporter.Await(10, "it writes again", [&](const Page& p) {
    return p.Is("redis_sentinel_persistence_aof_write_ok", OfNode(master), 1);
  });
}

TEST_F(RedisDataLab, AMasterThatComesBackEmptyLostItsDataAndSoDoItsReplicas) {
  Patience patience;
  const std::string master = lab.Master(), replica = lab.Replicas()[0];
  RedisExporter exporter;
  exporter.AwaitHealthy();
  lab.Cli(master, {"FLUSHALL"});
  lab.Cli(master, {"CONFIG", "SET", "appendonly", "no"});  // what is written now is not kept
  Fill(exporter, master, 200);
  Page before = exporter.Await(5, "the replica has them", [&](const Page& page) {
    return page.Get("redis_sentinel_node_keys", OfNode(replica)).value_or(0) >= 200;
  });
  EXPECT_EQ(Resets(before, master), 0) << "FLUSHALL is what a client wanted";
  RedisFault("kill", "start", master).End();
  ASSERT_EQ(lab.Master(), master) << "too slow: it was failed over";
  Page page = exporter.Await(15, "the reset of both", [&](const Page& p) {
    return Resets(p, master) == 1 && Resets(p, replica) == 1;
  });
  EXPECT_EQ(Restarts(page, master), 1);
  EXPECT_EQ(Restarts(page, replica), 0);
}

}  // namespace
