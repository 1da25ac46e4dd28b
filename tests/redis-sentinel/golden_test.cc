// A whole page from recorded answers at a fixed clock, compared byte by byte with
// tests/golden/redis-sentinel.prom; `tests/run --update` writes it anew.
#include <set>
#include <string_view>

#include "tests/common/golden.h"

#include "exporters/redis-sentinel/node_eye.h"
#include "exporters/redis-sentinel/sentinel_eye.h"
#include "exporters/redis-sentinel/write_canary.h"
#include "tests/redis-sentinel/recorded.h"
#include "tests/redis-sentinel/replay.h"

namespace {

Samples Node(const std::string& name, const absl::StatusOr<Info>& info) {
  Samples samples(RenderLabels({{"node", name}}));
  EXPECT_TRUE(info.ok()) << name;
  ShowRestarts(1, samples);
  if (info.ok()) ShowNode(*info, kOrigin - 86400, samples);
  return samples;
}

Samples Master() {
  auto info = TakeInfo(RepliesIn(RecordedFile("redis7.0.resp")).at(0));
  if (info.ok()) info->loading_eta = std::chrono::seconds(4);
  return Node(kNodes[2], info);
}
Samples Replica() { return Node(kNodes[1], ParseInfo(RecordedFile("valkey8.1.replica.info"))); }

Samples Sentinel() {
  Samples samples(RenderLabels({{"sentinel", "10.88.0.11:26379"}}));
  auto info = ParseInfo(RecordedFile("redis7.0.sentinel.info"));
  EXPECT_TRUE(info.ok());
  if (!info.ok()) return samples;
  info->tilt = true;
  info->tilt_for = std::chrono::seconds(7);
  ShowSentinel(*info, kOrigin - 86400, kOrigin, samples);
  return samples;
}

// What the recordings leave out of an answer. The first node is cut off from its master.
void Complete(const std::string& node, Info& info) {
  using std::chrono::seconds;
  info.unsaved_changes = info.offset_bytes.value_or(0) / 50;
  info.rdb_last_save_unix = static_cast<long long>(kOrigin) - 3600;
  info.backlog_size_bytes = 1 << 20;
  if (info.role == Role::kMaster) {
    info.replicas = {{Address(kNodes[1]), 1000, 1}};
    return;
  }
  info.link_up = node != kNodes[0];
  info.sync_in_progress = false;
  if (*info.link_up) info.last_io = seconds(1);
  else info.link_down = seconds(3);
}

// Recorded evidence until `end`, of the master `name`; writes of 50 bytes.
std::vector<RedisEvidence> Recorded(const std::string& timeline, double end,
                                    const std::string& name = "mymaster") {
  std::vector<RedisEvidence> all;
  for (auto& e : Timeline(timeline)) {
    if (EndOf(e) > end) break;
    if (auto* look = std::get_if<NodeLook>(&e.seen); look != nullptr && look->info)
      Complete(look->node, *look->info);
    if (auto* look = std::get_if<SentinelLook>(&e.seen))
      for (auto& view : look->views) {
        view.master.name = name;
        view.quorum = QuorumCheck{3, true, true};
      }
    if (auto* event = std::get_if<EventLook>(&e.seen)) event->event.master_name = name;
    all.push_back(e);
  }
  return all;
}

// SENTINEL FAILOVER while the old master still takes writes, with all that is configured.
Samples Switchover() {
  DeploymentOptions options = OneDeployment();
  options.expected_sentinels = 3;
  options.expected_replicas = 2;
  options.sites = {{"on-premise", {*Network::Parse("10.88.0.0/28")}},
                   {"cloud", {*Network::Parse("10.88.0.12/30")}}};
  Deployment deployment(options);
  for (auto& e : Recorded("manual", 10)) deployment.Step(e, NowAt(EndOf(e)));
  for (std::string host : {"10.88.0.11", "10.88.0.12"}) {
    const std::string sentinel = host + ":26379";
    deployment.Step({{"events " + sentinel, At(9), At(9)},
                     SubscriptionLook{sentinel, host != "10.88.0.12", At(10)}},
                    NowAt(9));
  }
  Samples samples;
  deployment.Show(NowAt(10), samples);
  return samples;
}

// A set of another deployment, which has the same addresses in the recordings.
Samples SetAfter(const std::string& timeline, const std::string& name) {
  Deployment deployment(OneDeployment());
  auto all = Recorded(timeline, 1e9, name);
  double end = EndOf(all.back());
  for (auto& e : all) deployment.Step(e, NowAt(EndOf(e)));
  Samples samples;
  deployment.sets().at(name).Show(NowAt(end), samples);
  return samples;
}

Samples Canary() {
  Samples samples(RenderLabels({{"master_name", "mymaster"}}));
  WriteCanary canary(std::chrono::hours(1));
  canary.Step(5, At(0), At(0.001));
  canary.Step(absl::UnavailableError("gone"), At(1), At(1.001));
  canary.Step(3, At(2), At(2.0015));
  canary.Show(std::chrono::seconds(1), samples);
  return samples;
}

std::string Page() {
  Samples master = Master(), replica = Replica(), sentinel = Sentinel();
  Samples switchover = Switchover(), failover = SetAfter("kill9", "orders");
  Samples stuck = SetAfter("noreplica", "cache");
  Samples self = GoldenSelf("redis", "sessions/" + kNodes[0]);
  Samples canary = Canary();
  return RenderPage({&canary, &master, &replica, &sentinel, &switchover, &failover, &stuck, &self},
                    Format::kText);
}

TEST(Golden, ThePageIsTheGoldenOne) { ExpectGolden("tests/golden/redis-sentinel.prom", Page()); }

TEST(Golden, HoldsEveryMetricOfTheCatalogue) { ExpectWholeCatalogue(Page()); }

TEST(Golden, TheDocumentedMetricsAreTheCatalogue) { ExpectDocumented("redis-sentinel"); }

// oliver006/redis_exporter has these with other labels: on one Prometheus they would be mixed.
TEST(Golden, NoNameIsOneOfTheUsualRedisExporter) {
  const std::set<std::string_view> theirs = {
      "masters", "master_status", "master_slaves", "master_sentinels", "master_ok_slaves",
      "master_ok_sentinels", "master_ckquorum_status", "master_config_epoch",
      "master_last_ok_ping_reply_seconds", "peer_info", "tilt", "running_scripts",
      "scripts_queue_length", "simulate_failure_flags"};
  const std::string_view prefix = "redis_sentinel_";
  int ours = 0;
  for (auto* metric : MetricBase::Catalogue()) {
    std::string_view name = metric->name;
    if (!name.starts_with(prefix)) continue;
    ++ours;
    name.remove_prefix(prefix.size());
    EXPECT_FALSE(theirs.contains(name) || name.starts_with("master_setting_")) << name;
  }
  EXPECT_GT(ours, 100);
}

TEST(Golden, NoSeriesTwice) { ExpectNoSeriesTwice(Page()); }

}  // namespace
