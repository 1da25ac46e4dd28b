#include <gtest/gtest.h>

#include "exporters/redis-sentinel/node_eye.h"
#include "tests/redis-sentinel/recorded.h"

namespace {

using namespace std::chrono_literals;

std::string PageOf(const Info& info, std::optional<double> start = {}) {
  Samples samples(RenderLabels({{"node", "n"}}));
  ShowNode(info, start, samples);
  return RenderPage({&samples}, Format::kText);
}

bool Has(const std::string& page, const std::string& line) {
  return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

int Count(const std::string& page, const std::string& text) {
  int n = 0;
  for (std::size_t at = 0; (at = page.find(text, at)) != std::string::npos; ++at) ++n;
  return n;
}

Info InfoIn(const std::string& file) {
  auto info = file.ends_with(".resp") ? TakeInfo(RepliesIn(RecordedFile(file)).at(0))
                                      : ParseInfo(RecordedFile(file));
  EXPECT_TRUE(info.ok()) << file << ": " << info.status();
  return info.ok() ? *info : Info();
}

TEST(NodeDetails, OfEveryVersion) {
  for (std::string file : {"redis7.0.resp", "redis8.0.resp", "valkey8.1.resp",
                           "redis7.0.replica.info", "redis8.0.replica.info",
                           "valkey8.1.replica.info"}) {
    SCOPED_TRACE(file);
    std::string page = PageOf(InfoIn(file), 1000.5);
    bool valkey = file.starts_with("valkey");
    EXPECT_NE(page.find(std::string("flavor=\"") + (valkey ? "valkey" : "redis") + "\""),
              std::string::npos);
    EXPECT_TRUE(Has(page, "redis_sentinel_node_start_timestamp_seconds{node=\"n\"} 1000.5"));
    EXPECT_TRUE(Has(page, "redis_sentinel_node_loading{node=\"n\"} 0"));
    EXPECT_TRUE(Has(page, "redis_sentinel_persistence_aof_write_ok{node=\"n\"} 1"));
    EXPECT_TRUE(Has(page, "redis_sentinel_persistence_rdb_ok{node=\"n\"} 1"));
    EXPECT_EQ(page.find("loading_remaining"), std::string::npos);
    EXPECT_EQ(Count(page, "\nredis_sentinel_node_errors_total{"), 11);
    EXPECT_GT(Count(page, "# TYPE "), 30);
  }
}

TEST(NodeDetails, NothingIsInvented) {
  std::string page = PageOf(Info());
  EXPECT_EQ(Count(page, "# TYPE "), 1) << page;
  EXPECT_EQ(Count(page, "redis_sentinel_node_info{"), 1);
}

TEST(NodeDetails, ErrorsHaveAClosedSetOfKinds) {
  Info info;
  info.errors_total = {{"READONLY", 3}, {"MADEUP", 4}, {"MADEUP2", 5}};
  std::string page = PageOf(info), name = "redis_sentinel_node_errors_total{node=\"n\",error=";
  EXPECT_TRUE(Has(page, name + "\"READONLY\"} 3")) << page;
  EXPECT_TRUE(Has(page, name + "\"MISCONF\"} 0"));
  EXPECT_TRUE(Has(page, name + "\"other\"} 9"));
  EXPECT_EQ(Count(page, "MADEUP"), 0);
  EXPECT_EQ(Count(page, name), 11);
}

TEST(NodeDetails, AnEmptyServerHasNoKeysAndAnUnknownOneSaysNothing) {
  Info info;
  EXPECT_EQ(Count(PageOf(info), "redis_sentinel_node_keys"), 0);
  info.databases.emplace();
  EXPECT_TRUE(Has(PageOf(info), "redis_sentinel_node_keys{node=\"n\",db=\"0\"} 0"));
  info.databases = {{3, 7}};
  std::string page = PageOf(info);
  EXPECT_TRUE(Has(page, "redis_sentinel_node_keys{node=\"n\",db=\"0\"} 0"));
  EXPECT_TRUE(Has(page, "redis_sentinel_node_keys{node=\"n\",db=\"3\"} 7"));
}

TEST(NodeDetails, ManyDatabasesAreBounded) {
  Info info;
  info.databases.emplace();
  for (int i = 0; i < 100; ++i) info.databases->push_back({i, 2});
  std::string page = PageOf(info);
  EXPECT_EQ(Count(page, "\nredis_sentinel_node_keys{"), 17);
  EXPECT_TRUE(Has(page, "redis_sentinel_node_keys{node=\"n\",db=\"other\"} 168")) << page;
}

TEST(NodeDetails, PersistenceThatFails) {
  Info info;
  info.aof_write_ok = false;
  info.rdb_ok = false;
  info.fork_microseconds = 1500;
  info.loading_eta = 12s;
  std::string page = PageOf(info);
  EXPECT_TRUE(Has(page, "redis_sentinel_persistence_aof_write_ok{node=\"n\"} 0"));
  EXPECT_TRUE(Has(page, "redis_sentinel_persistence_rdb_ok{node=\"n\"} 0"));
  EXPECT_TRUE(Has(page, "redis_sentinel_persistence_fork_seconds{node=\"n\"} 0.0015"));
  EXPECT_TRUE(Has(page, "redis_sentinel_node_loading_remaining_seconds{node=\"n\"} 12"));
}

TEST(StartTime, DoesNotWaverAndFollowsARestart) {
  StartTime start;
  Info info;
  EXPECT_FALSE(start.Of(info, 1000));
  info.run_id = std::string(40, 'a');
  info.uptime = 10s;
  EXPECT_EQ(start.Of(info, 1000.9), 990.9);
  info.uptime = 12s;
  EXPECT_EQ(start.Of(info, 1002.1), 990.9);
  info.run_id = std::string(40, 'b');
  info.uptime = 1s;
  EXPECT_EQ(start.Of(info, 1010), 1009);
}

}  // namespace
