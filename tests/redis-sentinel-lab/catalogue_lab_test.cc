// The live page against the golden one and the documentation.
#include <fstream>
#include <set>
#include <sstream>

#include "tests/redis-sentinel-lab/lab.h"

using namespace std::chrono_literals;

namespace {

using RedisCatalogueLab = RedisLabTest;

std::string TextOf(const std::string& path) {
  std::ifstream file(SOURCE_DIR "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Name and label keys of every series: "redis_sentinel_node_keys{db,node}".
std::set<std::string> Shapes(const Page& page) {
  std::set<std::string> shapes;
  for (auto& sample : page.samples) {
    std::string keys;
    for (auto& [key, value] : sample.labels) keys += (keys.empty() ? "" : ",") + key;
    shapes.insert(sample.name + "{" + keys + "}");
  }
  return shapes;
}

bool StartsWithAny(const std::string& text, const std::vector<std::string>& prefixes) {
  for (auto& prefix : prefixes)
    if (text.starts_with(prefix)) return true;
  return false;
}

// What no quiet lab shows: outages, failovers, TILT, loads, broken links, and what is configured.
const std::vector<std::string> kSometimes = {
    "ha_last_", "ha_open_outage_", "redis_sentinel_last_failover_",
    "redis_sentinel_canary_", "redis_sentinel_split_brain_diverged_",
    "redis_sentinel_expected_sentinels", "redis_sentinel_expected_replicas",
    "redis_sentinel_node_loading_remaining_seconds", "redis_sentinel_tilt_start_timestamp_seconds",
    "redis_sentinel_replication_link_down_timestamp_seconds", "sentinel_exporter_state_directory",
    "sentinel_exporter_samples_dropped"};

TEST_F(RedisCatalogueLab, TheLivePageHasTheShapeOfTheGoldenOne) {
  auto golden = Shapes(ReadPage(TextOf("tests/golden/redis-sentinel.prom")));
  ASSERT_GT(golden.size(), 100u);
  RedisExporter exporter("s1", {"sites: [{name: here, networks: [127.0.0.0/8]}]"});
  exporter.AwaitHealthy();
  std::set<std::string> missing;
  exporter.Await(20, "every series that a healthy set has", [&](const Page& page) {
    auto live = Shapes(page);
    missing.clear();
    for (auto& shape : golden)
      if (!live.count(shape) && !StartsWithAny(shape, kSometimes)) missing.insert(shape);
    return missing.empty();
  });
  for (auto& shape : missing) ADD_FAILURE() << "only on the golden page: " << shape;
  for (auto& shape : Shapes(exporter.Scrape()))
    EXPECT_TRUE(golden.count(shape)) << "only on the live page: " << shape;
}

TEST_F(RedisCatalogueLab, TheProgramListsWhatIsDocumented) {
  auto listed = RunCommand({EXPORTER, "--list-metrics"}, Deadline::In(10s));
  EXPECT_EQ(listed.code, 0);
  EXPECT_EQ("# Metrics of redis-sentinel-exporter\n\n" + listed.output,
            TextOf("exporters/redis-sentinel/METRICS.md"));
}

}  // namespace
