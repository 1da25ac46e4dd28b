// A site that cannot be reached, by its link or by its name.
#include "tests/postgres-ha-lab/exporter.h"

using namespace std::chrono_literals;

namespace {

using SiteFaults = LabTest;

// The cloud site behind a link that died: neither its server nor its Patroni can be reached.
TEST_F(SiteFaults, AWholeSiteUnreachable) {
  std::string control = lab.directory() + "/proxy.sock";
  Tool proxy("tcp-proxy", {"0", lab.Key("pgc1", "PORT"), "--control", control});
  ExporterConfig config = TwoSites();
  config.sites[1].more =
      "members: [{name: pgc1, host: 127.0.0.1, port: " + std::to_string(proxy.port()) + "}]";
  Exporter exporter(config);
  exporter.AwaitHealthy();
  auto tell = [&](const std::string& mode) {
    EXPECT_EQ(RunCommand({LabTool("tcp-proxy"), "tell", control, mode}, Deadline::In(10s)).code, 0);
  };
  auto frozen = Frozen("pgc1", "patroni");
  for (std::string mode : {"hang", "blackhole"}) {
    SCOPED_TRACE(mode);
    tell(mode);
    exporter.Await(8, "the site is silent", [&](const Page& p) {
      return InState(p, "pgc1", "timeout") &&
             p.Is("postgres_ha_patroni_up", {{"member", "pgc1"}}, 0);
    });
    Page page = exporter.ExpectSwift();
    EXPECT_TRUE(OthersComplete(page, "pgc1"));
    EXPECT_TRUE(WithoutDetails(page, "pgc1"));
    EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
    EXPECT_LE(Connections(exporter.pid(), proxy.port()), 2);  // the kept one and the canary
    // What the standby lacks can only have grown.
    EXPECT_TRUE(page.Has("postgres_ha_replication_lag_seconds", {{"member", "pgc1"}}));
  }
  tell("pass");
  frozen.End();
  exporter.Await(10, "the site is back", [&](const Page& p) { return OthersComplete(p, ""); });
}

ExporterConfig CloudByName(const std::string& name) {
  ExporterConfig config = TwoSites();
  config.sites[1].patroni_url.clear();
  config.sites[1].more = "members: [{name: pgc1, host: " + name +
                         ", port: " + Lab::The().Key("pgc1", "PORT") + "}]";
  return config;
}

TEST_F(SiteFaults, ANameThatDoesNotResolve) {
  ExporterConfig config = CloudByName("postgres.invalid");
  config.wrapper = WithResolver("files", "127.0.0.1", lab.directory());
  Exporter exporter(config);
  exporter.Await(8, "it is unreachable, the others are there", [&](const Page& p) {
    return InState(p, "pgc1", "unreachable") && OthersComplete(p, "pgc1");
  });
  EXPECT_TRUE(WithoutDetails(exporter.ExpectSwift(), "pgc1"));
}

TEST_F(SiteFaults, ASilentNameServer) {
  const char* address = "127.53.53.53";
  Child silent(SilentNameServer(address), lab.directory() + "/dns.log");
  ASSERT_TRUE(Eventually(5, "it listens", [&] { return silent.Output() == "bound\n"; }))
      << silent.Output();
  ExporterConfig config = CloudByName("postgres.example");
  config.wrapper = WithResolver("files dns", address, lab.directory());
  Exporter exporter(config);
  exporter.Await(8, "it is silent, the others are there", [&](const Page& p) {
    return InState(p, "pgc1", "timeout") && OthersComplete(p, "pgc1");
  });
  int threads = Threads(exporter.pid());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(OthersComplete(exporter.ExpectSwift(), "pgc1"));
  EXPECT_LE(Threads(exporter.pid()), threads);
  EXPECT_NE(silent.Output(), "bound\n") << "nobody asked";
}

}  // namespace
