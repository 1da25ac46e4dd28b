// What the page says of HAProxies, at times of the test's choosing.
#include "exporters/postgres-ha/haproxy_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "exporters/postgres-ha/haproxy_stats.h"
#include "tests/postgres-ha/replay.h"

using namespace std::chrono_literals;

namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kUrl[] = "http://10.0.0.9:7000/;csv";

DataSetOptions Options(const std::string& url = kUrl) {
  DataSetOptions options = TwoSites();
  options.sites[0].haproxies = {{url, "primary", "replicas", "", ""}};
  return options;
}

HaproxyLook Recorded(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/postgres-ha/fixtures/haproxy/" + name + ".csv");
  std::stringstream all;
  all << file.rdbuf();
  auto servers = ParseHaproxyStats(all.str());
  EXPECT_TRUE(servers.ok()) << servers.status();
  return {kUrl, true, servers.ok() ? *servers : std::vector<HaproxyServer>()};
}

HaproxyServer Server(const std::string& proxy, const std::string& server, const std::string& status,
                     const std::string& address = "") {
  HaproxyServer s;
  s.proxy = proxy;
  s.server = server;
  s.status = status;
  s.up = status.starts_with("UP") || status == "no check";
  s.address = address;
  return s;
}

// The lines of the page that speak of HAProxy.
struct Board {
  DataSetOptions options = Options();
  Members members;
  Roles roles;
  HaproxyFacts facts;

  Board() {
    for (auto& site : options.sites)
      for (auto& m : site.members) {
        members[{site.name, m.name}].host = m.host;
        members[{site.name, m.name}].port = m.port;
      }
    roles = {{{"on-premise", "pg1"}, true},
             {{"on-premise", "pg2"}, false},
             {{"cloud", "pgc1"}, false}};
  }
  void See(const HaproxyLook& look, double at, const std::string& site = "on-premise") {
    facts.Step(site, look, At(at));
  }
  std::vector<std::string> Lines(double at) const {
    Samples samples;
    facts.Show(options, members, roles, NowAt(at), samples);
    std::istringstream page(RenderPage({&samples}, Format::kText));
    std::vector<std::string> lines;
    for (std::string line; std::getline(page, line);)
      if (line.starts_with("postgres_ha_haproxy")) lines.push_back(line);
    return lines;
  }
  // The value of the only line with all of `words`; "absent" or "several" else.
  std::string Value(double at, const std::vector<std::string>& words) const {
    std::vector<std::string> found;
    for (auto& line : Lines(at))
      if (std::all_of(words.begin(), words.end(),
                      [&](auto& word) { return line.find(word) != line.npos; }))
        found.push_back(line.substr(line.rfind(' ') + 1));
    return found.empty() ? "absent" : found.size() > 1 ? "several" : found[0];
  }
  std::string Mismatch(const HaproxyServer& server) {
    See({kUrl, true, {server}}, 1);
    return Value(1, {"routing_mismatch", "server=\"" + server.server + "\""});
  }
};

TEST(HaproxyFacts, ShowsTheRecordedServers) {
  Board board;
  board.See(Recorded("normal"), 1);
  auto all = board.Lines(1.5);
  EXPECT_EQ(all.size(), 41u);
  const std::string labels =
      "{pg_cluster=\"sentinel\",target_site=\"on-premise\",haproxy=\"10.0.0.9:7000\"";
  const std::string pg1 = labels + ",proxy=\"primary\",server=\"pg1\"";
  for (auto& line : {
           "postgres_ha_haproxy_up" + labels + "} 1",
           "postgres_ha_haproxy_server_up" + pg1 + "} 1",
           "postgres_ha_haproxy_server_info" + pg1 + ",state=\"up\",check_status=\"L7OK\"} 1",
           "postgres_ha_haproxy_server_last_change_timestamp_seconds" + pg1 + "} 1699999964",
           "postgres_ha_haproxy_server_sessions" + pg1 + "} 1",
           "postgres_ha_haproxy_server_session_limit" + pg1 + "} 100",
           "postgres_ha_haproxy_server_queue" + pg1 + "} 0",
           "postgres_ha_haproxy_server_connections_total" + pg1 + "} 3",
           "postgres_ha_haproxy_server_connection_errors_total" + pg1 + "} 0",
           "postgres_ha_haproxy_server_check_failures_total" + pg1 + "} 1",
           "postgres_ha_haproxy_routing_mismatch" + pg1 + ",member=\"pg1\"} 0"})
    EXPECT_THAT(all, testing::Contains(line));
}

TEST(HaproxyFacts, WhatIsUnknownIsAbsent) {
  Board board;
  board.See({kUrl, true, {Server("primary", "pg1", "UP")}}, 1);
  for (auto* what : {"session_limit", "sessions", "queue", "_total", "last_change"})
    EXPECT_EQ(board.Value(1, {what}), "absent") << what;
  EXPECT_EQ(board.Value(1, {"server_up"}), "1");
}

TEST(HaproxyFacts, SilenceIsDownWithoutServers) {
  Board board;
  board.See(Recorded("normal"), 1);
  board.See({kUrl, false, {}}, 2);
  EXPECT_EQ(board.Lines(2.1).size(), 1u);
  EXPECT_EQ(board.Value(2.1, {"haproxy_up"}), "0");
}

TEST(HaproxyFacts, ShowsNothingOld) {
  Board board;
  board.See(Recorded("normal"), 1);
  EXPECT_EQ(board.Value(4.5, {"haproxy_up"}), "1");  // three looks and a deadline of half a second
  EXPECT_TRUE(board.Lines(4.6).empty());
  board.See({kUrl, false, {}}, 5);
  EXPECT_TRUE(board.Lines(8.6).empty());
}

TEST(HaproxyFacts, ShowsWhatIsConfigured) {
  Board board;
  board.See(Recorded("normal"), 1, "cloud");
  EXPECT_TRUE(board.Lines(1).empty());
  board.See(Recorded("normal"), 1);
  board.options.sites[0].haproxies.clear();
  EXPECT_TRUE(board.Lines(1).empty());
}

TEST(HaproxyFacts, ASocketIsNamedByItsPath) {
  Board board;
  board.options = Options("unix:/run/haproxy/admin.sock");
  board.See({"unix:/run/haproxy/admin.sock", true, {}}, 1);
  EXPECT_EQ(board.Value(1, {"haproxy_up", "haproxy=\"/run/haproxy/admin.sock\""}), "1");
}

// Two URLs of one HAProxy must not give a series twice.
TEST(HaproxyFacts, OneHaproxyIsShownOnce) {
  Board board;
  const std::string other = "http://10.0.0.9:7000/stats";
  board.options.sites[0].haproxies.push_back({other, "primary", "replicas", "", ""});
  HaproxyLook look = Recorded("normal");
  board.See(look, 1);
  look.name = other;
  board.See(look, 1);
  EXPECT_EQ(board.Lines(1).size(), 41u);
}

// Ages are whole seconds of another clock: the moment must not waver with them.
TEST(HaproxyFacts, TheLastChangeStaysWhileTheAgeAgrees) {
  Board board;
  auto changed = [&](double at, double age) {
    HaproxyServer server = Server("primary", "pg1", "UP");
    server.last_change_seconds = age;
    board.See({kUrl, true, {server}}, at);
    return board.Value(at, {"last_change"});
  };
  const std::string first = changed(100.7, 40);
  EXPECT_EQ(first, "1700000061");
  EXPECT_EQ(changed(101.6, 40), first);
  EXPECT_EQ(changed(102.8, 43), first);
  EXPECT_EQ(changed(103.8, 43), first);
  // Not asked for a minute; it did not answer for another one.
  EXPECT_EQ(changed(163.7, 103), first);
  board.See({kUrl, false, {}}, 164);
  EXPECT_EQ(changed(223.7, 163), first);
  // It changed, and so soon after the last look that only the age can tell.
  EXPECT_EQ(changed(224.7, 0), "1700000225");
  EXPECT_EQ(changed(225.7, 1), "1700000225");
  // A second change, while nobody looked: the age is not smaller, but too small.
  EXPECT_EQ(changed(260.7, 10), "1700000251");
}

struct Role {
  const char *proxy, *status;
  bool writable;
  const char* mismatch;
};

class HaproxyMismatch : public testing::TestWithParam<Role> {};

TEST_P(HaproxyMismatch, Is) {
  Board board;
  board.roles[{"on-premise", "pg1"}] = GetParam().writable;
  EXPECT_EQ(board.Mismatch(Server(GetParam().proxy, "pg1", GetParam().status)), GetParam().mismatch)
      << GetParam().proxy << ' ' << GetParam().status;
}

constexpr bool kPrimary = true, kStandby = false;
INSTANTIATE_TEST_SUITE_P(
    All, HaproxyMismatch,
    testing::Values(Role{"primary", "UP", kPrimary, "0"}, Role{"primary", "UP 1/3", kPrimary, "0"},
                    Role{"primary", "no check", kPrimary, "0"},
                    Role{"primary", "UP", kStandby, "1"}, Role{"primary", "UP 1/3", kStandby, "1"},
                    Role{"primary", "no check", kStandby, "1"},
                    Role{"primary", "DOWN", kPrimary, "1"},
                    Role{"primary", "DOWN 1/2", kPrimary, "1"},
                    Role{"primary", "DOWN", kStandby, "0"}, Role{"primary", "NOLB", kPrimary, "1"},
                    Role{"primary", "MAINT", kPrimary, "0"},
                    Role{"primary", "DRAIN", kPrimary, "0"},
                    Role{"primary", "MAINT (via a/b)", kPrimary, "0"},
                    Role{"primary", "MAINT (resolution)", kPrimary, "1"},
                    Role{"primary", "MAINT (resolution)", kStandby, "0"},
                    Role{"replicas", "UP", kPrimary, "1"}, Role{"replicas", "UP", kStandby, "0"},
                    Role{"replicas", "DOWN", kPrimary, "0"},
                    Role{"replicas", "DOWN", kStandby, "1"},
                    Role{"replicas", "MAINT", kStandby, "0"},
                    Role{"replicas", "DRAIN", kStandby, "0"}, Role{"web", "UP", kStandby, "absent"},
                    Role{"", "UP", kStandby, "absent"}));

TEST(HaproxyMismatch, IsAbsentWhileTheRoleIsUnknown) {
  Board board;
  board.roles.erase({"on-premise", "pg1"});
  EXPECT_EQ(board.Mismatch(Server("primary", "pg1", "UP")), "absent");
  EXPECT_EQ(board.Mismatch(Server("primary", "unheard-of", "UP")), "absent");
  EXPECT_EQ(board.Value(1, {"server_up", "unheard-of"}), "1");
}

TEST(HaproxyMismatch, ThePrimaryMayReadWhereThatIsConfigured) {
  Board board;
  board.options.sites[0].read_only_accepts_primary = true;
  EXPECT_EQ(board.Mismatch(Server("replicas", "pg1", "UP")), "0");
  EXPECT_EQ(board.Mismatch(Server("replicas", "pg1", "DOWN")), "0");
  EXPECT_EQ(board.Mismatch(Server("replicas", "pg2", "DOWN")), "1");
}

// The checks of a standby cluster's site: /replica says no to its leader, /read-only yes.
TEST(HaproxyMismatch, TheLeaderOfAStandbyClusterMayReadOrNot) {
  Board board;
  board.options.sites[1].haproxies = board.options.sites[0].haproxies;
  auto& pgc1 = board.members[{"cloud", "pgc1"}];
  pgc1.patroni.emplace().role = "standby_leader";
  for (auto* status : {"DOWN", "UP"}) {
    board.See({kUrl, true, {Server("replicas", "pgc1", status)}}, 1, "cloud");
    EXPECT_EQ(board.Value(1, {"routing_mismatch", "target_site=\"cloud\""}), "0") << status;
  }
  pgc1.patroni->role = "replica";
  board.See({kUrl, true, {Server("replicas", "pgc1", "DOWN")}}, 2, "cloud");
  EXPECT_EQ(board.Value(2, {"routing_mismatch", "target_site=\"cloud\""}), "1");
}

TEST(HaproxyMismatch, FindsTheMemberByAddressThenByName) {
  Board board;
  auto member = [&](const HaproxyServer& server) {
    board.See({kUrl, true, {server}}, 1);
    for (auto& line : board.Lines(1))
      if (auto at = line.find("member=\""); at != line.npos)
        return line.substr(at + 8, line.find('"', at + 8) - at - 8);
    return std::string("none");
  };
  EXPECT_EQ(member(Server("primary", "pg1", "UP", "10.0.0.2:5432")), "pg2");
  EXPECT_EQ(member(Server("primary", "db7", "UP", "10.1.0.1:5432")), "pgc1");
  EXPECT_EQ(member(Server("primary", "pg1", "UP", "10.0.0.2:6432")), "pg1");  // a pooler's port
  EXPECT_EQ(member(Server("primary", "pg1", "UP")), "pg1");
  EXPECT_EQ(member(Server("primary", "pgc1", "UP")), "pgc1");
  EXPECT_EQ(member(Server("primary", "db7", "UP")), "none");
  board.members[{"on-premise", "pg2"}].host = "fd00::2";
  EXPECT_EQ(member(Server("primary", "x", "UP", "[fd00::2]:5432")), "pg2");
  // The same address and name in both sites: that of HAProxy's own.
  for (auto* site : {"cloud", "on-premise"}) {
    board.members[{site, "pg3"}].host = "192.168.0.3";
    board.members[{site, "pg3"}].port = 5432;
    board.roles[{site, "pg3"}] = false;
  }
  EXPECT_EQ(member(Server("primary", "x", "UP", "192.168.0.3:5432")), "on-premise/pg3");
  EXPECT_EQ(member(Server("primary", "pg3", "UP")), "on-premise/pg3");
}

// As the verdict wires it: roles come from SQL, and go when SQL is silent.
TEST(HaproxyMismatch, FollowsTheVerdict) {
  DataSet set(Options());
  auto page = [&](double at) {
    Samples samples;
    set.Show(NowAt(at), samples);
    return RenderPage({&samples}, Format::kText);
  };
  Evidence e;
  e.member = {"on-premise", ""};
  e.seen = Recorded("normal");
  set.Step(SqlEvidence("pg1", 0.1, 0.01, Primary(100)), NowAt(0.2));
  set.Step(SqlEvidence("pg2", 0.1, 0.01, Standby(100)), NowAt(0.2));
  e.begin = e.end = At(0.3);
  set.Step(e, NowAt(0.3));
  const std::string pg1 = "proxy=\"primary\",server=\"pg1\",member=\"pg1\"} ";
  const std::string pg2 = "proxy=\"primary\",server=\"pg2\",member=\"pg2\"} ";
  EXPECT_THAT(page(0.4), HasSubstr(pg1 + "0"));
  EXPECT_THAT(page(0.4), HasSubstr(pg2 + "0"));
  set.Step(SqlEvidence("pg1", 0.5, 0.01, Failed(Answer::kRefused)), NowAt(0.6));
  set.Step(SqlEvidence("pg2", 0.5, 0.01, Primary(100, 2)), NowAt(0.6));
  EXPECT_THAT(page(0.7), Not(HasSubstr(pg1)));
  EXPECT_THAT(page(0.7), HasSubstr(pg2 + "1"));
}

}  // namespace
