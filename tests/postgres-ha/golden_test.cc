// A whole page from recorded answers at a fixed clock, compared byte by byte with
// tests/golden/postgres-ha.prom; `tests/run --update` writes it anew.
#include <gtest/gtest.h>

#include "exporters/postgres-ha/details.h"
#include "exporters/postgres-ha/haproxy_stats.h"
#include "exporters/postgres-ha/verdict.h"
#include "tests/common/golden.h"
#include "tests/postgres-ha/recorded_answers.h"
#include "tests/postgres-ha/replay.h"

namespace {

Samples Details(const std::string& member, const std::vector<absl::StatusOr<Rows>>& answers,
                bool standby) {
  Samples samples(RenderLabels(
      {{"pg_cluster", "sentinel"}, {"target_site", "on-premise"}, {"member", member}}));
  EXPECT_TRUE(ShowDetails(answers, standby, samples).ok());
  return samples;
}

template <class T>
Evidence Seen(double at, const std::string& eye, const MemberId& member, T look) {
  Evidence e;
  e.eye = eye;
  e.member = member;
  e.begin = At(at);
  e.end = At(at + 0.01);
  e.seen = std::move(look);
  return e;
}

std::string Fixture(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/postgres-ha/fixtures/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// With routes, HAProxy and etcd on-premise.
DataSetOptions Everything() {
  DataSetOptions options = TwoSites();
  for (auto& site : options.sites) {
    site.route_interval = std::chrono::seconds(5);
    site.canary_interval = std::chrono::seconds(15);
    site.heartbeat_interval = std::chrono::seconds(1);
  }
  auto& site = options.sites[0];
  site.routes = {{RouteKind::kReadWrite, "10.0.0.10", 5432}, {RouteKind::kReadOnly, "10.0.0.10", 5433}};
  site.haproxies = {{"unix:/run/haproxy/admin.sock", "primary", "replicas", "", ""}};
  site.etcd.endpoints = {"http://10.0.0.21:2379"};
  return options;
}

// The route for writing through the recorded failover: right, gone, wrong, right again.
void StepRoutes(DataSet& set, double end) {
  auto look = [&](double t, RouteKind kind, bool fresh, SqlLook landed) {
    landed.system_identifier = "7711047912498216873";
    set.Step(Seen(t, RouteEyeName("on-premise", kind, fresh), {"on-premise", ""},
                  RouteLook{kind, fresh, landed}),
             NowAt(t));
  };
  for (double t = 0; t < end; t += 0.25) {
    SqlLook rw = t < 6.2 ? Primary(1, 13) : t < 34 ? Failed(Answer::kRefused) : Primary(1, 14);
    if (t > 32 && t < 34) rw = Standby(1, 14);
    look(t, RouteKind::kReadWrite, true, rw);
    look(t, RouteKind::kReadOnly, true, Standby(1, 13));
    for (auto kind : {RouteKind::kReadWrite, RouteKind::kReadOnly}) look(t, kind, false, rw);
  }
}

void StepLock(DataSet& set) {
  auto lock = [&](double t, DcsLook::What what, const std::string& name) {
    DcsLook look;
    look.what = what;
    look.name = name;
    set.Step(Seen(t, "etcd_watch on-premise", {"on-premise", ""}, look), NowAt(t));
  };
  lock(0, DcsLook::What::kConnected, "pg1");
  lock(28, DcsLook::What::kLockReleased, "pg1");
  lock(28.5, DcsLook::What::kLockTaken, "pg2");
}

Evidence Patroni(double at) {
  PatroniLook look;
  look.alive = look.has_cluster = true;
  look.asked = "10.0.0.1:8008";
  look.members = {{"pg1", "replica", "running", "10.0.0.1", "http://10.0.0.1:8008/patroni", 5432, 14},
                  {"pg2", "leader", "running", "10.0.0.2", "http://10.0.0.2:8008/patroni", 5432, 14}};
  Evidence e;
  e.eye = "patroni on-premise/10.0.0.1:8008";
  e.member = {"on-premise", "pg1"};
  e.begin = At(at);
  e.end = At(at + 0.001);
  e.seen = look;
  return e;
}

// The recorded failover with data loss, what was lost of it, and the beginning of the next outage.
Samples Verdict() {
  DataSet set(Everything());
  std::string facts =
      "{\"version\":1,\"boot_id\":\"x\",\"saved_unix_seconds\":1699999999,\"services\":[{"
      "\"service\":\"postgres\",\"scope\":\"sentinel\",\"holder\":\"pg1\",\"open\":null,\"outages\":[],"
      "\"failovers\":[]}]}";
  EXPECT_TRUE(set.Restore(facts, NowAt(0)).ok());
  double end = 0;
  for (auto& evidence : Timeline("kl1")) set.Step(evidence, NowAt(end = EndOf(evidence)));
  StepRoutes(set, end);
  StepLock(set);
  for (double t = end; t < end + 0.4; t += 0.1)
    for (auto* member : {"pg1", "pg2"})
      set.Step(SqlEvidence(member, t, 0.01, Failed(Answer::kRefused)), NowAt(t));
  SqlLook cloud = Standby(185345080, 14);
  cloud.system_identifier = "7711047912498216873";
  cloud.received = cloud.position;
  cloud.receiving_timeline = 14;
  cloud.replayed_unix_seconds = kOrigin;
  cloud.version = 150018;
  cloud.clock_offset_seconds = -0.00125;
  set.Step(SqlEvidence("pgc1", end + 0.4, 0.01, cloud), NowAt(end + 0.4));
  set.Step(Patroni(end + 0.5), NowAt(end + 0.5));
  Samples samples;
  set.Show(NowAt(end + 0.6), samples);
  return samples;
}

// A failover with a measured loss, as an earlier process left it behind.
Samples Loss() {
  DataSetOptions options = TwoSites();
  options.name = "billing";
  DataSet set(options);
  std::string facts =
      "{\"version\":1,\"boot_id\":\"x\",\"saved_unix_seconds\":1699999999,\"services\":[{"
      "\"service\":\"postgres\",\"scope\":\"billing\",\"holder\":\"pg2\",\"open\":null,\"outages\":[],"
      "\"failovers\":[{\"at\":1699990000,\"from\":\"pg1\",\"to\":\"pg2\",\"kind\":\"failover\","
      "\"lost_seconds\":2.1,\"lost_low_seconds\":2,\"lost_high_seconds\":2.3,\"lost_bytes\":20352,"
      "\"lost_low_bytes\":19392,\"lost_high_bytes\":21000}]}]}";
  EXPECT_TRUE(set.Restore(facts, NowAt(0)).ok());
  Samples samples;
  set.Show(NowAt(1), samples);
  return samples;
}

HaproxyLook Haproxy() {
  HaproxyLook look;
  look.name = "unix:/run/haproxy/admin.sock";
  look.answered = true;
  look.servers = ParseHaproxyStats(Fixture("haproxy/normal.csv")).value();
  return look;
}

EtcdLook Etcd() {
  EtcdLook look;
  look.endpoint = "10.0.0.21:2379";
  look.answered = true;
  look.healthy = look.has_leader = look.is_leader = true;
  look.database_bytes = 204800, look.database_used_bytes = 90112;
  look.raft_term = 2, look.raft_index = 1000, look.raft_applied_index = 998;
  look.alarms = 0;
  look.version = "3.4.23";
  return look;
}

// All is well: what a canary, a heartbeat, HAProxy, etcd and Patroni say then.
Samples Healthy() {
  DataSetOptions options = Everything();
  options.name = "shop";
  DataSet set(options);
  auto step = [&](const Evidence& e) { set.Step(e, NowAt(EndOf(e))); };
  const MemberId site{"on-premise", ""}, pg1{"on-premise", "pg1"};
  step(SqlEvidence("pg1", 0, 0.01, Primary(2000, 14)));
  step(SqlEvidence("pg2", 0.02, 0.01, Standby(1900, 14)));
  step(Seen(0.1, "haproxy on-premise", site, Haproxy()));
  step(Seen(0.1, "etcd 10.0.0.21:2379", site, Etcd()));
  step(Seen(0.1, "canary pg1", pg1, CanaryLook{Answer::kAnswered, 0.02}));
  step(Seen(0.1, "canary pg1", pg1, HeartbeatLook{true, 0.001}));
  Evidence patroni = Patroni(0.2);
  auto& look = std::get<PatroniLook>(patroni.seen);
  std::swap(look.members[0].role, look.members[1].role);
  look.scheduled_switchover_unix_seconds = kOrigin + 3600;
  look.config = PatroniConfig{30, 10, 10, 1048576, false, false};
  look.history = {{13, 1000, kOrigin - 3600, "pg1"}};
  look.dcs_last_seen_unix_seconds = kOrigin;
  step(patroni);
  Samples samples;
  set.Show(NowAt(0.3), samples);
  return samples;
}

// A stolen lock, recorded, with what was dropped.
Samples Stolen() {
  DataSetOptions options = TwoSites();
  options.name = "orders";
  DataSet set(options);
  for (auto& evidence : Timeline("spat1")) set.Step(evidence, NowAt(EndOf(evidence)));
  Samples samples;
  set.Show(NowAt(1e6), samples);
  return samples;
}

std::string Page() {
  Samples loss = Loss(), stolen = Stolen(), healthy = Healthy();
  Samples self = GoldenSelf("postgres", "sentinel/pg1");
  Samples primary = Details("pg2", PrimaryAnswers(), false);
  Samples standby = Details("pg1", StandbyAnswers(), true);
  Samples verdict = Verdict();
  return RenderPage({&primary, &standby, &verdict, &loss, &stolen, &healthy, &self}, Format::kText);
}

TEST(Golden, ThePageIsTheGoldenOne) { ExpectGolden("tests/golden/postgres-ha.prom", Page()); }

TEST(Golden, HoldsEveryMetricOfTheCatalogue) { ExpectWholeCatalogue(Page()); }

TEST(Golden, TheDocumentedMetricsAreTheCatalogue) { ExpectDocumented("postgres-ha"); }

TEST(Golden, NoSeriesTwice) { ExpectNoSeriesTwice(Page()); }

}  // namespace
