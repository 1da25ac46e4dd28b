#include "exporters/postgres-ha/patroni_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace {

using testing::HasSubstr;

std::string Recorded(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/postgres-ha/fixtures/patroni/" + name + ".cluster.json");
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

struct Case {
  const char* file;
  std::vector<std::string> members;  // name role state timeline
  bool paused = false;
};

class ClusterTest : public testing::TestWithParam<Case> {};

TEST_P(ClusterTest, ReadsTheRecordedAnswer) {
  auto look = ParseCluster(Recorded(GetParam().file));
  ASSERT_TRUE(look.ok()) << look.status();
  std::vector<std::string> members;
  for (auto& m : look->members) {
    members.push_back(m.name + " " + m.role + " " + m.state + " " +
                      std::to_string(m.timeline.value_or(0)));
    EXPECT_EQ(m.host, "127.0.0.1");
    EXPECT_GT(m.port, 25000);
    EXPECT_THAT(m.api_url, HasSubstr("/patroni"));
    EXPECT_FALSE(m.pending_restart);
    EXPECT_FALSE(m.nofailover);
  }
  EXPECT_EQ(members, GetParam().members);
  EXPECT_EQ(look->paused, GetParam().paused);
  EXPECT_TRUE(look->alive && look->has_cluster);
  EXPECT_FALSE(look->scheduled_switchover_unix_seconds);
}

INSTANTIATE_TEST_SUITE_P(
    Recorded, ClusterTest,
    testing::Values(
        Case{"normal.pg2", {"pg1 leader running 1", "pg2 replica running 1"}},
        Case{"normal_p4.pg2", {"pg1 leader running 1", "pg2 replica streaming 1"}},
        Case{"normal.pgc1", {"pgc1 standby_leader running 1"}},
        Case{"paused.pg2", {"pg1 leader running 15", "pg2 replica running 15"}, true},
        Case{"sync.pg2", {"pg1 leader running 15", "pg2 sync_standby running 15"}},
        Case{"replica_pg_frozen.pg2", {"pg1 leader running 15", "pg2 replica running 15"}},
        Case{"replica_pg_frozen.pg1", {"pg1 leader running 15"}},
        Case{"replica_pg_down.pg2", {"pg1 leader running 15", "pg2 replica stopped 0"}, true},
        Case{"etcd_frozen.pg1", {"pg1 leader running 15", "pg2 replica running 15"}},
        Case{"normal_p4.pgc1", {"pgc1 standby_leader streaming 1"}},
        Case{"paused.pgc1", {"pgc1 standby_leader running 15"}},
        Case{"site_cloud_before_promote.pgc1", {"pgc1 standby_leader running 16"}},
        Case{"site_cloud_after_promote.pgc1", {"pgc1 leader running 18"}}));

TEST(Cluster, OldNamesOfTheLeaderMeanTheSame) {
  for (auto* role : {"master", "primary", "leader"}) {
    auto look = ParseCluster(R"({"members":[{"name":"a","role":")" + std::string(role) + R"("}]})");
    ASSERT_TRUE(look.ok());
    EXPECT_EQ(look->members[0].role, "leader");
  }
}

PatroniMember OneMember(const std::string& more) {
  auto look = ParseCluster(R"({"members":[{"name":"a")" + more + "}]}");
  EXPECT_TRUE(look.ok()) << look.status();
  return look.ok() && look->members.size() == 1 ? look->members[0] : PatroniMember();
}

TEST(Cluster, RolesAndStatesOfPatroni4AreTakenAsTheyAre) {
  PatroniMember m =
      OneMember(R"(,"role":"quorum_standby","state":"in archive recovery","lag":"unknown")");
  EXPECT_EQ(m.role, "quorum_standby");
  EXPECT_EQ(m.state, "in archive recovery");
}

TEST(Cluster, SaysWhoMustRestart) {
  PatroniMember m = OneMember(R"(,"pending_restart":true,"pending_restart_reason":{"a":{}})");
  EXPECT_TRUE(m.pending_restart);
  EXPECT_FALSE(OneMember(R"(,"pending_restart":"no")").pending_restart);
}

TEST(Cluster, SaysWhoIsNotToBePromoted) {
  for (auto* tags : {R"({"nofailover":true})", R"({"failover_priority":0})",
                     R"({"nofailover":true,"failover_priority":7})", R"({"failover_priority":-1})"})
    EXPECT_TRUE(OneMember(std::string(",\"tags\":") + tags).nofailover) << tags;
  for (auto* tags : {"{}", "null", "7", R"({"nofailover":false,"failover_priority":0})",
                     R"({"nosync":true})", R"({"failover_priority":2})", R"({"nofailover":"x"})"})
    EXPECT_FALSE(OneMember(std::string(",\"tags\":") + tags).nofailover) << tags;
}

TEST(Cluster, SaysForWhenASwitchoverIsScheduled) {
  auto scheduled = [](const std::string& what) {
    auto look = ParseCluster(R"({"members":[],"scheduled_switchover":)" + what + "}");
    return look.ok() ? look->scheduled_switchover_unix_seconds : std::nullopt;
  };
  EXPECT_EQ(scheduled(R"({"at":"2026-11-23T01:00:00+00:00","from":"pg1","to":"pg2"})"), 1795395600);
  EXPECT_EQ(scheduled(R"({"at":"2026-11-23T03:00:00.5+02:00"})"), 1795395600.5);
  for (auto* what : {"{}", "null", "true", R"({"at":"soon"})", R"({"at":1795395600})"})
    EXPECT_FALSE(scheduled(what)) << what;
}

TEST(Cluster, AnEmptyListIsAnAnswer) {
  auto look = ParseCluster(R"({"members": []})");
  ASSERT_TRUE(look.ok());
  EXPECT_TRUE(look->has_cluster);
  EXPECT_TRUE(look->members.empty());
}

TEST(Cluster, NonsenseIsAnErrorNotAMember) {
  for (std::string body : {"", "null", "[]", "{", "\"x\"", "{\"members\": 3}", "{}",
                           "<html>502 Bad Gateway</html>", "{\"members\": {}}"})
    EXPECT_TRUE(absl::IsDataLoss(ParseCluster(body).status())) << body;
  EXPECT_TRUE(absl::IsDataLoss(ParseCluster(std::string(200'000, '[')).status()));
}

TEST(Cluster, FieldsOfTheWrongKindAreUnknown) {
  auto look = ParseCluster(
      R"({"members":[{"name":7},{"name":""},3,{"name":"a","port":"x","timeline":-1,"host":{}},)"
      R"({"name":"b","port":70000,"timeline":99999999999}]})");
  ASSERT_TRUE(look.ok());
  ASSERT_EQ(look->members.size(), 2u);
  for (auto& m : look->members) {
    EXPECT_EQ(m.port, 0);
    EXPECT_FALSE(m.timeline);
    EXPECT_EQ(m.host, "");
  }
}

TEST(Cluster, TakesAtMost64Members) {
  std::string body = "{\"members\":[{\"name\":\"a0\"}";
  for (int i = 1; i < 1000; ++i) body += ",{\"name\":\"a" + std::to_string(i) + "\"}";
  EXPECT_EQ(ParseCluster(body + "]}")->members.size(), 64u);
}

TEST(HostPortOf, FindsThePort) {
  EXPECT_EQ(HostPortOf("http://10.0.0.1:8008/patroni"), "10.0.0.1:8008");
  EXPECT_EQ(HostPortOf("http://db"), "db:80");
  EXPECT_EQ(HostPortOf("https://db/patroni"), "db:443");
  EXPECT_EQ(HostPortOf("http://[::1]:8008"), "[::1]:8008");
  EXPECT_EQ(HostPortOf("http://[::1]/x"), "[::1]:80");
  EXPECT_EQ(HostPortOf("http://u:p@db:1/x"), "db:1");
  EXPECT_EQ(HostPortOf(""), ":80");
}

}  // namespace
