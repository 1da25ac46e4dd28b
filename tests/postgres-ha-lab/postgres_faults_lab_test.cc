// Sick PostgreSQL servers: what the page says of them, that it comes at once and says all of the
// others, and that asking does them no harm.
#include <fstream>

#include "tests/postgres-ha-lab/exporter.h"

using namespace std::chrono_literals;

namespace {

using PostgresFaults = LabTest;

std::string CountSessions(const std::string& user) {
  return "SELECT count(*) FROM pg_stat_activity WHERE usename = '" + user + "'";
}

// How often `words` stand in the server's log.
int Logged(const std::string& member, const std::string& words) {
  std::ifstream log(Lab::The()["LOGS"] + "/" + member + "-postgres.log");
  int n = 0;
  for (std::string line; std::getline(log, line);) n += line.find(words) != std::string::npos;
  return n;
}

TEST_F(PostgresFaults, KilledMemberIsRefused) {
  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  std::string replica = lab.Replica();
  auto killed = Killed(replica);
  exporter.Await(10, "it is refused", [&](const Page& p) { return InState(p, replica, "refused"); });
  Page page = exporter.ExpectSwift();
  EXPECT_TRUE(InState(page, replica, "refused"));
  EXPECT_TRUE(page.Is("postgres_ha_member_writable", {{"member", replica}}, 0));
  EXPECT_FALSE(page.Has("postgres_ha_member_info", {{"member", replica}}));
  Labels target = {{"collector", "postgres"}, {"target", "sentinel/" + replica}};
  EXPECT_TRUE(page.Is("sentinel_exporter_collector_doubted", target, 1));
  EXPECT_TRUE(WithoutDetails(page, replica));
  EXPECT_TRUE(OthersComplete(page, replica));
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
  exporter.Await(5, "its Patroni is gone too", [&](const Page& p) {
    return p.Is("postgres_ha_patroni_up", {{"member", replica}}, 0);
  });
  killed.End();
  exporter.Await(30, "it is back",
                 [&](const Page& p) { return Complete(p, replica) && OthersComplete(p, replica); });
}

TEST_F(PostgresFaults, FrozenMemberCostsNothing) {
  ExporterConfig config = TwoSites();
  config.more = "watch: {canary_interval: 0s}\n";  // its session could be the one that is stuck
  Exporter exporter(config);
  exporter.AwaitHealthy();
  std::string replica = lab.Replica();
  std::string sessions = "SELECT string_agg(pid || ' ' || backend_start, ',') "
                         "FROM pg_stat_activity WHERE usename = '" + lab["EXPORTER_USER"] + "'";
  std::string before = lab.Sql(replica, sessions);
  int threads = Threads(exporter.pid()), descriptors = Descriptors(exporter.pid());
  auto frozen = Frozen(replica, "postgres");
  exporter.Await(4, "it is silent", [&](const Page& p) { return InState(p, replica, "timeout"); });
  Page page = exporter.ExpectSwift();
  EXPECT_TRUE(WithoutDetails(page, replica));
  EXPECT_TRUE(OthersComplete(page, replica));
  EXPECT_FALSE(page.Has("postgres_ha_member_writable", {{"member", replica}}));
  for (int i = 0; i < 50; ++i) ASSERT_EQ(exporter.Scrape().code, 200);
  // A look may hold one socket to a Patroni for a moment.
  EXPECT_LE(Threads(exporter.pid()), threads);
  EXPECT_TRUE(Eventually(5, "no descriptor more than before",
                         [&] { return Descriptors(exporter.pid()) <= descriptors; }))
      << Descriptors(exporter.pid()) << " of " << descriptors;
  EXPECT_EQ(exporter.SessionsTo(replica), 1);
  frozen.End();
  exporter.Await(10, "it is back", [&](const Page& p) {
    return Complete(p, replica) && OthersComplete(p, replica);
  });
  EXPECT_EQ(lab.Sql(replica, sessions), before);
}

// Whoever starts while a server is frozen queues once, and does not queue again.
TEST_F(PostgresFaults, FrozenFromTheStart) {
  std::string replica = lab.Replica();
  auto frozen = Frozen(replica, "postgres");
  ExporterConfig config = TwoSites();
  config.more = "watch: {canary_interval: 0s}\n";  // a session that comes and goes
  Exporter exporter(config);
  exporter.Await(5, "it is silent, the others are there", [&](const Page& p) {
    return InState(p, replica, "timeout") && OthersComplete(p, replica);
  });
  exporter.ExpectSwift();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(exporter.Scrape().code, 200);
  EXPECT_EQ(exporter.SessionsTo(replica), 1);
  frozen.End();
  exporter.Await(10, "it is back", [&](const Page& p) { return Complete(p, replica); });
  EXPECT_EQ(lab.Sql(replica, CountSessions(lab["EXPORTER_USER"])), "1");
}

// A frozen postmaster accepts nobody; the session that is there goes on.
TEST_F(PostgresFaults, FrozenPostmasterDoesNotTouchTheSession) {
  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  auto frozen = Frozen("pgc1", "postmaster");
  Page page = exporter.ExpectSwift();
  EXPECT_TRUE(Complete(page, "pgc1"));
  EXPECT_TRUE(OthersComplete(page, "pgc1"));
}

TEST_F(PostgresFaults, WrongPasswordIsTriedOnceInThirtySeconds) {
  std::string wrong = lab.directory() + "/wrong", user = lab["BARE_USER"];
  std::ofstream(wrong) << "not the password\n";
  ExporterConfig config = TwoSites();
  config.sites[1].more = "user: " + user + "\n    password_file: " + wrong;
  std::string complaint = "password authentication failed for user \"" + user + "\"";
  int before = Logged("pgc1", complaint);
  Exporter exporter(config);
  exporter.Await(10, "it is denied, the others are there", [&](const Page& p) {
    return InState(p, "pgc1", "denied") && OthersComplete(p, "pgc1");
  });
  Instant denied = Clock::now();
  while (Clock::now() - denied < 5s) ASSERT_EQ(exporter.Scrape().code, 200);
  Page page = exporter.ExpectSwift();
  EXPECT_TRUE(InState(page, "pgc1", "denied"));
  EXPECT_TRUE(WithoutDetails(page, "pgc1"));
  EXPECT_TRUE(OthersComplete(page, "pgc1"));
  EXPECT_FALSE(page.Has("postgres_ha_member_writable", {{"member", "pgc1"}}));
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
  Labels failures = {{"collector", "postgres"}, {"target", "sentinel/pgc1"}, {"reason", "denied"}};
  EXPECT_GE(page.Get("sentinel_exporter_collector_failures_total", failures).value_or(0), 1);
  EXPECT_EQ(Logged("pgc1", complaint) - before, 1);
  EXPECT_EQ(exporter.Log().find("not the password"), std::string::npos);
}

// Denied by all who could lead: nothing is known, and nothing is invented.
TEST_F(PostgresFaults, WrongPasswordEverywhereIsNoOutage) {
  std::string wrong = lab.directory() + "/wrong", user = lab["BARE_USER"];
  std::ofstream(wrong) << "not the password\n";
  ExporterConfig config = TwoSites();
  config.sites[0].more = "user: " + user + "\n    password_file: " + wrong;
  Exporter exporter(config);
  exporter.Await(10, "both are denied", [&](const Page& p) {
    return InState(p, "pg1", "denied") && InState(p, "pg2", "denied") &&
           InState(p, "pgc1", "standby");
  });
  Page page = exporter.ExpectSwift();
  Labels scope = {{"service", "postgres"}, {"scope", "sentinel"}};
  EXPECT_FALSE(page.Has("ha_service_up", scope));
  EXPECT_FALSE(page.Has("ha_active", scope));
  EXPECT_FALSE(page.Has("postgres_ha_writable_members"));
  EXPECT_TRUE(page.Has("ha_look_interval_seconds", scope));
  EXPECT_TRUE(page.Is("ha_outages_total", scope, 0));
}

TEST_F(PostgresFaults, AServerWithoutRoomIsFull) {
  std::string leader = lab.Leader(), user = lab["BARE_USER"];
  lab.Sql(leader, "ALTER ROLE " + user + " CONNECTION LIMIT 1");
  std::string limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname = '" + user + "'";
  ASSERT_TRUE(Eventually(5, "the limit is there", [&] { return lab.Sql("pgc1", limit) == "1"; }));
  auto other = std::make_unique<Session>(lab.LoginOf("pgc1", "bare"));
  ASSERT_TRUE(other->open()) << other->error();
  ExporterConfig config = TwoSites();
  config.role = "bare";
  Exporter exporter(config);
  exporter.Await(10, "it is full, the others are there", [&](const Page& p) {
    return InState(p, "pgc1", "full") && InState(p, leader, "primary") &&
           InState(p, lab.Replica(), "standby");
  });
  Page page = exporter.ExpectSwift();
  EXPECT_TRUE(WithoutDetails(page, "pgc1"));
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
  other.reset();
  exporter.Await(6, "there is room", [&](const Page& p) { return InState(p, "pgc1", "standby"); });
  lab.Sql(leader, "ALTER ROLE " + user + " CONNECTION LIMIT -1");
}

}  // namespace
