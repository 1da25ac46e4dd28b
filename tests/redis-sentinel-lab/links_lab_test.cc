// A node behind a link that is dead or mad, out of clients, with another password, or without an
// answer to its name: its own series are missing, and nothing else.
#include <fstream>

#include "common/net.h"
#include "tests/common/testing/sanitizer.h"
#include "tests/redis-sentinel-lab/link.h"

using namespace std::chrono_literals;

namespace {

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (unsigned char byte : bytes)
    for (int digit : {byte >> 4, byte & 15}) hex += "0123456789abcdef"[digit];
  return hex;
}

class RedisLinksLab : public RedisLabTest {
 protected:
  double Failures(const Page& page, const std::string& reason) const {
    return page
        .Get("sentinel_exporter_collector_failures_total",
             {{"collector", "redis"}, {"target", "lab/" + lab.Address(sick_)}, {"reason", reason}})
        .value_or(0);
  }
  bool OthersComplete(const Page& page) const {
    bool all = page.Is("ha_service_up", Scope(), 1);
    for (std::string node : {"r1", "r2", "r3"})
      all = all && (node == sick_ || (Succeeds(page, "redis", node) && Detailed(page, node)));
    for (std::string sentinel : {"s1", "s2", "s3"})
      all = all && Succeeds(page, "sentinel", sentinel);
    return all;
  }
  bool Detailed(const Page& page, const std::string& node) const {
    return page.Has("redis_sentinel_persistence_aof_write_ok", {{"node", lab.Address(node)}});
  }
  // It fails for `reason`, and for that alone; page and details of the others come at once.
  void ExpectSickFor(const RedisExporter& exporter, const std::string& reason) const {
    const double before = Failures(exporter.Scrape(), reason);
    exporter.Await(10, "it fails: " + reason, [&](const Page& p) {
      return Failures(p, reason) > before && !Succeeds(p, "redis", sick_) &&
             !p.Is("redis_sentinel_node_up", {{"node", lab.Address(sick_)}}, 1);
    });
    Page settled = exporter.Scrape(), page = exporter.ExpectSwift();
    EXPECT_TRUE(OthersComplete(page)) << page.Lines("collector_success{");
    EXPECT_FALSE(Detailed(page, sick_));
    for (std::string other : {"timeout", "unreachable", "denied", "protocol", "internal"})
      if (other != reason) {
        EXPECT_EQ(Failures(page, other), Failures(settled, other))
            << other << "\n" << page.Lines("failures_total{") << page.Lines("_up{");
      }
  }
  const std::string sick_ = lab.Replicas()[0];
};

struct Madness { std::string mode, reason; };

const std::vector<Madness> kMadnesses = {
    {"endless " + Hex("$2147483647\r\n"), "protocol"},  // one answer without end
    {"endless " + Hex("+OK\r\n"), "protocol"},          // answers without end
    {"endless", "protocol"},
    {"say " + Hex("*2147483647\r\n"), "protocol"},
    {"say " + Hex("*2147483647\r\n*2147483647\r\n"), "protocol"},
    {"garbage", "protocol"},
    {"dribble", "timeout"},
    {"hang", "timeout"},
    {"blackhole", "timeout"},
    {"refuse", "unreachable"},
    {"reset", "unreachable"},
    {"say " + Hex("-LOADING Redis is loading the dataset in memory\r\n"
                  "-LOADING Redis is loading the dataset in memory\r\n"), "unreachable"},
    {"say " + Hex("-ERR max number of clients reached\r\n"), "unreachable"},
    {"say " + Hex("-DENIED Redis is running in protected mode\r\n"), "denied"},
};

TEST_F(RedisLinksLab, AMadNodeCostsItsOwnSeriesAndNoMemory) {
  Link link(sick_);
  RedisExporter exporter("s1", {link.AsAddressMap()});
  exporter.AwaitHealthy();
  for (auto& [mode, reason] : kMadnesses) {
    SCOPED_TRACE(mode);
    link.Tell(mode);
    ExpectSickFor(exporter, reason);
    link.Tell("pass");
    exporter.Await(10, "it is back", [&](const Page& p) { return Succeeds(p, "redis", sick_); });
  }
  const int before = ResidentKib(exporter.pid());
  for (auto& [mode, reason] : kMadnesses) {
    link.Tell(mode);
    for (int i = 0; i < 200 / static_cast<int>(kMadnesses.size()); ++i)
      ASSERT_EQ(exporter.Scrape().code, 200);
    link.Tell("pass");
  }
  if (kSlower == 1) {
    EXPECT_LE(ResidentKib(exporter.pid()), before + 1024);
  }
  EXPECT_LE(Connections(exporter.pid(), link.port()), 1);
  exporter.AwaitHealthy();
}

// Nodes are looked at once a second, too; a few of those fall among the scrapes.
TEST_F(RedisLinksLab, AScrapeIsOneRoundTripOnTheConnectionThatStands) {
  Link link(sick_);
  RedisExporter exporter("s1", {link.AsAddressMap()});
  exporter.AwaitHealthy();
  exporter.Await(10, "it is calm", [&](const Page&) { return link.CountFor("turns", 1) <= 2; });
  const int connections = link.Count("count"), before = link.Count("turns");
  const Instant begin = Clock::now();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(exporter.Scrape().code, 200);
  const int turns = link.Count("turns") - before;
  EXPECT_GE(turns, 100);
  EXPECT_LE(turns, 102 + Seconds(Clock::now() - begin));
  EXPECT_EQ(link.Count("count"), connections);
}

// As behind a proxy that keeps no connection: the end of a session is no reason to hurry then.
TEST_F(RedisLinksLab, ANodeThatAnswersAndClosesIsNotAskedWithoutAPause) {
  Link link(sick_);
  RedisExporter exporter("s1", {link.AsAddressMap()});
  exporter.AwaitHealthy();
  exporter.Await(90, "it is calm", [&](const Page&) { return link.CountFor("turns", 1) <= 2; });
  link.Tell("once");
  const int opened = link.CountFor("count", 4);
  EXPECT_GE(opened, 2);
  EXPECT_LE(opened, 8);
  EXPECT_TRUE(exporter.Scrape().Is("redis_sentinel_node_up", {{"node", lab.Address(sick_)}}, 1));
}

TEST_F(RedisLinksLab, AnotherPasswordIsDenied) {
  RedisExporter exporter;
  exporter.AwaitHealthy();
  std::string password;
  std::getline(std::ifstream(lab["REDIS_EXPORTER_PASSWORD_FILE"]), password);
  lab.Cli(sick_, {"ACL", "SETUSER", "exporter", "resetpass", ">other"});
  lab.Cli(sick_, {"CLIENT", "KILL", "USER", "exporter"});
  exporter.Await(10, "it is denied", [&](const Page& p) {
    return Failures(p, "denied") > 0 && OthersComplete(p) && !Succeeds(p, "redis", sick_);
  });
  EXPECT_FALSE(Detailed(exporter.ExpectSwift(), sick_));
  lab.Cli(sick_, {"ACL", "SETUSER", "exporter", "resetpass", ">" + password});
}

TEST_F(RedisLinksLab, ANodeThatIsOutOfClientsIsUnreachable) {
  const std::string most = "12";
  lab.Cli(sick_, {"CONFIG", "SET", "maxclients", most});
  std::vector<Socket> taken;
  for (int i = 0; i < 12; ++i) {
    auto socket = Dial("127.0.0.1", lab.Port(sick_), Deadline::In(2s));
    ASSERT_TRUE(socket.ok()) << socket.status();
    taken.push_back(*std::move(socket));
  }
  {
    RedisExporter exporter;
    exporter.Await(10, "the others are there", [&](const Page& p) { return OthersComplete(p); });
    ExpectSickFor(exporter, "unreachable");
    taken.clear();
    exporter.AwaitHealthy();
  }
  lab.Cli(sick_, {"CONFIG", "SET", "maxclients", "10000"});
}

TEST_F(RedisLinksLab, ANodeWhoseNameNobodyAnswersForIsATimeout) {
  const char* address = "127.53.53.54";
  Child silent(SilentNameServer(address), lab.directory() + "/dns.log");
  ASSERT_TRUE(Eventually(5, "it listens", [&] { return silent.Output() == "bound\n"; }))
      << silent.Output();
  RedisExporter exporter("s1",
                         {"address_map: [{announced: \"" + lab.Address(sick_) +
                          "\", dialled: \"redis.example:6379\"}]"},
                         WithResolver("files dns", address, lab.directory()));
  exporter.Await(10, "the others are there", [&](const Page& p) { return OthersComplete(p); });
  ExpectSickFor(exporter, "timeout");
  const int threads = Threads(exporter.pid());
  for (int i = 0; i < 10; ++i) ASSERT_EQ(exporter.Scrape().code, 200);
  EXPECT_LE(Threads(exporter.pid()), threads);
  EXPECT_NE(silent.Output(), "bound\n") << "nobody asked";
}

// INFO is answered while the data is loaded, and says so: the node is up, and no master.
TEST_F(RedisLinksLab, ANodeThatLoadsItsDataSaysSo) {
  for (std::string setting : {"loading-process-events-interval-bytes 1024", "key-load-delay 500"}) {
    auto space = setting.find(' ');
    lab.Cli(sick_, {"CONFIG", "SET", setting.substr(0, space), setting.substr(space + 1)});
  }
  lab.Cli(sick_, {"CONFIG", "REWRITE"});
  lab.Cli(sick_, {"DEBUG", "POPULATE", "8000"});
  lab.Cli(sick_, {"BGREWRITEAOF"});
  ASSERT_TRUE(Eventually(10, "its data is on disk", [&] {
    auto said = lab.Cli(sick_, {"INFO", "persistence"});
    return said.find("aof_rewrite_in_progress:0") != std::string::npos &&
           said.find("aof_rewrite_scheduled:0") != std::string::npos;
  }));
  RedisExporter exporter;
  exporter.AwaitHealthy();
  lab.Do("kill", {sick_});
  Child start({SOURCE_DIR "/tests/lab/redis", "start", lab.directory() + "/lab", sick_},
              lab.directory() + "/start.log");
  Page page = exporter.Await(10, "it loads", [&](const Page& p) {
    return p.Is("redis_sentinel_node_loading", {{"node", lab.Address(sick_)}}, 1);
  });
  EXPECT_TRUE(OthersComplete(page)) << page.Lines("collector_success{");
  EXPECT_TRUE(OthersComplete(exporter.ExpectSwift()));
  EXPECT_EQ(start.Await(Deadline::In(30s)), 0) << start.Output();
  lab.Cli(sick_, {"CONFIG", "SET", "key-load-delay", "0"});
  lab.Cli(sick_, {"CONFIG", "REWRITE"});
  exporter.AwaitHealthy();
  EXPECT_EQ(exporter.Scrape().Get("ha_outages_total", Scope()), 0);
}

}  // namespace
