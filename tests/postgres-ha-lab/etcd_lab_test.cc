// The real etcd: one member after the other away, and what Patroni writes there.
#include <utility>

#include "tests/postgres-ha-lab/exporter.h"

using namespace std::chrono_literals;

namespace {

std::string Endpoint(int n) {
  return "127.0.0.1:" + Lab::The()["ETCD" + std::to_string(n) + "_PORT"];
}
Labels At(int n) { return {{"endpoint", Endpoint(n)}}; }

ExporterConfig WithEtcd() {
  ExporterConfig config = TwoSites();
  config.sites[0].more = "etcd: {endpoints: [" + Lab::The()["ETCD_URLS"] +
                         "], watch: true, scope: " + Lab::The()["SCOPE"] + "}";
  return config;
}

// Members of etcd as `verb` leaves them, until the end of the scope.
class EtcdFault {
 public:
  EtcdFault(const std::string& verb, std::vector<int> members)
      : end_(verb == "kill" ? "start" : "cont"), members_(std::move(members)) {
    for (int n : members_) Lab::The().Do("etcd", verb, {std::to_string(n)});
  }
  ~EtcdFault() { End(); }
  EtcdFault(const EtcdFault&) = delete;
  void End() {
    for (int n : std::exchange(members_, {})) Lab::The().Do("etcd", end_, {std::to_string(n)});
  }

 private:
  std::string end_;
  std::vector<int> members_;
};

// All three well, one of them the leader.
bool AllWell(const Page& page) {
  double leaders = 0;
  for (int n : {1, 2, 3}) {
    for (std::string name : {"up", "healthy", "has_leader"})
      if (!page.Is("postgres_ha_etcd_" + name, At(n), 1)) return false;
    leaders += page.Get("postgres_ha_etcd_leader", At(n)).value_or(0);
  }
  return leaders == 1 && page.Is("postgres_ha_etcd_quorum", {}, 1);
}

bool Watching(const Page& page) {
  return page.Is("sentinel_exporter_collector_success", {{"collector", "etcd_watch"}}, 1);
}

class EtcdLab : public LabTest {};

TEST_F(EtcdLab, ShowsEveryMember) {
  Exporter exporter(WithEtcd());
  Page page = exporter.Await(15, "all of etcd is well", AllWell);
  Labels site = {{"pg_cluster", "sentinel"}, {"target_site", "on-premise"}};
  EXPECT_TRUE(page.Is("postgres_ha_etcd_endpoints", site, 3));
  EXPECT_EQ(page.All("postgres_ha_etcd_quorum").size(), 1u);
  for (int n : {1, 2, 3}) {
    EXPECT_TRUE(page.Is("postgres_ha_etcd_alarms", At(n), 0));
    EXPECT_GT(page.Get("postgres_ha_etcd_database_bytes", At(n)).value_or(0), 0);
    EXPECT_GT(page.Get("postgres_ha_etcd_database_used_bytes", At(n)).value_or(0), 0);
    EXPECT_GT(page.Get("postgres_ha_etcd_raft_term", At(n)).value_or(0), 0);
    EXPECT_LT(page.Get("postgres_ha_etcd_apply_lag_entries", At(n)).value_or(99), 10);
    EXPECT_EQ(page.All("postgres_ha_etcd_info", At(n)).size(), 1u);
  }
  EXPECT_TRUE(Watching(page)) << page.Lines("etcd_watch");
}

TEST_F(EtcdLab, TheQuorumIsThereWithTwoAndGoneWithOne) {
  Exporter exporter(WithEtcd());
  exporter.Await(15, "all of etcd is well", AllWell);
  EtcdFault one("kill", {2});
  Page page = exporter.Await(12, "one is down, two are well", [](const Page& p) {
    return p.Is("postgres_ha_etcd_up", At(2), 0) && p.Is("postgres_ha_etcd_quorum", {}, 1) &&
           p.Is("postgres_ha_etcd_healthy", At(1), 1) && p.Is("postgres_ha_etcd_healthy", At(3), 1);
  });
  EXPECT_FALSE(page.Has("postgres_ha_etcd_healthy", At(2)));
  EXPECT_FALSE(page.Has("postgres_ha_etcd_database_bytes", At(2)));
  EtcdFault two("kill", {3});
  page = exporter.Await(15, "the survivor has no quorum", [](const Page& p) {
    return p.Is("postgres_ha_etcd_up", At(1), 1) && p.Is("postgres_ha_etcd_healthy", At(1), 0) &&
           p.Is("postgres_ha_etcd_has_leader", At(1), 0) && p.Is("postgres_ha_etcd_up", At(3), 0) &&
           p.Is("postgres_ha_etcd_quorum", {}, 0);
  });
  EXPECT_TRUE(page.Is("postgres_ha_etcd_endpoints", {}, 3));
  page = exporter.Await(10, "nothing can be heard of Patroni",
                        [](const Page& p) { return !Watching(p); });
  two.End();
  one.End();
  exporter.Await(20, "all of etcd is well again",
                 [](const Page& p) { return AllWell(p) && Watching(p); });
}

TEST_F(EtcdLab, AFrozenMemberIsDownAndHoldsUpNothing) {
  Exporter exporter(WithEtcd());
  exporter.Await(15, "all of etcd is well", AllWell);
  for (int n : {1, 3}) {
    SCOPED_TRACE(n);
    EtcdFault frozen("stop", {n});
    exporter.Await(12, "it is down, the others are well", [&](const Page& p) {
      bool others = true;
      for (int other : {1, 2, 3})
        others = others && (other == n || p.Is("postgres_ha_etcd_healthy", At(other), 1));
      return others && p.Is("postgres_ha_etcd_up", At(n), 0) &&
             p.Is("postgres_ha_etcd_quorum", {}, 1) && Watching(p);
    });
    exporter.ExpectSwift();
    frozen.End();
    exporter.Await(15, "it is back", AllWell);
  }
}

// The stream that the exporter listened to is gone; what Patroni does is heard through another one.
TEST_F(EtcdLab, ASwitchoverIsDatedThroughWhoeverIsLeft) {
  Exporter exporter(WithEtcd());
  exporter.Await(15, "all of etcd is well", AllWell);
  EtcdFault gone("kill", {1});
  exporter.Await(15, "another one tells", [](const Page& p) {
    return p.Is("postgres_ha_etcd_up", At(1), 0) && p.Is("postgres_ha_etcd_quorum", {}, 1) &&
           Watching(p);
  });
  std::string old;
  ASSERT_TRUE(Eventually(10, "there is a leader", [&] { return !(old = lab.Leader()).empty(); }));
  std::string next = old == "pg1" ? "pg2" : "pg1";
  ASSERT_TRUE(lab.Do("patroni", "switchover"));
  Page page = exporter.Await(20, "the switchover and its phases", [](const Page& p) {
    return p.Is("ha_failovers_total", {{"service", "postgres"}, {"kind", "switchover"}}, 1) &&
           p.All("postgres_ha_last_failover_phase_seconds").size() >= 3;
  });
  Labels from_to = {{"service", "postgres"}, {"from", old}, {"to", next}};
  EXPECT_TRUE(page.Is("ha_last_failover_info", from_to, 1)) << page.Lines("ha_last_failover_info");
  auto phase = [&](const std::string& name) {
    return page.Get("postgres_ha_last_failover_phase_seconds", {{"phase", name}}).value_or(-1);
  };
  auto outage = page.Get("ha_last_outage_seconds", {{"service", "postgres"}}).value_or(-1);
  for (std::string name : {"detect", "elect", "promote"}) {
    EXPECT_GE(phase(name), 0) << page.Lines("phase");
    EXPECT_LT(phase(name), 10) << page.Lines("phase");
  }
  EXPECT_NEAR(phase("detect") + phase("elect") + phase("promote"), outage, 0.5);
}

}  // namespace
