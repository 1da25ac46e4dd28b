// The canary that writes, with and without the rights that it asks for.
#include "tests/redis-sentinel-lab/lab.h"

using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kCanary = {"canary: {enabled: true, interval: 200ms, name: lab}"};
const Labels kMaster = {{"master_name", "mymaster"}};

double Count(const Page& page, const std::string& name) {
  return page.Get("redis_sentinel_canary_" + name, kMaster).value_or(-1);
}

// The rights of the documentation on top, for the time of a test.
class RedisCanaryLab : public RedisLabTest {
 protected:
  void SetUp() override {
    RedisLabTest::SetUp();
    Grant({"~ha-canary:*", "+incr", "+pexpire"});
  }
  void TearDown() override { Grant({"resetkeys", "-incr", "-pexpire"}); }
  void Grant(const std::vector<std::string>& rights) {
    std::vector<std::string> words = {"ACL", "SETUSER", lab["EXPORTER_USER"]};
    words.insert(words.end(), rights.begin(), rights.end());
    for (std::string node : {"r1", "r2", "r3"}) lab.Cli(node, words);
  }
};

TEST_F(RedisCanaryLab, WritesAndSeesTheFailover) {
  const std::string old = lab.Master();
  lab.Cli(old, {"ACL", "LOG", "RESET"});
  RedisExporter exporter("s1", kCanary);
  exporter.AwaitHealthy();
  Page page = exporter.Await(10, "writes",
                             [](const Page& p) { return Count(p, "writes_total") > 5; });
  EXPECT_EQ(Count(page, "errors_total"), 0);
  EXPECT_EQ(Count(page, "lost_writes_total"), 0);
  EXPECT_EQ(Count(page, "unavailable_seconds_total"), 0);
  EXPECT_GT(Count(page, "duration_seconds"), 0);
  EXPECT_GT(std::stoi(lab.Cli(old, {"GET", "ha-canary:lab"})), 5);
  EXPECT_GT(std::stoi(lab.Cli(old, {"PTTL", "ha-canary:lab"})), 3'000'000);
  EXPECT_EQ(lab.Cli(old, {"ACL", "LOG"}).find("exporter"), std::string::npos);
  RedisFault killed("kill", "start", old);
  exporter.Await(20, "it fails", [](const Page& p) { return Count(p, "errors_total") > 0; });
  const double writes = Count(exporter.Scrape(), "writes_total");
  page = exporter.Await(30, "it writes to the new master", [&](const Page& p) {
    return Count(p, "writes_total") > writes + 3;
  });
  EXPECT_GT(Count(page, "unavailable_seconds_total"), 1);  // down-after is 1.5 s
  EXPECT_LT(Count(page, "unavailable_seconds_total"), 15);
  killed.End();
}

TEST_F(RedisCanaryLab, WithoutItsRightsItIsDeniedAndTheRestGoesOn) {
  Grant({"-incr"});
  RedisExporter exporter("s1", kCanary);
  const Labels target = {{"collector", "redis_canary"}, {"target", "lab/mymaster"},
                         {"reason", "denied"}};
  Page page = exporter.Await(10, "it is denied", [&](const Page& p) {
    return p.Get("sentinel_exporter_collector_failures_total", target).value_or(0) >= 1 &&
           Count(p, "errors_total") >= 1;
  });
  EXPECT_EQ(Count(page, "writes_total"), 0);
  EXPECT_EQ(Count(page, "unavailable_seconds_total"), 0);
  exporter.AwaitHealthy();
}

// What is configured by default writes nothing and asks for nothing.
TEST_F(RedisCanaryLab, IsOffByDefault) {
  RedisExporter exporter;
  Page page = exporter.AwaitHealthy();
  EXPECT_FALSE(page.Has("redis_sentinel_canary_writes_total"));
}

}  // namespace
