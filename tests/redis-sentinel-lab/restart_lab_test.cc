// A new process with the facts of the last one.
#include <filesystem>
#include <fstream>

#include "tests/redis-sentinel-lab/lab.h"

namespace {

class RedisRestartLab : public RedisLabTest {
 protected:
  // The environment of a service with a directory for its state.
  std::vector<std::string> WithState(const std::string& name) const {
    const std::string directory = lab.directory() + "/" + name;
    std::filesystem::create_directories(directory);
    return {"env", "STATE_DIRECTORY=" + directory};
  }
  void SetSentinelPassword(const std::string& password) const {
    for (std::string sentinel : {"s1", "s2", "s3"})
      lab.Cli(sentinel, {"ACL", "SETUSER", "exporter", "resetpass", ">" + password});
  }
};

// The alerts RedisNobodyLooking and RedisNoSentinelAnswers have something to stand on.
TEST_F(RedisRestartLab, WithAPasswordThatIsWrongSinceItsMastersAreStillOnThePage) {
  const auto state = WithState("blind");
  { RedisExporter("s1", {}, state).AwaitHealthy(); }
  std::string password;
  std::getline(std::ifstream(lab["SENTINEL_EXPORTER_PASSWORD_FILE"]), password);
  SetSentinelPassword("another-password");
  {
    const Labels set = {{"master_name", "mymaster"}};
    RedisExporter exporter("s1", {}, state);
    Page page = exporter.Await(10, "nobody lets it in", [](const Page& p) {
      return p.Is("redis_sentinel_answering_sentinels", {{"deployment", "lab"}}, 0);
    });
    EXPECT_TRUE(page.Has("ha_look_interval_seconds", Scope()));
    EXPECT_FALSE(page.Has("ha_service_up", Scope()));
    EXPECT_TRUE(page.Is("redis_sentinel_failover_possible", set, 0));
    EXPECT_TRUE(page.Is("redis_sentinel_reachable_sentinels", set, 0));
  }
  SetSentinelPassword(password);
}

TEST_F(RedisRestartLab, WhatTheLastChangeTookIsStillKnown) {
  const auto state = WithState("changed");
  const std::string phases = "redis_sentinel_last_failover_phase_seconds";
  const std::string lost = "redis_sentinel_last_failover_lost_low_writes";
  Page before;
  {
    RedisExporter exporter("s1", {}, state);
    exporter.Await(20, "there is a replica to promote", [](const Page& p) {
      return p.Is("redis_sentinel_failover_possible", {{"master_name", "mymaster"}}, 1);
    });
    exporter.AwaitHealthy();
    lab.Do("failover");
    before = exporter.Await(30, "the old master is a replica", [&](const Page& p) {
      return p.Has(phases, {{"phase", "demote"}}) && p.Has(lost);
    });
  }
  RedisExporter later("s1", {}, state);
  Page page = later.AwaitHealthy();
  EXPECT_GE(before.All(phases).size(), 4u) << before.Lines(phases);
  EXPECT_EQ(page.All(phases).size(), before.All(phases).size()) << page.Lines(phases);
  for (auto& sample : before.All(phases))
    EXPECT_NEAR(page.Get(phases, sample.labels).value_or(-1), sample.value, 0.001);
  EXPECT_EQ(page.Get(lost), before.Get(lost));
}

}  // namespace
