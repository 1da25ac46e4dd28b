#include "exporters/redis-sentinel/replication_set.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/redis-sentinel/replay.h"

namespace {

const std::string k1 = "10.88.0.11:6379", k2 = "10.88.0.12:6379", k3 = "10.88.0.13:6379";
const std::string kRedis = "{service=\"redis\",scope=\"mymaster\"}";

struct Replay {
  Deployment deployment{OneDeployment()};
  double end = 0;

  explicit Replay(const std::vector<RedisEvidence>& all) { Step(all); }
  void Step(const std::vector<RedisEvidence>& all) {
    for (auto& e : all) deployment.Step(e, NowAt(end = EndOf(e)));
  }
  double Value(const std::string& name, const std::string& labels = kRedis) const {
    return ValueOf(deployment, end, name + labels);
  }
  const Service& service() const { return deployment.sets().at("mymaster").service(); }
  OutageFact outage() const {
    return service().outages().empty() ? OutageFact() : service().outages().back();
  }
  FailoverFact failover() const {
    return service().failovers().empty() ? FailoverFact() : service().failovers().back();
  }
};

void ExpectOutage(const Replay& r, double truth) {
  ASSERT_EQ(r.service().outages().size(), 1u);
  OutageFact f = r.outage();
  ASSERT_TRUE(f.mid_seconds && f.high_seconds);
  EXPECT_LE(f.low_seconds, truth);
  EXPECT_GE(*f.high_seconds, truth);
  EXPECT_NEAR(*f.mid_seconds, truth, 0.15);
}

// By what the Sentinels say alone: the clients of their side.
void ExpectUnreachable(const Replay& r, double truth) {
  const std::string name = "redis_sentinel_last_failover_unreachable_";
  double low = r.Value(name + "low_seconds", "{master_name=\"mymaster\"}");
  double high = r.Value(name + "high_seconds", "{master_name=\"mymaster\"}");
  EXPECT_LE(low, truth);
  EXPECT_GE(high, truth);
  EXPECT_LT(high - low, 2);
}

// `bytes`: by looks every 100 ms, of which every other one is here. Writes are 50 bytes each, and
// the rest is what Sentinels and pings add.
void ExpectLost(const Replay& r, double writes, double bytes, double seconds) {
  const Loss& loss = r.failover().loss;
  ASSERT_TRUE(loss.low_bytes && loss.high_seconds);
  EXPECT_LE(*loss.low_bytes, bytes);
  EXPECT_GE(*loss.low_bytes, bytes - 1200);
  EXPECT_GT(bytes, 50 * writes);
  EXPECT_GE(*loss.high_seconds, seconds);
  EXPECT_NEAR(*loss.high_seconds, seconds, 0.6);
}

TEST(Recorded, KilledMaster) {
  Replay r(Timeline("kill9"));
  ExpectOutage(r, 2.76);
  ExpectUnreachable(r, 2.76);
  EXPECT_NEAR(r.outage().start_unix_seconds, kOrigin, 0.2);
  EXPECT_NEAR(r.outage().end_unix_seconds, kOrigin + 2.747, 0.5);
  ASSERT_EQ(r.service().failovers().size(), 1u);
  EXPECT_EQ(r.failover().kind, "failover");
  EXPECT_EQ(r.failover().from, k1);
  EXPECT_EQ(r.failover().to, k2);
  // It came back at 10.01 s and was made a replica at 20.13 s.
  EXPECT_NEAR(r.Value("ha_split_brain_seconds_total"), 10.05, 0.5);
  EXPECT_EQ(r.Value("ha_split_brain"), 0);
  // No write was lost; its process was seen to be gone soon after.
  EXPECT_EQ(r.failover().loss.low_bytes, 0);
  EXPECT_FALSE(r.failover().loss.high_bytes);
  EXPECT_EQ(r.failover().loss.low_seconds, 0);
  ASSERT_TRUE(r.failover().loss.high_seconds);
  EXPECT_LT(*r.failover().loss.high_seconds, 0.5);
  EXPECT_EQ(r.Value("ha_service_up"), 1);
  std::string active = "{service=\"redis\",scope=\"mymaster\",holder=\"" + k2 + "\"}";
  EXPECT_EQ(r.Value("ha_active", active), 1);
}

// Another election, another winner; the old master comes back 9.1 s later and writes for 11 s.
TEST(Recorded, KilledMasterOfWhichAnotherReplicaTakesOver) {
  Replay r(Timeline("rawkill9"));
  ExpectOutage(r, 2.75);
  ExpectUnreachable(r, 2.75);
  ASSERT_EQ(r.service().failovers().size(), 1u);
  EXPECT_EQ(r.failover().kind, "failover");
  EXPECT_EQ(r.failover().to, k3);
  EXPECT_NEAR(r.Value("ha_split_brain_seconds_total"), 11, 0.5);
  EXPECT_EQ(r.failover().loss.low_bytes, 0);
}

// A Sentinel hung for 4 s and is in TILT for 30: clients and the master notice nothing, and the
// two others would have done.
TEST(Recorded, OneSentinelInTilt) {
  auto all = Timeline("tilt");
  Replay r({});
  bool missed = false, possible = true;
  for (auto& e : all) {
    r.Step({e});
    const std::string name = "{master_name=\"mymaster\"}";
    missed |= r.Value("redis_sentinel_reachable_sentinels", name) == 2;
    possible &= r.end < -2 || r.Value("redis_sentinel_failover_possible", name) == 1;
  }
  EXPECT_TRUE(missed);
  EXPECT_TRUE(possible);
  EXPECT_EQ(r.Value("redis_sentinel_events_total",
                    "{sentinel=\"10.88.0.11:26379\",event=\"+tilt\"}"), 1);
  EXPECT_EQ(r.Value("ha_service_up"), 1);
  EXPECT_EQ(r.Value("ha_outages_total"), 0);
  EXPECT_EQ(r.service().failovers().size(), 0u);
}

TEST(Recorded, HungMaster) {
  Replay r(Timeline("sigstop"));
  ExpectOutage(r, 3.07);
  ExpectUnreachable(r, 3.07);
  ASSERT_EQ(r.service().failovers().size(), 1u);
  EXPECT_EQ(r.failover().kind, "failover");
  EXPECT_NEAR(r.Value("ha_split_brain_seconds_total"), 9.2, 0.5);
}

TEST(Recorded, SentinelFailoverHasNoOutageButTwoMasters) {
  Replay r(Timeline("manual"));
  EXPECT_EQ(r.service().outages().size(), 0u);
  EXPECT_EQ(r.Value("ha_outages_total"), 0);
  ASSERT_EQ(r.service().failovers().size(), 1u);
  EXPECT_EQ(r.failover().kind, "switchover");
  EXPECT_EQ(r.failover().to, k3);
  EXPECT_NEAR(r.failover().unix_seconds, kOrigin + 1.097, 0.5);
  EXPECT_NEAR(r.Value("ha_split_brain_seconds_total"), 10.95, 0.5);
  ExpectLost(r, 1100, 57869, 10.98);
}

// While there are two, what the old one would have to drop is told.
TEST(Recorded, DivergenceGrowsWhileThereAreTwoMasters) {
  auto all = Timeline("manual");
  std::erase_if(all, [](auto& e) { return EndOf(e) > 8; });
  Replay r(all);
  const std::string old = "{master_name=\"mymaster\",node=\"" + k1 + "\"}";
  EXPECT_EQ(r.Value("ha_split_brain"), 1);
  EXPECT_NEAR(r.Value("redis_sentinel_split_brain_diverged_bytes", old), 57869 * 7 / 11., 5000);
  EXPECT_TRUE(std::isnan(r.Value("redis_sentinel_split_brain_diverged_writes", old)))
      << "the recording has no count of changes";
  EXPECT_TRUE(std::isnan(Replay(Timeline("manual"))
                             .Value("redis_sentinel_split_brain_diverged_bytes", old)));
}

TEST(Recorded, DivergedWritesByTheCountOfChanges) {
  auto all = Timeline("manual");
  std::erase_if(all, [](auto& e) { return EndOf(e) > 8; });
  for (auto& e : all)
    if (auto* look = std::get_if<NodeLook>(&e.seen); look && look->info)
      look->info->unsaved_changes = look->info->offset_bytes.value_or(0) * 1100 / 57869;
  Replay r(all);
  const std::string old = "{master_name=\"mymaster\",node=\"" + k1 + "\"}";
  EXPECT_NEAR(r.Value("redis_sentinel_split_brain_diverged_writes", old), 1100 * 7 / 11., 95);
}

// We see both sides, as clients on either side do who stay on it: the old master never stopped.
TEST(Recorded, CutNetworkHasTwoMastersAllTheWhile) {
  Replay r(Timeline("partition"));
  ASSERT_EQ(r.service().failovers().size(), 1u);
  EXPECT_EQ(r.failover().kind, "failover");
  EXPECT_EQ(r.failover().to, k2);
  EXPECT_EQ(r.service().outages().size(), 0u);
  ExpectUnreachable(r, 3.167);
  EXPECT_NEAR(r.Value("ha_split_brain_seconds_total"), 19.9, 0.5);
  ExpectLost(r, 1111, 68651, 22.2);
}

// As it is seen beside the old master alone: the others do not answer until the network is whole.
std::vector<RedisEvidence> SeenFromTheOldMastersSide() {
  constexpr double kCut = 0, kWhole = 11.8;
  std::vector<RedisEvidence> seen;
  for (auto& e : Timeline("partition")) {
    const bool beside = e.eye.find("10.88.0.11:") != std::string::npos;
    const double begin = Seconds(e.begin - At(0)), end = EndOf(e);
    auto* sentinel = std::get_if<SentinelLook>(&e.seen);
    auto* node = std::get_if<NodeLook>(&e.seen);
    if (beside || end < kCut || begin > kWhole) seen.push_back(e);
    else if (sentinel != nullptr) seen.push_back(SentinelFailed(begin, end, sentinel->sentinel));
    else if (node != nullptr)
      seen.push_back(NodeFailed(begin, end, node->node, absl::DeadlineExceededError("timeout")));
  }
  return seen;
}

// Who does not hear the wish for a failover must not invent one: nobody would be alarmed.
TEST(Recorded, AFailoverBeyondACutNetworkIsNoSwitchover) {
  Replay r(SeenFromTheOldMastersSide());
  ASSERT_EQ(r.service().failovers().size(), 1u);
  EXPECT_EQ(r.failover().kind, "failover");
  EXPECT_EQ(r.failover().to, k2);
}

TEST(Recorded, IsolatedMaster) {
  Replay r(Timeline("isolate"));
  ExpectOutage(r, 3.16);
  ExpectUnreachable(r, 3.16);
  EXPECT_EQ(r.failover().kind, "failover");
  EXPECT_NEAR(r.Value("ha_split_brain_seconds_total"), 10.2, 0.5);
}

TEST(Recorded, NobodyToTakeOver) {
  Replay r(Timeline("noreplica"));
  ASSERT_TRUE(r.service().open_outage());
  EXPECT_NEAR(r.Value("ha_open_outage_start_timestamp_seconds"), kOrigin + 4.02, 0.2);
  EXPECT_EQ(r.Value("ha_service_up"), 0);
  EXPECT_GE(r.Value("redis_sentinel_incidents_total",
                    "{master_name=\"mymaster\",kind=\"failover_no_good_replica\"}"), 1);
  EXPECT_EQ(r.service().failovers().size(), 0u);
  auto stories = r.deployment.Stories();
  EXPECT_TRUE(std::any_of(stories.begin(), stories.end(), [](const Story& story) {
    return story.text == "mymaster: " + k1 + " was not failed over: no replica was fit for it";
  }));
}

}  // namespace
