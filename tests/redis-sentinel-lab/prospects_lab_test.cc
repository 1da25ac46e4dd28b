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
  AwaitBlocked(exporter, "no_eligible_replica");
  EXPECT_EQ(Ckquorum().rfind("OK 3 usable", 0), 0u) << Ckquorum();
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

}  // namespace
