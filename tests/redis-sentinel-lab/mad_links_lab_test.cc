// A Sentinel, and then the master, behind a link that is mad: what is not its own goes on.
#include <fstream>

#include "tests/redis-sentinel-lab/link.h"

using namespace std::chrono_literals;

namespace {

struct Madness { std::string mode, reason; };

const std::vector<Madness> kMadnesses = {
    {"dribble", "timeout"},
    {"say 2a323134373438333634370d0a", "protocol"},  // *2147483647
    {"endless 2b4f4b0d0a", "protocol"},              // +OK without end
    {"garbage", "protocol"},
    {"refuse", "unreachable"},
};

class RedisMadLinksLab : public RedisLabTest {
 protected:
  // The other two Sentinels and all nodes answer, and they suffice.
  bool OthersComplete(const Page& page) const {
    bool all = page.Is("ha_service_up", Scope(), 1) &&
               page.Is("redis_sentinel_failover_possible", kMaster, 1) &&
               page.Is("redis_sentinel_reachable_sentinels", kMaster, 2);
    for (std::string node : {"r1", "r2", "r3"}) all = all && Succeeds(page, "redis", node);
    return all && Succeeds(page, "sentinel", "s2") && Succeeds(page, "sentinel", "s3");
  }
  double Failures(const Page& page, const std::string& reason) const {
    return page
        .Get("sentinel_exporter_collector_failures_total",
             {{"collector", "sentinel"}, {"target", "lab/" + sick_}, {"reason", reason}})
        .value_or(0);
  }
  void ExpectSickFor(const RedisExporter& exporter, const std::string& reason) const {
    exporter.Await(15, "it fails: " + reason, [&](const Page& p) {
      return Failures(p, reason) > 0 && OthersComplete(p) &&
             p.Is("redis_sentinel_sentinel_up", {{"sentinel", sick_}}, 0);
    });
    Page page = exporter.ExpectSwift();
    EXPECT_TRUE(OthersComplete(page)) << page.Lines("collector_success{");
    EXPECT_FALSE(page.Has("redis_sentinel_tilt_active", {{"sentinel", sick_}}));
  }
  const std::string sick_ = lab.Address("s1");
  const Labels kMaster = {{"master_name", "mymaster"}};
};

TEST_F(RedisMadLinksLab, AMadSentinelCostsItsOwnSeries) {
  Link link("s1");
  RedisExporter exporter("s2", {link.AsAddressMap()});
  exporter.AwaitHealthy();
  for (auto& [mode, reason] : kMadnesses) {
    SCOPED_TRACE(mode);
    const double before = Failures(exporter.Scrape(), reason);
    link.Tell(mode);
    ExpectSickFor(exporter, reason);
    EXPECT_GT(Failures(exporter.Scrape(), reason), before);
    link.Tell("pass");
    exporter.Await(10, "it is back", [&](const Page& p) { return Succeeds(p, "sentinel", "s1"); });
  }
  exporter.AwaitHealthy();
}

TEST_F(RedisMadLinksLab, ASentinelWithAnotherPasswordIsDenied) {
  std::string password;
  std::getline(std::ifstream(lab["SENTINEL_EXPORTER_PASSWORD_FILE"]), password);
  lab.Cli("s1", {"ACL", "SETUSER", "exporter", "resetpass", ">other"});
  {
    RedisExporter exporter("s2");
    ExpectSickFor(exporter, "denied");
  }
  lab.Cli("s1", {"ACL", "SETUSER", "exporter", "resetpass", ">" + password});
}

TEST_F(RedisMadLinksLab, ASentinelWhoseNameNobodyAnswersForIsATimeout) {
  const char* address = "127.53.53.55";
  Child silent(SilentNameServer(address), lab.directory() + "/dns-s1.log");
  ASSERT_TRUE(Eventually(5, "it listens", [&] { return silent.Output() == "bound\n"; }))
      << silent.Output();
  RedisExporter exporter("s2",
                         {"address_map: [{announced: \"" + sick_ +
                          "\", dialled: \"redis.example:26379\"}]"},
                         WithResolver("files dns", address, lab.directory()));
  ExpectSickFor(exporter, "timeout");
}

// By the definition: what we cannot reach takes no writes of ours, whatever its Sentinels think. They
// do not, so nobody takes over.
TEST_F(RedisMadLinksLab, AMasterBehindAMadLinkIsDownUntilItAnswers) {
  const std::string master = lab.Master();
  Link link(master);
  RedisExporter exporter("s1", {link.AsAddressMap()});
  exporter.AwaitHealthy();
  double outages = 0;
  for (std::string mode : {"hang", "dribble", "garbage", "refuse"}) {
    SCOPED_TRACE(mode);
    link.Tell(mode);
    Page page = exporter.Await(10, "it is down", [&](const Page& p) {
      return p.Is("ha_service_up", Scope(), 0) &&
             p.Is("redis_sentinel_node_up", {{"node", lab.Address(master)}}, 0);
    });
    EXPECT_TRUE(page.Is("ha_outages_total", Scope(), ++outages));
    EXPECT_TRUE(page.Is("redis_sentinel_failover_possible", kMaster, 1));
    for (std::string sentinel : {"s1", "s2", "s3"}) {
      EXPECT_TRUE(page.Is("redis_sentinel_view_master_down",
                          {{"sentinel", lab.Address(sentinel)}, {"kind", "subjective"}}, 0));
    }
    exporter.ExpectSwift();
    link.Tell("pass");
    exporter.Await(10, "it is back", [&](const Page& p) {
      return p.Is("ha_service_up", Scope(), 1);
    });
  }
  Page page = exporter.Scrape();
  EXPECT_EQ(page.Get("ha_outages_total", Scope()), outages);
  for (auto& sample : page.All("ha_failovers_total", Scope())) EXPECT_EQ(sample.value, 0);
  EXPECT_EQ(lab.Master(), master);
}

}  // namespace
