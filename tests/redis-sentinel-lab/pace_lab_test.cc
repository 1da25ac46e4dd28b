// When something is heard or looked at: events that come late, and the fast pace.
#include "tests/redis-sentinel-lab/link.h"

using namespace std::chrono_literals;

namespace {

using RedisPaceLab = RedisLabTest;

Labels Phase(const std::string& phase) { return {{"master_name", "mymaster"}, {"phase", phase}}; }

// The Sentinel that leads a failover is cut off meanwhile, and all that it said comes in a burst.
// Its +failover-end alone would say how long the replicas took to follow: 3 s, which is not true.
TEST_F(RedisPaceLab, WhatComesInABurstAfterACutIsCountedAndDatesNothing) {
  const Labels of = {{"sentinel", lab.Address("s1")}};
  const Labels ended = {{"sentinel", lab.Address("s1")}, {"event", "+failover-end"}};
  const Labels changed = Scope({{"kind", "failover"}});  // that it was asked for only s1 knows
  Link link("s1");
  RedisExporter exporter("s2", {link.AsAddressMap()});
  exporter.Await(20, "there is a replica to promote", [](const Page& p) {
    return p.Is("redis_sentinel_failover_possible", {{"master_name", "mymaster"}}, 1);
  });
  Page before = exporter.AwaitHealthy();
  ASSERT_EQ(before.Get("redis_sentinel_late_events_total", of), 0);
  const Now begin = Now::Read();
  link.Tell("blackhole");
  lab.Do("failover");  // s1 leads it
  Page cut = exporter.Await(3, "the other Sentinels tell", [&](const Page& p) {
    return p.Is("ha_failovers_total", changed, 1);
  });
  EXPECT_EQ(cut.Get("redis_sentinel_events_total", ended), 0);
  // +failover-end is said a second later. A ping is given up 5 s after it was sent.
  Deadline(begin.at + 3600ms).Wait(-1, 0);
  link.Tell("pass");
  Page after = exporter.Await(5, "what was said meanwhile comes", [&](const Page& p) {
    return p.Is("redis_sentinel_events_total", ended, 1);
  });
  EXPECT_GE(after.Get("redis_sentinel_late_events_total", of).value_or(0), 5)
      << after.Lines("events_total");
  EXPECT_TRUE(after.Is("ha_failovers_total", changed, 1));
  EXPECT_LE(after.Get("ha_last_failover_timestamp_seconds", Scope()).value_or(0), begin.unix_seconds + 3);
  for (std::string phase : {"elect", "promote", "reconfigure"})
    EXPECT_FALSE(after.Has("redis_sentinel_last_failover_phase_seconds", Phase(phase))) << phase;
}

TEST_F(RedisPaceLab, EverythingIsLookedAtFiveTimesASecondAfterAFault) {
  Link link(lab.Replicas()[0]);
  RedisExporter exporter("s1", {link.AsAddressMap()});
  exporter.AwaitHealthy();
  ASSERT_TRUE(Eventually(80, "it is calm", [&] { return link.CountFor("turns", 2) <= 3; }));
  RedisFault killed("kill", "start", lab.Master());
  EXPECT_TRUE(Eventually(5, "its looks come fast", [&] { return link.CountFor("turns", 1) > 3; }));
  const Instant begin = Clock::now();
  const int turns = link.CountFor("turns", 4);
  EXPECT_GE(turns, 12);
  EXPECT_LE(turns, 5 * Seconds(Clock::now() - begin) + 4);
}

}  // namespace
