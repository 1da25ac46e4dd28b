// Routes, canaries and heartbeats on real servers: where sessions land, and what is said when they do
// not.
#include "tests/postgres-ha-lab/exporter.h"

using namespace std::chrono_literals;

namespace {

ExporterConfig WithRoutes(const std::string& rw_port = Lab::The()["HAPROXY_RW_PORT"],
                          const std::string& more = "") {
  ExporterConfig config = TwoSites();
  config.sites[0].more = {"routes: {rw: \"127.0.0.1:" + rw_port + "\", ro: \"127.0.0.1:" +
                          Lab::The()["HAPROXY_RO_PORT"] + "\"}"};
  config.more = "watch: {route_interval: 1s, canary_interval: 2s}\n" + more;
  return config;
}

Labels Route(const std::string& route, const std::string& session) {
  return {{"route", route}, {"session", session}, {"target_site", "on-premise"}};
}

Labels InState(const std::string& route, const std::string& session, const std::string& state) {
  Labels labels = Route(route, session);
  labels["state"] = state;
  return labels;
}

bool Right(const Page& p, bool rw, bool ro) {
  return p.Is("postgres_ha_route_ok", Route("rw", "fresh"), rw) &&
         p.Is("postgres_ha_route_ok", Route("ro", "fresh"), ro);
}

class Routes : public LabTest {
 protected:
  void SetUp() override {
    LabTest::SetUp();
    lab.Do("haproxy", "wait");
  }
};

TEST_F(Routes, LandWhereTheyShould) {
  Exporter exporter(WithRoutes());
  exporter.AwaitHealthy();
  Page page = exporter.Await(10, "both routes land right, three times", [&](const Page& p) {
    auto landed = [&](const std::string& route, const std::string& member) {
      return p.Get("postgres_ha_route_sessions_total", {{"route", route}, {"member", member}})
                 .value_or(0) >= 3;
    };
    return Right(p, true, true) && landed("rw", lab.Leader()) && landed("ro", lab.Replica());
  });
  for (auto session : {"fresh", "kept"})
    for (auto route : {"rw", "ro"}) {
      EXPECT_TRUE(page.Is("postgres_ha_route_ok", Route(route, session), 1));
      for (auto state : {"wrong_role", "refused", "timeout", "denied", "other"})
        EXPECT_TRUE(page.Is("postgres_ha_route_state_seconds_total", InState(route, session, state), 0));
    }
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres_rw"}}, 1));
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres_ro"}}, 1));
  EXPECT_FALSE(page.Has("ha_active", {{"service", "postgres_rw"}}));
  for (std::string member : {"pg1", "pg2", "pgc1"})
    EXPECT_TRUE(page.Is("postgres_ha_canary_up", {{"member", member}}, 1)) << member;
  // The role's limit in README.md: two directly, two through each route.
  EXPECT_LE(exporter.SessionsTo("pg1"), 2);
  EXPECT_LE(exporter.SessionsTo("pg2"), 2);
  for (std::string member : {"pg1", "pg2"})
    EXPECT_LE(std::stoi(lab.Sql(member, "SELECT count(*) FROM pg_stat_activity WHERE usename = '" +
                                            lab["EXPORTER_USER"] + "'")), 6);
}

TEST_F(Routes, ADeadProxyIsAnOutageOfTheRoutesNotOfTheDatabase) {
  Exporter exporter(WithRoutes());
  exporter.AwaitHealthy();
  exporter.Await(5, "both routes land right", [](const Page& p) { return Right(p, true, true); });
  ASSERT_TRUE(lab.Do("haproxy", "kill"));
  Page page = exporter.Await(10, "the routes are out", [](const Page& p) {
    return p.Is("ha_service_up", {{"service", "postgres_rw"}}, 0) &&
           p.Is("ha_service_up", {{"service", "postgres_ro"}}, 0);
  });
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
  for (auto session : {"fresh", "kept"})
    EXPECT_GT(page.Get("postgres_ha_route_state_seconds_total", InState("rw", session, "refused")), 0);
  EXPECT_TRUE(OthersComplete(page, ""));
  exporter.ExpectSwift();
  ASSERT_TRUE(lab.Do("haproxy", "start"));
  page = exporter.Await(40, "the routes are back", [](const Page& p) {
    return p.Is("ha_service_up", {{"service", "postgres_rw"}}, 1) &&
           p.Is("ha_service_up", {{"service", "postgres_ro"}}, 1);
  });
  auto low = page.Get("ha_last_outage_low_seconds", {{"service", "postgres_rw"}});
  auto high = page.Get("ha_last_outage_high_seconds", {{"service", "postgres_rw"}});
  ASSERT_TRUE(low && high);
  EXPECT_LT(*low, *high);
  EXPECT_TRUE(page.Is("ha_outages_total", {{"service", "postgres"}}, 0));
}

TEST_F(Routes, AFrozenProxyTimesOutAndHoldsUpNothing) {
  Exporter exporter(WithRoutes());
  exporter.AwaitHealthy();
  exporter.Await(5, "both routes land right", [](const Page& p) { return Right(p, true, true); });
  int descriptors = Descriptors(exporter.pid()), threads = Threads(exporter.pid());
  ASSERT_TRUE(lab.Do("haproxy", "stop"));
  Page page = exporter.Await(15, "the routes time out", [](const Page& p) {
    return p.Is("ha_service_up", {{"service", "postgres_rw"}}, 0) &&
           p.Get("postgres_ha_route_state_seconds_total", InState("rw", "fresh", "timeout")) > 3;
  });
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
  exporter.ExpectSwift();
  EXPECT_LE(Descriptors(exporter.pid()), descriptors + 3);
  EXPECT_LE(Threads(exporter.pid()), threads);
  ASSERT_TRUE(lab.Do("haproxy", "cont"));
  exporter.Await(30, "the routes are back", [](const Page& p) {
    return p.Is("ha_service_up", {{"service", "postgres_rw"}}, 1) && Right(p, true, true);
  });
}

// The port for writing leads to a standby, as for seconds after every switchover.
TEST_F(Routes, AStandbyBehindThePortForWritingIsTheWrongRole) {
  Exporter exporter(WithRoutes(std::to_string(lab.Port(lab.Replica()))));
  exporter.AwaitHealthy();
  // Two looks may count a second of it; it takes three to call the service down.
  Page page = exporter.Await(10, "wrong role is counted, and no service", [](const Page& p) {
    return p.Get("postgres_ha_route_state_seconds_total", InState("rw", "fresh", "wrong_role")) > 1 &&
           p.Get("postgres_ha_route_state_seconds_total", InState("rw", "kept", "wrong_role")) > 1 &&
           p.Is("ha_service_up", {{"service", "postgres_rw"}}, 0);
  });
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres_ro"}}, 1));
  EXPECT_GT(page.Get("postgres_ha_route_sessions_total", {{"route", "rw"}, {"member", lab.Replica()}}),
            0);
  EXPECT_TRUE(OthersComplete(page, ""));
}

TEST_F(Routes, AWrongPasswordIsDeniedAndNoOutage) {
  ExporterConfig config = WithRoutes();
  config.role = "bare";
  Exporter exporter(config);
  exporter.Await(10, "both routes land right", [](const Page& p) { return Right(p, true, true); });
  lab.Sql(lab.Leader(), "ALTER ROLE " + lab["BARE_USER"] + " NOLOGIN");
  Page page = exporter.Await(20, "new sessions are denied", [](const Page& p) {
    return p.Get("postgres_ha_route_state_seconds_total", InState("rw", "fresh", "denied")) > 0.5;
  });
  lab.Sql(lab.Leader(), "ALTER ROLE " + lab["BARE_USER"] + " LOGIN");
  EXPECT_TRUE(page.Is("ha_outages_total", {{"service", "postgres_rw"}}, 0));
}

// Patroni and HAProxy call it healthy, and the sessions it has go on.
TEST_F(Routes, AHungPostmasterIsWhatTheCanaryIsFor) {
  Exporter exporter(WithRoutes());
  exporter.AwaitHealthy();
  std::string leader = lab.Leader();
  exporter.Await(10, "the canary sings", [&](const Page& p) {
    return p.Is("postgres_ha_canary_up", {{"member", leader}}, 1) && Right(p, true, true);
  });
  auto frozen = Frozen(leader, "postmaster");
  Page page = exporter.Await(10, "it stops, and new sessions time out", [&](const Page& p) {
    return p.Is("postgres_ha_canary_up", {{"member", leader}}, 0) &&
           p.Is("postgres_ha_route_ok", Route("rw", "fresh"), 0);
  });
  EXPECT_TRUE(page.Is("postgres_ha_route_ok", Route("rw", "kept"), 1));
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
  EXPECT_TRUE(OthersComplete(page, ""));
  // The stuck session is waited for: no other one is opened beside it.
  for (int i = 0; i < 5; ++i) {
    exporter.ExpectSwift();
    EXPECT_LE(exporter.SessionsTo(leader), 2);
  }
  frozen.End();
  exporter.Await(20, "it sings again", [&](const Page& p) {
    return p.Is("postgres_ha_canary_up", {{"member", leader}}, 1) && Right(p, true, true);
  });
}

TEST_F(Routes, AHeartbeatCommitsAndMovesTheClockOfIdleStandbys) {
  ExporterConfig config = WithRoutes(lab["HAPROXY_RW_PORT"], "heartbeat: {enabled: true, interval: 200ms}\n");
  config.role = "bare";  // it needs no right but to log in
  Exporter exporter(config);
  std::string leader = lab.Leader(), replica = lab.Replica();
  auto replayed = [&](const Page& p) {
    return p.Get("postgres_ha_member_replayed_timestamp_seconds", {{"member", replica}}).value_or(0);
  };
  Page first = exporter.Await(10, "heartbeats commit", [&](const Page& p) {
    return p.Has("postgres_ha_heartbeat_commit_duration_seconds", {{"member", leader}}) && replayed(p);
  });
  exporter.Await(10, "they reach the standby", [&](const Page& p) {
    return replayed(p) > replayed(first) + 1;
  });
  Page page = exporter.Scrape();
  EXPECT_LT(page.Get("postgres_ha_heartbeat_commit_duration_seconds"), 1);
  EXPECT_TRUE(page.Is("postgres_ha_heartbeat_failures_total", {{"member", leader}}, 0));
  EXPECT_FALSE(page.Has("postgres_ha_heartbeat_commit_duration_seconds", {{"member", replica}}));
  EXPECT_LE(exporter.SessionsTo(leader), 2);
}

TEST_F(Routes, ASwitchoverLosesNothingAndTheRouteTakesLongerThanTheDatabase) {
  Exporter exporter(WithRoutes());
  exporter.AwaitHealthy();
  exporter.Await(5, "both routes land right", [](const Page& p) { return Right(p, true, true); });
  std::string leader = lab.Leader();
  ASSERT_TRUE(lab.Do("patroni", "switchover"));
  Page page = exporter.Await(60, "both outages are over", [](const Page& p) {
    return p.Is("ha_outages_total", {{"service", "postgres"}}, 1) &&
           p.Has("ha_last_outage_seconds", {{"service", "postgres"}}) &&
           p.Has("ha_last_outage_seconds", {{"service", "postgres_rw"}});
  });
  for (auto unit : {"seconds", "bytes"})
    for (auto bound : {"", "low_", "high_"})
      EXPECT_TRUE(page.Is(std::string("ha_last_failover_lost_") + bound + unit, {}, 0)) << bound << unit;
  EXPECT_GT(page.Get("ha_last_outage_seconds", {{"service", "postgres_rw"}}),
            page.Get("ha_last_outage_seconds", {{"service", "postgres"}}));
  EXPECT_GT(page.Get("postgres_ha_route_state_seconds_total", InState("ro", "fresh", "wrong_role")) .value_or(0) +
            page.Get("postgres_ha_route_state_seconds_total", InState("rw", "fresh", "wrong_role")).value_or(0), 0);
  EXPECT_GT(page.Get("postgres_ha_last_failover_phase_seconds", {{"phase", "route"}}), 0);
}

}  // namespace
