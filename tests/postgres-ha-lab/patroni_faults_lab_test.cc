// Sick Patronis: SQL goes on telling the truth, and nobody is asked twice at a time.
#include "tests/postgres-ha-lab/exporter.h"

using namespace std::chrono_literals;

namespace {

using PatroniFaults = LabTest;

TEST_F(PatroniFaults, KilledPatroniLeavesSql) {
  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  std::string replica = lab.Replica();
  Fault killed("kill", "start", replica, "patroni");
  exporter.Await(5, "its Patroni is gone", [&](const Page& p) {
    return p.Is("postgres_ha_patroni_up", {{"member", replica}}, 0);
  });
  Page page = exporter.ExpectSwift();
  EXPECT_TRUE(OthersComplete(page, ""));
  EXPECT_TRUE(page.Is("postgres_ha_patroni_up", {{"member", lab.Leader()}}, 1));
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
}

TEST_F(PatroniFaults, FrozenPatroniIsAskedOneThingAtATime) {
  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  std::string replica = lab.Replica();
  auto frozen = Frozen(replica, "patroni");
  int most = 0;
  exporter.Await(6, "its Patroni is silent", [&](const Page& p) {
    most = std::max(most, Connections(exporter.pid(), lab.PatroniPort(replica)));
    return p.Is("postgres_ha_patroni_up", {{"member", replica}}, 0);
  });
  Deadline end = Deadline::In(5s);
  while (!end.Over()) {
    ASSERT_EQ(exporter.Scrape().code, 200);
    most = std::max(most, Connections(exporter.pid(), lab.PatroniPort(replica)));
  }
  EXPECT_EQ(most, 1);
  EXPECT_TRUE(OthersComplete(exporter.ExpectSwift(), ""));
  frozen.End();
  exporter.Await(15, "it answers again", [&](const Page& p) {
    return p.Is("postgres_ha_patroni_up", {{"member", replica}}, 1);
  });
}

// Members that are configured need no Patroni; one that answers nonsense changes nothing.
TEST_F(PatroniFaults, NonsenseInsteadOfPatroni) {
  for (std::string kind : {"garbage", "endless", "dribble", "half", "headers", "silent", "empty",
                           "wrong-json", "not-json", "deep-json", "error", "redirect"}) {
    SCOPED_TRACE(kind);
    Tool fault("http-fault", {kind});
    ExporterConfig config = TwoSites();
    config.sites[1].patroni_url = fault.url();
    config.sites[1].more =
        "members: [{name: pgc1, host: 127.0.0.1, port: " + lab.Key("pgc1", "PORT") + "}]";
    Exporter exporter(config);
    Labels target = {{"collector", "patroni"},
                     {"target", "sentinel/127.0.0.1:" + std::to_string(fault.port())}};
    exporter.Await(8, "the nonsense is a failure, the rest is there", [&](const Page& p) {
      return OthersComplete(p, "") && p.Is("sentinel_exporter_collector_success", target, 0);
    });
    Page page = exporter.ExpectSwift();
    EXPECT_TRUE(OthersComplete(page, ""));
    EXPECT_EQ(page.All("postgres_ha_member_up").size(), 3u) << page.Lines("postgres_ha_member_up");
    EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
    EXPECT_LE(Connections(exporter.pid(), fault.port()), 1);
  }
}

}  // namespace
