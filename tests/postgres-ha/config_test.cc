#include "exporters/postgres-ha/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/common/config_files.h"

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

absl::StatusOr<std::vector<DataSetOptions>> Read(const std::string& text) {
  Fields fields = Fields::FromText("c.yml", text);
  return ReadConfig(fields);
}

TEST(Config, WithoutAFileIsTheLocalPatroni) {
  auto sets = Read("");
  ASSERT_TRUE(sets.ok()) << sets.status();
  ASSERT_EQ(sets->size(), 1u);
  auto& site = sets->at(0).sites.at(0);
  EXPECT_EQ(site.patroni, std::vector<std::string>{"http://127.0.0.1:8008"});
  EXPECT_EQ(site.connection.user, "");
  EXPECT_EQ(site.connection.database, "postgres");
  EXPECT_EQ(site.look_deadline, 500ms);
  EXPECT_EQ(site.expected_members, std::nullopt);
  const Objectives& o = sets->at(0).objectives;
  EXPECT_EQ(o.replication_lag_seconds, 10);
  EXPECT_EQ(o.connections_ratio, 0.8);
  EXPECT_EQ(o.application_connections, 20);
  EXPECT_EQ(o.slot_retained_bytes, 2147483648);
  EXPECT_EQ(o.transaction_seconds, 3600);
  EXPECT_EQ(o.clock_offset_seconds, 0.5);
}

TEST(Config, EntriesOfOneNameAreTheSitesOfOneDataSet) {
  auto sets = Read(R"(
defaults: {user: u, password: p, sslmode: disable}
watch: {interval: 200ms}
clusters:
  - {name: main, site: on-premise, patroni: ["http://a:8008/"]}
  - {name: main, site: cloud, patroni: http://b:8008, user: v}
  - {name: other, members: [{name: x, host: db, port: 5433}, {host: db2}]}
objectives: {rto: 90s, rpo: 1m}
anchors: ["10.0.0.1:53"]
)");
  ASSERT_TRUE(sets.ok()) << sets.status();
  ASSERT_EQ(sets->size(), 2u);
  auto& main = sets->at(0);
  ASSERT_EQ(main.sites.size(), 2u);
  EXPECT_EQ(main.sites[0].patroni[0], "http://a:8008");
  EXPECT_EQ(main.sites[0].look_deadline, 500ms);
  EXPECT_EQ(main.sites[1].look_deadline, 2s);  // another site is far away
  EXPECT_EQ(main.sites[1].connection.user, "v");
  EXPECT_EQ(main.sites[1].connection.password, "p");
  EXPECT_EQ(main.sites[0].look_interval, 200ms);
  EXPECT_EQ(main.rto_objective_seconds, 90);
  EXPECT_EQ(main.anchors, std::vector<std::string>{"10.0.0.1:53"});
  auto& members = sets->at(1).sites[0].members;
  EXPECT_EQ(members[0].port, 5433);
  EXPECT_EQ(members[1].name, "db2:5432");
}

TEST(Config, RoutesProxiesAndStoreBelongToASite) {
  auto sets = Read(R"(
watch: {route_interval: 2s, canary_interval: 0s}
clusters:
  - name: main
    patroni: http://a:8008
    routes: {rw: "proxy:5432", ro: "[::1]:5433", ro_accepts_primary: true}
    haproxy: [{url: "unix:/run/h.sock", rw_proxy: write}, {url: "http://proxy:7000/;csv"}]
    etcd: {endpoints: "http://e:2379/", watch: true, namespace: space, scope: patroni1}
  - {name: main, site: cloud, patroni: http://b:8008, etcd: {endpoints: ["http://f:2379"]}}
)");
  ASSERT_TRUE(sets.ok()) << sets.status();
  auto& here = sets->at(0).sites[0];
  ASSERT_EQ(here.routes.size(), 2u);
  EXPECT_EQ(here.routes[0].kind, RouteKind::kReadWrite);
  EXPECT_EQ(here.routes[0].host, "proxy");
  EXPECT_EQ(here.routes[1].host, "::1");
  EXPECT_EQ(here.routes[1].port, 5433);
  EXPECT_TRUE(here.read_only_accepts_primary);
  EXPECT_EQ(here.route_interval, 2s);
  EXPECT_EQ(here.canary_interval, 0s);
  EXPECT_EQ(here.heartbeat_interval, 0s);  // opt-in
  ASSERT_EQ(here.haproxies.size(), 2u);
  EXPECT_EQ(here.haproxies[0].rw_proxy, "write");
  EXPECT_EQ(here.haproxies[1].rw_proxy, "primary");
  EXPECT_EQ(here.haproxies[1].ro_proxy, "replicas");
  EXPECT_EQ(here.etcd.endpoints, std::vector<std::string>{"http://e:2379"});
  EXPECT_EQ(here.etcd.prefix, "/space/patroni1/");
  EXPECT_TRUE(here.etcd.watch);
  EXPECT_EQ(sets->at(0).sites[1].etcd.prefix, "/service/main/");
  EXPECT_FALSE(sets->at(0).sites[1].etcd.watch);
  EXPECT_TRUE(sets->at(0).sites[1].routes.empty());
}

TEST(Config, ObjectivesAreOfAllDataSetsAndExpectedMembersOfASite) {
  auto sets = Read(R"(
clusters:
  - {name: a, patroni: http://a:8008, expected_members: 3}
  - {name: b, patroni: http://b:8008}
objectives: {replication_lag: 2s, connections: 1, application_connections: 50,
  slot_retained: 1.5GB, transaction: 10m, clock_offset: 100ms}
)");
  ASSERT_TRUE(sets.ok()) << sets.status();
  for (auto& set : *sets) {
    const Objectives& o = set.objectives;
    EXPECT_EQ(o.replication_lag_seconds, 2);
    EXPECT_EQ(o.connections_ratio, 1);
    EXPECT_EQ(o.application_connections, 50);
    EXPECT_EQ(o.slot_retained_bytes, 1.5e9);
    EXPECT_EQ(o.transaction_seconds, 600);
    EXPECT_EQ(o.clock_offset_seconds, 0.1);
    EXPECT_EQ(set.rto_objective_seconds, 120);
  }
  EXPECT_EQ(sets->at(0).sites[0].expected_members, 3);
  EXPECT_EQ(sets->at(1).sites[0].expected_members, std::nullopt);
}

const ReadsConfig kReads = [](Fields& fields) { return ReadConfig(fields).status(); };

TEST(Config, GoodAndBadFiles) {
  ExpectGoodAndBadFiles("postgres-ha", kReads);
}

TEST(Config, TheExampleIsReadAndNamesEveryKey) {
  setenv("SENTINEL_POSTGRES_PASSWORD", "x", 1);
  ExpectExampleNamesEveryKey("postgres-ha", kReads, 50);
}

TEST(Config, PasswordsNeverAppearInErrors) {
  auto sets = Read("defaults: {password: hunter2, password_file: /nonexistent}\n");
  ASSERT_FALSE(sets.ok());
  EXPECT_THAT(std::string(sets.status().message()), testing::Not(HasSubstr("hunter2")));
}

}  // namespace
