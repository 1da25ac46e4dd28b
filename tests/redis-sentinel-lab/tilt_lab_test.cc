// A Sentinel that hung. For 30 s after that it takes no part in failovers, so this file is the last.
#include "tests/redis-sentinel-lab/lab.h"

namespace {

using RedisTiltLab = RedisLabTest;

TEST_F(RedisTiltLab, ASentinelThatHangsIsSilentAndThenInTilt) {
  RedisExporter exporter;
  exporter.AwaitHealthy();
  RedisFault frozen("stop", "cont", "s3");
  Labels of = {{"sentinel", lab.Address("s3")}};
  Page page = exporter.Await(10, "it neither answers nor speaks", [&](const Page& p) {
    return p.Is("redis_sentinel_sentinel_up", of, 0) && !Succeeds(p, "sentinel", "s3") &&
           !Succeeds(p, "sentinel_events", "s3");
  });
  EXPECT_FALSE(page.Has("redis_sentinel_tilt_active", of));
  EXPECT_TRUE(page.Is("ha_service_up", Scope(), 1));
  frozen.End();
  page = exporter.Await(10, "it is in TILT", [&](const Page& p) {
    return p.Is("redis_sentinel_tilt_active", of, 1) && Succeeds(p, "sentinel_events", "s3");
  });
  EXPECT_NEAR(page.Get("redis_sentinel_tilt_start_timestamp_seconds", of).value_or(0),
              Now::Read().unix_seconds, 10);
  EXPECT_EQ(page.Get("ha_outages_total", Scope()), 0);
}

TEST_F(RedisTiltLab, WithTwoInTiltNoFailoverIsPossibleAndCkquorumIsContent) {
  RedisExporter exporter;
  RedisFault two("stop", "cont", "s2"), three("stop", "cont", "s3");
  Deadline standstill = Deadline::In(std::chrono::milliseconds(2500));  // TILT is from 2 s on
  exporter.Await(10, "they are silent", [&](const Page& p) {
    return p.Is("redis_sentinel_sentinel_up", {{"sentinel", lab.Address("s3")}}, 0);
  });
  ASSERT_TRUE(Eventually(10, "they are found down", [&] {
    return lab.Cli("s1", {"SENTINEL", "SENTINELS", "mymaster"}).find("s_down") != std::string::npos;
  }));
  standstill.Wait(-1, 0);
  two.End();
  three.End();
  Labels tilt = {{"master_name", "mymaster"}, {"reason", "tilt"}};
  exporter.Await(20, "no failover is possible", [&](const Page& p) {
    return p.Is("redis_sentinel_failover_possible", {{"master_name", "mymaster"}}, 0) &&
           p.Is("redis_sentinel_failover_blocked", tilt, 1);
  });
  EXPECT_TRUE(Eventually(5, "they are found up", [&] {
    return lab.Cli("s1", {"SENTINEL", "SENTINELS", "mymaster"}).find("s_down") == std::string::npos;
  }));
  EXPECT_TRUE(lab.Cli("s1", {"SENTINEL", "CKQUORUM", "mymaster"}).starts_with("OK 3 usable"));
  EXPECT_TRUE(exporter.Scrape().Is("redis_sentinel_failover_possible",
                                   {{"master_name", "mymaster"}}, 0));
}

}  // namespace
