// States in which no failover is possible, two of which SENTINEL CKQUORUM finds well.
#include "tests/redis-sentinel-lab/lab.h"

namespace {

using RedisProspectsLab = RedisLabTest;

std::string Ckquorum() {
  return RedisLab::The().Cli("s1", {"SENTINEL", "CKQUORUM", "mymaster"});
}

Page AwaitBlocked(const RedisExporter& exporter, const std::string& reason) {
  Labels blocked = {{"master_name", "mymaster"}, {"reason", reason}};
  return exporter.Await(20, "no failover is possible: " + reason, [&](const Page& p) {
    return p.Is("redis_sentinel_failover_possible", {{"master_name", "mymaster"}}, 0) &&
           p.Is("redis_sentinel_failover_blocked", blocked, 1);
  });
}

TEST_F(RedisProspectsLab, WithoutALiveReplica) {
  auto replicas = lab.Replicas();
  RedisExporter exporter;
  exporter.AwaitHealthy();
  RedisFault one("kill", "start", replicas[0]), two("kill", "start", replicas[1]);
  Page page = AwaitBlocked(exporter, "no_eligible_replica");
  EXPECT_EQ(Ckquorum().rfind("OK 3 usable", 0), 0u) << Ckquorum();
  EXPECT_TRUE(page.Is("redis_sentinel_view_ckquorum_ok", {{"sentinel", lab.Address("s1")}}, 1));
}

TEST_F(RedisProspectsLab, WithoutAQuorum) {
  RedisExporter exporter;
  exporter.AwaitHealthy();
  RedisFault one("kill", "start", "s2"), two("kill", "start", "s3");
  AwaitBlocked(exporter, "no_quorum");
}

TEST_F(RedisProspectsLab, WithReplicasThatAreNeverToBePromoted) {
  auto replicas = lab.Replicas();
  RedisExporter exporter;
  exporter.AwaitHealthy();
  for (auto& replica : replicas) lab.Do("priority", {replica, "0"});
  AwaitBlocked(exporter, "no_eligible_replica");
  for (auto& replica : replicas) lab.Do("priority", {replica, "100"});
}

// Sentinels hide them, and promote them.
TEST_F(RedisProspectsLab, WithReplicasThatAreNotAnnounced) {
  const std::string master = lab.Master();
  auto replicas = lab.Replicas();
  RedisExporter exporter;
  exporter.AwaitHealthy();
  for (auto& replica : replicas) lab.Cli(replica, {"CONFIG", "SET", "replica-announced", "no"});
  exporter.Await(20, "nobody knows whether a failover is possible", [&](const Page& p) {
    return p.Is("redis_sentinel_known_replicas", {{"master_name", "mymaster"}}, 0) &&
           !p.Has("redis_sentinel_failover_possible") && !p.Has("redis_sentinel_eligible_replicas") &&
           p.Is("redis_sentinel_unknown_replicas", {{"master_name", "mymaster"}}, 2);
  });
  EXPECT_EQ(lab.Cli("s1", {"SENTINEL", "FAILOVER", "mymaster"}), "OK");
  EXPECT_TRUE(Eventually(20, "one of them is the master", [&] { return lab.Master() != master; }));
  for (auto& replica : replicas) lab.Cli(replica, {"CONFIG", "SET", "replica-announced", "yes"});
}

}  // namespace
