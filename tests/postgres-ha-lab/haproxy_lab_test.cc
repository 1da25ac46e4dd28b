// The real HAProxy: what it says, where it is wrong after a switchover, and how it fails.
#include <set>

#include "tests/postgres-ha-lab/exporter.h"

using namespace std::chrono_literals;

namespace {

std::string Socket() { return Lab::The()["HAPROXY_SOCKET"]; }
std::string StatsAddress() { return "127.0.0.1:" + Lab::The()["HAPROXY_STATS_PORT"]; }

// The one HAProxy of the lab, asked both by its socket and by its page.
ExporterConfig WithHaproxy() {
  ExporterConfig config = TwoSites();
  config.sites[0].more = "haproxy: [{url: \"unix:" + Socket() + "\"}, {url: \"" +
                         Lab::The()["HAPROXY_STATS_URL"] + "\"}]";
  return config;
}

// The samples by socket and by page must be the same but for `haproxy`.
testing::AssertionResult Both(const Page& page, const std::string& name, Labels labels,
                              double value) {
  for (auto& haproxy : {Socket(), StatsAddress()}) {
    labels["haproxy"] = haproxy;
    if (!page.Is("postgres_ha_haproxy_" + name, labels, value))
      return testing::AssertionFailure() << haproxy << ": " << name << " is not " << value << ":\n"
                                         << page.Lines("haproxy_" + name);
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult Routes(const Page& page, const std::string& proxy,
                                const std::string& server, bool up) {
  return Both(page, "server_up", {{"proxy", proxy}, {"server", server}}, up);
}

// Both proxies have their server, and nothing contradicts SQL.
bool AllAsItShould(const Page& page) {
  Lab& lab = Lab::The();
  std::string leader = lab.Leader(), replica = lab.Replica();
  auto mismatches = page.All("postgres_ha_haproxy_routing_mismatch");
  for (auto& sample : mismatches)
    if (sample.value != 0) return false;
  return mismatches.size() == 8 && Routes(page, "primary", leader, true) &&
         Routes(page, "primary", replica, false) && Routes(page, "replicas", leader, false) &&
         Routes(page, "replicas", replica, true);
}

// HAProxy as `begin` leaves it, until the end of the scope.
class HaproxyFault {
 public:
  HaproxyFault(const std::string& begin, const std::string& end) : end_(end) {
    Lab::The().Do("haproxy", begin);
  }
  ~HaproxyFault() { End(); }
  HaproxyFault(const HaproxyFault&) = delete;
  void End() {
    if (!end_.empty()) Lab::The().Do("haproxy", std::exchange(end_, ""));
  }

 private:
  std::string end_;
};

class HaproxyLab : public LabTest {
 protected:
  void SetUp() override {
    LabTest::SetUp();
    lab.Do("haproxy", "wait");
  }
};

TEST_F(HaproxyLab, SendsSessionsWhereTheyBelong) {
  Exporter exporter(WithHaproxy());
  Page page = exporter.Await(20, "HAProxy is seen", AllAsItShould);
  std::string leader = lab.Leader(), replica = lab.Replica();
  EXPECT_TRUE(Both(page, "up", {{"target_site", "on-premise"}}, 1));
  Labels rw = {{"proxy", "primary"}, {"server", leader}};
  Labels up = rw, down = {{"proxy", "primary"}, {"server", replica}, {"state", "down"}};
  up["state"] = "up";
  up["check_status"] = "L7OK";
  EXPECT_TRUE(Both(page, "server_info", up, 1));
  EXPECT_TRUE(Both(page, "server_info", down, 1));
  EXPECT_FALSE(page.Has("postgres_ha_haproxy_server_session_limit"));  // there is none
  // The cloud's walreceiver comes through this port.
  EXPECT_TRUE(Both(page, "server_sessions", rw, 1));
  EXPECT_TRUE(Both(page, "server_queue", rw, 0));
  // By address on the socket, by name on the page, which hides addresses.
  EXPECT_TRUE(Both(page, "routing_mismatch",
                   {{"proxy", "primary"}, {"server", leader}, {"member", leader}}, 0));
  for (auto& haproxy : {Socket(), StatsAddress()}) {
    std::size_t series = 0;
    for (auto& sample : page.samples)
      series += sample.name.starts_with("postgres_ha_haproxy_") &&
                sample.labels["haproxy"] == haproxy;
    EXPECT_EQ(series, 37u) << page.Lines("postgres_ha_haproxy");
  }
  EXPECT_TRUE(page.broken.empty());
  EXPECT_TRUE(page.duplicates.empty());
}

// Sessions are counted, and the moment of the last change stays the same from look to look.
TEST_F(HaproxyLab, CountsAndKeepsStill) {
  Exporter exporter(WithHaproxy());
  Page before = exporter.Await(20, "HAProxy is seen", AllAsItShould);
  Labels rw = {{"proxy", "primary"}, {"server", lab.Leader()}, {"haproxy", Socket()}};
  auto of = [&](const Page& page, const std::string& what) {
    return page.Get("postgres_ha_haproxy_server_" + what, rw).value_or(-1);
  };
  Session::Login login = lab.LoginOf(lab.Leader(), "app");
  login.port = std::atoi(lab["HAPROXY_RW_PORT"].c_str());
  Session session(login);
  ASSERT_TRUE(session.open()) << session.error();
  Page after = exporter.Await(5, "the session is counted", [&](const Page& page) {
    // The cloud's walreceiver may have to come again after what went before.
    return of(page, "sessions") >= 1 &&
           of(page, "connections_total") > of(before, "connections_total");
  });
  std::set<double> moments;
  Deadline end = Deadline::In(4s);
  while (!end.Over()) moments.insert(of(exporter.Scrape(), "last_change_timestamp_seconds"));
  EXPECT_EQ(moments.size(), 1u);
  EXPECT_GT(*moments.begin(), 1.6e9);
}

// On one page: a mismatch of the writing proxy is what HAProxy and SQL say there, if SQL answers.
void ExpectConsistent(const Page& page, const std::string& member) {
  Labels of = {{"proxy", "primary"}, {"server", member}, {"haproxy", Socket()}};
  auto up = page.Get("postgres_ha_haproxy_server_up", of);
  auto mismatch = page.Get("postgres_ha_haproxy_routing_mismatch", of);
  bool primary = InState(page, member, "primary"), standby = InState(page, member, "standby");
  EXPECT_EQ(mismatch.has_value(), up && (primary || standby)) << page.Lines("haproxy");
  EXPECT_EQ(mismatch.value_or(0), mismatch && (*up == 1) != primary) << page.Lines("haproxy");
}

// Until its checks find out, HAProxy sends writers to the old leader, which the page says; then the
// two agree again.
TEST_F(HaproxyLab, IsWrongForAWhileAfterASwitchover) {
  Exporter exporter(WithHaproxy());
  exporter.Await(20, "HAProxy is seen", AllAsItShould);
  std::string old_leader = lab.Leader(), new_leader = lab.Replica();
  Child switchover({LabTool("patroni"), "switchover", lab.directory() + "/lab"},
                   lab.directory() + "/switchover.log");
  auto consistent = [&](const Page& p) {
    ExpectConsistent(p, old_leader);
    ExpectConsistent(p, new_leader);
    return true;
  };
  exporter.Await(10, "the new one takes writes, which go to the old one", [&](const Page& p) {
    return consistent(p) && Routes(p, "primary", old_leader, true) &&
           Routes(p, "primary", new_leader, false) &&
           Both(p, "routing_mismatch", {{"proxy", "primary"}, {"server", new_leader}}, 1);
  });
  Page page = exporter.Await(40, "HAProxy follows", [&](const Page& p) {
    return consistent(p) && lab.Leader() == new_leader && AllAsItShould(p);
  });
  EXPECT_TRUE(Routes(page, "primary", new_leader, true));
  EXPECT_EQ(switchover.Await(Deadline::In(60s)), 0) << switchover.Output();
}

TEST_F(HaproxyLab, KilledIsDownWithoutServers) {
  Exporter exporter(WithHaproxy());
  exporter.Await(20, "HAProxy is seen", AllAsItShould);
  HaproxyFault killed("kill", "start");
  Page page = exporter.Await(3, "it is down", [&](const Page& p) {
    return Both(p, "up", {}, 0);
  });
  EXPECT_FALSE(page.Has("postgres_ha_haproxy_server_up"));
  EXPECT_FALSE(page.Has("postgres_ha_haproxy_routing_mismatch"));
  EXPECT_EQ(page.All("postgres_ha_haproxy_up").size(), 2u);
  Labels target = {{"collector", "haproxy"}, {"target", "sentinel/unix:" + Socket()}};
  EXPECT_TRUE(page.Is("sentinel_exporter_collector_success", target, 0))
      << page.Lines("collector_success");
  EXPECT_TRUE(page.Is("ha_service_up", {{"service", "postgres"}}, 1));
  exporter.ExpectSwift();
  killed.End();
  exporter.Await(30, "it is back", AllAsItShould);
}

TEST_F(HaproxyLab, FrozenIsDownWithinTheDeadline) {
  Exporter exporter(WithHaproxy());
  exporter.Await(20, "HAProxy is seen", AllAsItShould);
  int descriptors = Descriptors(exporter.pid());
  HaproxyFault frozen("stop", "cont");
  Instant begin = Clock::now();
  Page page = exporter.Await(4, "it is down", [&](const Page& p) { return Both(p, "up", {}, 0); });
  // The next look is a second away at most, and over half a second later; then comes a scrape.
  EXPECT_LT(Seconds(Clock::now() - begin), 4);
  EXPECT_FALSE(page.Has("postgres_ha_haproxy_server_up"));
  exporter.ExpectSwift();
  EXPECT_LE(Descriptors(exporter.pid()), descriptors + 2);
  frozen.End();
  exporter.Await(30, "it is back", AllAsItShould);
}

}  // namespace
