#include "exporters/postgres-ha/haproxy_stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Recorded(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/postgres-ha/fixtures/haproxy/" + name + ".csv");
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

// Each as "proxy/server status check".
std::vector<std::string> Servers(const std::string& csv) {
  auto servers = ParseHaproxyStats(csv);
  EXPECT_TRUE(servers.ok()) << servers.status();
  std::vector<std::string> all;
  if (!servers.ok()) return all;
  for (auto& s : *servers)
    all.push_back(s.proxy + "/" + s.server + " " + s.status + " " + s.check_status);
  return all;
}

HaproxyServer One(const std::string& fields, const std::string& columns) {
  auto servers = ParseHaproxyStats("# pxname,svname,type," + columns + ",\n" +
                                   "primary,pg1,2," + fields + ",\n");
  EXPECT_TRUE(servers.ok()) << servers.status();
  return servers.ok() && servers->size() == 1 ? servers->front() : HaproxyServer();
}

TEST(HaproxyStats, ReadsTheRecordedPages) {
  for (auto* name : {"normal", "normal_p4", "paused"})
    EXPECT_THAT(Servers(Recorded(name)),
                ElementsAre("primary/pg1 UP L7OK", "primary/pg2 DOWN L7STS",
                            "replicas/pg1 DOWN L7STS", "replicas/pg2 UP L7OK"))
        << name;
  EXPECT_THAT(Servers(Recorded("paused_cloud")),
              ElementsAre("primary/pgc1 DOWN L7STS", "replicas/pgc1 DOWN L7STS"));
}

TEST(HaproxyStats, ReadsTheNumbers) {
  auto servers = ParseHaproxyStats(Recorded("paused"));
  ASSERT_TRUE(servers.ok()) << servers.status();
  const HaproxyServer& pg1 = servers->front();
  EXPECT_TRUE(pg1.up);
  EXPECT_EQ(pg1.address, "");  // hidden on a page without legends
  EXPECT_EQ(pg1.sessions, 1);
  EXPECT_EQ(pg1.session_limit, 100);
  EXPECT_EQ(pg1.queue, 0);
  EXPECT_EQ(pg1.connections_total, 3362);
  EXPECT_EQ(pg1.connection_errors_total, 138);
  EXPECT_EQ(pg1.check_failures_total, 31);
  EXPECT_EQ(pg1.last_change_seconds, 290);
}

// The socket of a HAProxy whose servers were brought into every state.
TEST(HaproxyStats, ReadsTheRecordedSocket) {
  EXPECT_THAT(
      Servers(Recorded("socket")),
      ElementsAre("primary/unchecked no check ", "primary/up UP L7OK", "primary/odd DOWN L7STS",
                  "primary/going_up DOWN 5/90 L7OK", "primary/going_down UP 86/90 L7STS",
                  "primary/refused DOWN L4CON", "primary/off MAINT ",
                  "primary/follows MAINT (via primary/off) ", "primary/weightless DRAIN L7OK",
                  "primary/drained DRAIN L7OK", "primary/six no check ", "primary/path no check ",
                  "primary/nowhere MAINT (resolution) "));
  auto servers = ParseHaproxyStats(Recorded("socket"));
  ASSERT_TRUE(servers.ok());
  EXPECT_EQ((*servers)[0].address, "127.0.0.1:29002");
  EXPECT_FALSE((*servers)[0].session_limit);
  EXPECT_EQ((*servers)[1].session_limit, 20);
  EXPECT_EQ((*servers)[10].address, "[::1]:29003");
  EXPECT_FALSE((*servers)[8].up);  // no weight
}

struct Status {
  const char *said, *state;
  bool up;
};

class HaproxyStatus : public testing::TestWithParam<Status> {};

TEST_P(HaproxyStatus, IsUpAndHasAState) {
  EXPECT_EQ(One(GetParam().said, "status").up, GetParam().up);
  EXPECT_EQ(HaproxyStateOf(GetParam().said), GetParam().state);
}

INSTANTIATE_TEST_SUITE_P(
    All, HaproxyStatus,
    testing::Values(Status{"UP", "up", true}, Status{"UP 2/3", "going_down", true},
                    Status{"DOWN", "down", false}, Status{"DOWN 1/2", "going_up", false},
                    Status{"DOWN (agent)", "down", false}, Status{"MAINT", "maint", false},
                    Status{"MAINT (via primary/pg1)", "maint", false},
                    Status{"MAINT (resolution)", "maint", false}, Status{"DRAIN", "drain", false},
                    Status{"DRAIN 1/3", "drain", false}, Status{"DRAIN (agent)", "drain", false},
                    Status{"NOLB", "nolb", false}, Status{"NOLB 1/3", "nolb", false},
                    Status{"no check", "no_check", true}, Status{"", "", false},
                    Status{"up", "", false}, Status{"OPEN", "", false}));

TEST(HaproxyStats, ACheckUnderWayIsTheOneBefore) {
  EXPECT_EQ(One("UP,* L7OK", "status,check_status").check_status, "L7OK");
  EXPECT_EQ(One("UP,L7OK", "status,check_status").check_status, "L7OK");
  EXPECT_EQ(One("UP,", "status,check_status").check_status, "");
}

TEST(HaproxyStats, WhatIsNoNumberIsAbsent) {
  for (std::string text : {"", "-1", "x", "1x", " 1", "1.5", "inf", "99999999999999999999"}) {
    auto s = One("UP," + text + "," + text, "status,slim,lastchg");
    EXPECT_FALSE(s.session_limit) << text;
    EXPECT_FALSE(s.last_change_seconds) << text;
  }
  EXPECT_EQ(One("UP,0", "status,slim").session_limit, 0);
  EXPECT_FALSE(One("UP,2000000000", "status,lastchg").last_change_seconds);
  EXPECT_FALSE(One("UP", "status").session_limit);  // no such column
}

TEST(HaproxyStats, FindsColumnsByName) {
  auto s = One("7,UP,L4CON,3", "scur,status,check_status,colour");
  EXPECT_EQ(s.sessions, 7);
  EXPECT_EQ(s.check_status, "L4CON");
  EXPECT_TRUE(s.up);
}

TEST(HaproxyStats, QuotedFieldsMayHoldAnything) {
  auto s = One("\"No, \"\"really\"\"\nnot\",UP,\"4\"", "last_chk,status,scur");
  EXPECT_TRUE(s.up);
  EXPECT_EQ(s.sessions, 4);
}

TEST(HaproxyStats, LinesMayEndAsOnWindows) {
  EXPECT_THAT(Servers("# pxname,svname,type,status\r\nprimary,pg1,2,UP\r\n"),
              ElementsAre("primary/pg1 UP "));
}

TEST(HaproxyStats, OnlyServersCount) {
  EXPECT_THAT(Servers("# pxname,svname,type,status\na,FRONTEND,0,OPEN\na,BACKEND,1,UP\n"
                      "a,sock-1,3,OPEN\na,b,2,UP\n"),
              ElementsAre("a/b UP "));
  EXPECT_THAT(Servers("# pxname,svname,type,status\n\n"), ElementsAre());
}

// The same series twice would cost Prometheus the whole page.
TEST(HaproxyStats, TheFirstOfANameCounts) {
  EXPECT_THAT(Servers("# pxname,svname,type,status\na,b,2,UP\na,b,2,DOWN\na,c,2,UP\nd,b,2,UP\n"),
              ElementsAre("a/b UP ", "a/c UP ", "d/b UP "));
}

TEST(HaproxyStats, TakesAtMost256) {
  std::string csv = "# pxname,svname,type,status\n";
  for (int i = 0; i < 1000; ++i) csv += "web,s" + std::to_string(i) + ",2,UP\n";
  EXPECT_EQ(Servers(csv).size(), 256u);
}

std::string Complaint(const std::string& csv) {
  auto servers = ParseHaproxyStats(csv);
  EXPECT_TRUE(absl::IsDataLoss(servers.status())) << servers.status() << ": " << csv.substr(0, 60);
  return std::string(servers.status().message());
}

// However an answer breaks off inside a line, it is not half a list.
TEST(HaproxyStats, WhatBreaksOffIsAnError) {
  std::string csv = Recorded("normal");
  for (std::size_t size = 0; size < csv.size(); ++size)
    if (size == 0 || csv[size - 1] != '\n') Complaint(csv.substr(0, size));
  EXPECT_THAT(Complaint(csv.substr(0, csv.size() - 40)), HasSubstr("break off in the middle"));
  EXPECT_THAT(Complaint("# pxname,svname,type,status\na,\"b\n"), HasSubstr("break off"));
}

TEST(HaproxyStats, SaysWhatIsNotStatistics) {
  const std::string head = "# pxname,svname,type,status\n";
  EXPECT_THAT(Complaint(""), HasSubstr("empty"));
  EXPECT_THAT(Complaint("Permission denied\n\n"), HasSubstr("begins with 'Permission denied'"));
  EXPECT_THAT(Complaint("<html>\x01\xff" + std::string(5000, 'x')), HasSubstr("'<html>??xxx"));
  EXPECT_LT(Complaint(std::string(5000, 'x')).size(), 150u);
  EXPECT_THAT(Complaint("# pxname,type,status\na,2,UP\n"), HasSubstr("no column svname"));
  EXPECT_THAT(Complaint("# id (file) description\n"), HasSubstr("no column pxname"));
  EXPECT_THAT(Complaint(head + "a,b,2\n"), HasSubstr("differ in length"));
  EXPECT_THAT(Complaint(head + "a,b,2,UP,\n"), HasSubstr("differ in length"));
  EXPECT_THAT(Complaint(head + ",b,2,UP\n"), HasSubstr("name"));
  EXPECT_THAT(Complaint(head + "a,b\xc3,2,UP\n"), HasSubstr("name"));
  EXPECT_THAT(Complaint(head + "a," + std::string(129, 'b') + ",2,UP\n"), HasSubstr("name"));
  EXPECT_THAT(Complaint(head + std::string(20'000, ',') + "\n"), HasSubstr("longer than 16 KiB"));
  EXPECT_THAT(Complaint(head + "\"" + std::string(20'000, 'x')), HasSubstr("longer than 16 KiB"));
}

}  // namespace
