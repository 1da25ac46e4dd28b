// All is well: what stands on the page, what it costs the servers, and which rights it takes.
#include <fstream>

#include "common/json.h"
#include "tests/postgres-ha-lab/exporter.h"

using namespace std::chrono_literals;

namespace {

using HealthyLab = LabTest;
using RightsLab = LabTest;

std::string Quoted(const std::string& s) { return "'" + s + "'"; }

// The sessions of `user` on each member, together.
std::string SessionsOf(const std::string& member, const std::string& user) {
  return Lab::The().Sql(member,
                        "SELECT count(*) FROM pg_stat_activity WHERE usename = " + Quoted(user));
}

TEST_F(HealthyLab, OnePatroniUrlOfEachSiteFindsAll) {
  Exporter exporter(TwoSites());
  Page page = exporter.AwaitHealthy();
  std::string leader = lab.Leader(), replica = lab.Replica();
  EXPECT_EQ(page.All("postgres_ha_member_up").size(), 3u);
  EXPECT_TRUE(InState(page, leader, "primary"));
  EXPECT_TRUE(InState(page, replica, "standby"));
  EXPECT_TRUE(InState(page, "pgc1", "standby"));
  for (auto& member : {leader, replica})
    EXPECT_TRUE(page.Is("postgres_ha_member_up",
                        {{"target_site", "on-premise"}, {"member", member}}, 1));
  EXPECT_TRUE(page.Is("postgres_ha_member_up", {{"target_site", "cloud"}, {"member", "pgc1"}}, 1));
  EXPECT_EQ(page.All("postgres_ha_member_up", {{"pg_cluster", "sentinel"}}).size(), 3u);
  EXPECT_TRUE(page.Is("postgres_ha_writable_members", {{"pg_cluster", "sentinel"}}, 1));

  Labels scope = {{"service", "postgres"}, {"scope", "sentinel"}};
  auto holds = [&](const std::string& member) {
    Labels labels = scope;
    labels["holder"] = member;
    return page.Get("ha_active", labels);
  };
  EXPECT_TRUE(page.Is("ha_service_up", scope, 1));
  EXPECT_TRUE(page.Is("ha_outages_total", scope, 0));
  EXPECT_TRUE(page.Is("ha_split_brain", scope, 0));
  EXPECT_EQ(page.All("ha_failovers_total", scope).size(), 3u);
  EXPECT_EQ(holds(leader), 1);
  EXPECT_EQ(holds(replica), 0);
  EXPECT_EQ(holds("pgc1"), 0);
  EXPECT_FALSE(page.Has("ha_open_outage_start_timestamp_seconds"));
}

TEST_F(HealthyLab, SaysWhoIsWho) {
  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  std::string leader = lab.Leader();
  Page page = exporter.Await(8, "Patroni's roles", [&](const Page& p) {
    return p.Is("postgres_ha_patroni_role", {{"member", leader}, {"role", "leader"}}, 1) &&
           p.Is("postgres_ha_patroni_role", {{"member", lab.Replica()}, {"role", "replica"}}, 1) &&
           p.Is("postgres_ha_patroni_role", {{"member", "pgc1"}, {"role", "standby_leader"}}, 1);
  });
  std::string identifier = lab.Sql(leader, "SELECT system_identifier FROM pg_control_system()");
  std::string timeline = lab.Sql(leader, "SELECT timeline_id FROM pg_control_checkpoint()");
  for (std::string member : {"pg1", "pg2", "pgc1"}) {
    SCOPED_TRACE(member);
    Labels of = {{"member", member}};
    EXPECT_TRUE(page.Is("postgres_ha_patroni_up", of, 1));
    EXPECT_TRUE(page.Is("postgres_ha_patroni_running", of, 1));
    EXPECT_TRUE(page.Is("postgres_ha_member_foreign", of, 0));
    EXPECT_TRUE(page.Is("postgres_ha_member_info",
                        {{"member", member},
                         {"system_identifier", identifier},
                         {"port", std::to_string(lab.Port(member))}},
                        1))
        << page.Lines("member_info");
    EXPECT_EQ(page.Get("postgres_ha_member_timeline", of), std::stod(timeline));
    std::string start =
        lab.Sql(member, "SELECT extract(epoch FROM pg_postmaster_start_time())");
    EXPECT_NEAR(page.Get("postgres_ha_member_start_timestamp_seconds", of).value_or(0),
                std::stod(start), 0.001);
  }
}

TEST_F(HealthyLab, ReplicationIsSeenFromBothEnds) {
  Exporter exporter(TwoSites());
  std::string leader = lab.Leader();
  exporter.AwaitHealthy();
  Page page = exporter.Await(5, "no lag", [&](const Page& p) {
    return p.Is("postgres_ha_replication_lag_seconds", {{"member", lab.Replica()}}, 0) &&
           p.Is("postgres_ha_replication_lag_seconds", {{"member", "pgc1"}}, 0);
  });
  EXPECT_FALSE(page.Has("postgres_ha_replication_lag_seconds", {{"member", leader}}));
  for (auto& standby : {lab.Replica(), std::string("pgc1")}) {
    SCOPED_TRACE(standby);
    Labels sender = {{"member", leader}, {"standby", standby}};
    Labels streaming = {{"member", leader}, {"standby", standby}, {"state", "streaming"}};
    EXPECT_EQ(page.All("postgres_ha_replication_sender_state", sender).size(), 4u);
    EXPECT_TRUE(page.Is("postgres_ha_replication_sender_state", streaming, 1));
    EXPECT_EQ(page.All("postgres_ha_replication_sender_lag_bytes", sender).size(), 4u);
    EXPECT_TRUE(page.Is("postgres_ha_slot_active", {{"member", leader}, {"slot", standby}}, 1));
    EXPECT_TRUE(page.Is("postgres_ha_slot_lost", {{"member", leader}, {"slot", standby}}, 0));
    Labels of = {{"member", standby}};
    EXPECT_TRUE(page.Is("postgres_ha_replication_receiver_streaming", of, 1));
    EXPECT_TRUE(page.Is("postgres_ha_replay_paused", of, 0));
    // Patroni keeps copies of slots on standbys, which mean nothing.
    EXPECT_FALSE(page.Has("postgres_ha_slot_active", of));
  }
}

// A pool of three, and eleven applications with one session each, of which two have no place.
TEST_F(HealthyLab, SessionsHaveNamesAndTransactionsAnAge) {
  std::string leader = lab.Leader();
  std::vector<std::unique_ptr<Session>> sessions;
  auto open = [&](const std::string& application) -> Session& {
    sessions.push_back(std::make_unique<Session>(lab.LoginOf(leader, "app")));
    sessions.back()->Ask("SET application_name = " + Quoted(application));
    return *sessions.back();
  };
  for (int i = 0; i < 3; ++i) open(" pool");
  for (char name = 'a'; name <= 'k'; ++name) open(std::string(" ") + name);
  Session& old = *sessions.front();
  old.Ask("BEGIN");
  double start = std::stod(old.Ask("SELECT extract(epoch FROM now())").value_or("0"));

  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  Page page = exporter.Await(5, "the sessions", [&](const Page& p) {
    return p.Is("postgres_ha_application_connections",
                {{"member", leader}, {"application", " pool"}}, 3);
  });
  auto named = page.All("postgres_ha_application_connections", {{"member", leader}});
  EXPECT_EQ(named.size(), 11u) << page.Lines("application_connections");
  EXPECT_GE(page.Get("postgres_ha_application_connections",
                     {{"member", leader}, {"application", "other"}}).value_or(0), 2);
  double by_name = 0, by_state = 0;
  for (auto& sample : named) by_name += sample.value;
  for (auto& sample : page.All("postgres_ha_connections", {{"member", leader}}))
    by_state += sample.value;
  EXPECT_EQ(by_name, by_state);
  const char oldest[] = "postgres_ha_oldest_transaction_start_timestamp_seconds";
  EXPECT_NEAR(page.Get(oldest, {{"member", leader}}).value_or(0), start, 0.001);
  old.Ask("COMMIT");
  exporter.Await(5, "it is over", [&](const Page& p) {
    return p.Get(oldest, {{"member", leader}}).value_or(start + 1) > start + 0.001;
  });
}

TEST_F(HealthyLab, ClocksOfOneMachineAreOne) {
  Exporter exporter(TwoSites());
  Page page = exporter.AwaitHealthy();
  for (std::string member : {"pg1", "pg2", "pgc1"})
    EXPECT_NEAR(page.Get("postgres_ha_clock_offset_seconds", {{"member", member}}).value_or(9), 0,
                0.05)
        << member;
  EXPECT_TRUE(page.Is("postgres_ha_expected_members", {{"target_site", "on-premise"}}, 2));
  EXPECT_TRUE(page.Is("postgres_ha_expected_members", {{"target_site", "cloud"}}, 1));
}

TEST_F(HealthyLab, ThePageIsClean) {
  Exporter exporter(TwoSites());
  Page page = exporter.AwaitHealthy();
  EXPECT_TRUE(page.broken.empty()) << page.broken[0];
  EXPECT_TRUE(page.duplicates.empty()) << page.duplicates[0];
  std::string file = lab.directory() + "/page";
  std::ofstream(file) << page.body;
  auto verdict = RunCommand({"sh", "-c", "promtool check metrics <" + file}, Deadline::In(20s));
  EXPECT_EQ(verdict.code, 0) << verdict.output;
  EXPECT_EQ(verdict.output, "");
}

// Prometheus itself, which asks for OpenMetrics, takes every sample.
TEST_F(HealthyLab, PrometheusTakesItAsOpenMetrics) {
  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  Page page = exporter.Scrape("Accept: application/openmetrics-text;version=1.0.0\r\n");
  EXPECT_NE(page.head.find("application/openmetrics-text"), std::string::npos) << page.head;
  EXPECT_TRUE(page.body.ends_with("# EOF\n"));

  std::string file = lab.directory() + "/prometheus.yml";
  std::ofstream(file) << "scrape_configs: [{job_name: ha, scrape_interval: 1s, scrape_timeout: 1s,"
                      << "static_configs: [{targets: ['127.0.0.1:" << exporter.port() << "']}]}]\n";
  Child prometheus({"prometheus", "--config.file=" + file,
                    "--storage.tsdb.path=" + lab.directory() + "/tsdb",
                    "--web.listen-address=127.0.0.1:0"},
                   lab.directory() + "/prometheus.log");
  int port = 0;
  ASSERT_TRUE(Eventually(20, "Prometheus listens",
                         [&] { return (port = ListeningPort(prometheus.pid())) != 0; }))
      << prometheus.Output();
  auto value = [&](const std::string& query) {
    Page answer = Fetch(port, "/api/v1/query?query=" + query, Deadline::In(5s));
    auto json = Json::Parse(answer.body);
    auto items = json.ok() ? json->view()["data"]["result"].Items() : std::vector<JsonView>();
    auto pair = items.size() == 1 ? items[0]["value"].Items() : std::vector<JsonView>();
    return std::string(pair.size() == 2 ? pair[1].String().value_or("") : "");
  };
  EXPECT_TRUE(Eventually(15, "Prometheus has the page", [&] {
    return value("up") == "1" && value("ha_service_up") == "1";
  })) << prometheus.Output();
  EXPECT_EQ(value("count(postgres_ha_member_up)"), "3");
}

TEST_F(RightsLab, OneConnectionToEachServerWhateverIsScraped) {
  std::string user = lab["EXPORTER_USER"];
  ExporterConfig config = TwoSites();
  config.more = "watch: {canary_interval: 0s}\n";  // a second one that comes and goes
  Exporter exporter(config);
  exporter.AwaitHealthy();
  std::map<std::string, std::string> before;
  auto backends = [&](const std::string& member) {
    return lab.Sql(member, "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity "
                           "WHERE usename = " + Quoted(user));
  };
  for (std::string member : {"pg1", "pg2", "pgc1"}) before[member] = backends(member);
  for (int i = 0; i < 50; ++i) ASSERT_EQ(exporter.Scrape().code, 200);
  for (std::string member : {"pg1", "pg2", "pgc1"}) {
    EXPECT_EQ(SessionsOf(member, user), "1") << member;
    EXPECT_EQ(backends(member), before[member]) << member;
    EXPECT_EQ(exporter.SessionsTo(member), 1) << member;
  }
}

TEST_F(RightsLab, AConnectionLimitOfTwoIsEnough) {
  std::string user = lab["EXPORTER_USER"], leader = lab.Leader();
  lab.Sql(leader, "ALTER ROLE " + user + " CONNECTION LIMIT 2");
  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  // A session that was ended while its successor comes is what the second one is for.
  for (int i = 0; i < 3; ++i) {
    lab.Sql(leader, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = " +
                        Quoted(user));
    ASSERT_TRUE(Eventually(5, "it is back", [&] { return SessionsOf(leader, user) == "1"; }));
  }
  exporter.AwaitHealthy();
  lab.Sql(leader, "ALTER ROLE " + user + " CONNECTION LIMIT 8");
}

// Without a single grant the verdict is complete; hidden details are absent, and said to be.
TEST_F(RightsLab, WithoutAnyGrantTheVerdictIsComplete) {
  ExporterConfig config = TwoSites();
  config.role = "bare";
  Exporter exporter(config);
  std::string leader = lab.Leader();
  Page page = exporter.Await(15, "all members are seen", [&](const Page& p) {
    return p.Is("ha_service_up", {{"service", "postgres"}}, 1) && InState(p, leader, "primary") &&
           InState(p, lab.Replica(), "standby") && InState(p, "pgc1", "standby") &&
           p.Is("postgres_ha_replication_lag_seconds", {{"member", "pgc1"}}, 0);
  });
  EXPECT_EQ(page.Get("ha_active", {{"holder", leader}}), 1);
  for (std::string member : {"pg1", "pg2", "pgc1"}) {
    SCOPED_TRACE(member);
    Labels of = {{"member", member}};
    Labels target = {{"collector", "postgres"}, {"target", "sentinel/" + member}};
    EXPECT_TRUE(page.Has("postgres_ha_member_timeline", of));
    EXPECT_TRUE(page.Has("postgres_ha_member_info", of));
    EXPECT_TRUE(page.Has("postgres_ha_max_connections", of));
    EXPECT_TRUE(page.Has("postgres_ha_clock_offset_seconds", of));
    EXPECT_FALSE(page.Has("postgres_ha_application_connections", of));
    EXPECT_FALSE(page.Has("postgres_ha_oldest_transaction_start_timestamp_seconds", of));
    EXPECT_FALSE(page.Has("postgres_ha_connections", of));
    EXPECT_FALSE(page.Has("postgres_ha_replication_sender_state", of));
    EXPECT_FALSE(page.Has("postgres_ha_replication_receiver_streaming", of));
    EXPECT_TRUE(page.Is("sentinel_exporter_collector_success", target, 0));
    target["reason"] = "denied";
    EXPECT_GE(page.Get("sentinel_exporter_collector_failures_total", target).value_or(0), 1);
  }
}

}  // namespace
