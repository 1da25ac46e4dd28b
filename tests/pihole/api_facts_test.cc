#include "exporters/pihole/api_facts.h"

#include <set>

#include "exporters/pihole/api_answers.h"
#include "tests/pihole/recorded_answers.h"

namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using std::chrono::seconds;

constexpr Duration kInterval = seconds(15);

Now At(double s) { return {Instant(FromSeconds(1000 + s)), 1'800'000'000 + s}; }

template <class T>
void Take(Part<T>& part, absl::StatusOr<T> answer, Instant at, Duration interval = kInterval) {
  ASSERT_TRUE(answer.ok()) << answer.status();
  part = {std::make_shared<const T>(*std::move(answer)), at, interval};
}

// All that the recorded Pi-hole tells, read at `at`; those that are asked for rarely, too.
ApiSnapshot Everything(Instant at, const std::string& prefix = "v6/nopw_") {
  auto of = [](const std::string& name) { return Answer::Recorded(name); };
  ApiSnapshot s;
  Take(s.replies, ReadReplyCounters(of("v6/nopw_info_metrics")), at);
  Take(s.summary, ReadQuerySummary(of(prefix + "stats_summary")), at);
  Take(s.blocking, ReadBlocking(of(prefix + "dns_blocking")), at);
  Take(s.upstreams, ReadUpstreams(of("v6/nopw_stats_upstreams")), at);
  Take(s.history, ReadHistory(of("v6/nopw_history")), at);
  Take(s.ftl, ReadFtl(of(prefix + "info_ftl")), at);
  Take(s.seats, ReadSeats(of("v6/expired_sid_sessions"), "us"), at);
  Take(s.seats_max, ReadSeatsMax(of("v6/nopw_config")), at);
  Take(s.messages, ReadMessages(of("v6/nopw_info_messages")), at);
  Take(s.lists, ReadLists(of("v6/nopw_lists")), at);
  Take(s.version, ReadVersion(of("v6/nopw_info_version")), at);
  Take(s.database, ReadDatabase(of("v6/nopw_info_database")), at);
  Take(s.system, ReadSystem(of("v6/nopw_info_system"), JsonView()), at);
  return s;
}

class ApiFactsTest : public ::testing::Test {
 protected:
  void SetUp() override { facts_.Configure(true, kInterval); }
  void Look(const ApiSnapshot& snapshot, double at, ApiState state = ApiState::kOk,
            ApiTraffic traffic = {}) {
    facts_.Step({"pi1", state, std::move(traffic), std::make_shared<const ApiSnapshot>(snapshot)},
                At(at).at, At(at));
  }
  std::string Page(double at) const {
    Samples out;
    facts_.Show("pi1", At(at), out);
    return RenderPage({&out}, Format::kText);
  }
  ApiFacts facts_;
};

TEST_F(ApiFactsTest, ShowsWhatWasRecorded) {
  Look(Everything(At(0).at), 0);
  std::string page = Page(1);
  for (std::string line : {
           "pihole_api_up{pihole=\"pi1\"} 1", "pihole_api_state{pihole=\"pi1\",state=\"ok\"} 1",
           "pihole_queries{pihole=\"pi1\"} 338", "pihole_queries_blocked{pihole=\"pi1\"} 115",
           "pihole_queries_by_status{pihole=\"pi1\",status=\"GRAVITY\"} 106",
           "pihole_dns_replies_total{pihole=\"pi1\",source=\"local\"} 277",
           "pihole_upstream_queries{pihole=\"pi1\",upstream=\"10.99.0.1#5353\"} 57",
           "pihole_gravity_up{pihole=\"pi1\"} 1", "pihole_gravity_domains{pihole=\"pi1\"} 100007",
           "pihole_gravity_last_update_timestamp_seconds{pihole=\"pi1\"} 1795369165",
           "pihole_lists{pihole=\"pi1\",type=\"block\",enabled=\"true\",status=\"unchanged\"} 3",
           "pihole_lists_oldest_update_timestamp_seconds{pihole=\"pi1\"} 1795369106",
           "pihole_domain_rules{pihole=\"pi1\",type=\"deny\",kind=\"regex\",enabled=\"true\"} 1",
           "pihole_messages{pihole=\"pi1\",type=\"LOAD\"} 1",
           "pihole_api_sessions{pihole=\"pi1\",state=\"valid\"} 2",
           "pihole_api_sessions_max{pihole=\"pi1\"} 16",
           "pihole_database_size_bytes{pihole=\"pi1\"} 90112",
           "pihole_blocking_enabled{pihole=\"pi1\"} 1",
           "pihole_api_part_timestamp_seconds{pihole=\"pi1\",part=\"summary\"} 1.8e+09"})
    EXPECT_THAT(page, HasSubstr(line + "\n"));
  // No latest version is known of it.
  EXPECT_THAT(page, Not(HasSubstr("pihole_update_available{")));
  EXPECT_THAT(page, Not(HasSubstr("pihole_host_temperature_celsius{")));
}

// Two series of one name cost the whole page.
TEST_F(ApiFactsTest, NoSeriesStandsTwice) {
  Look(Everything(At(0).at), 0);
  std::set<std::string> series;
  std::string page = Page(1);
  for (std::size_t at = 0, end; (end = page.find('\n', at)) != page.npos; at = end + 1) {
    std::string line = page.substr(at, end - at);
    if (line.starts_with('#')) continue;
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
  EXPECT_GT(series.size(), 90u);
}

// After three intervals nothing that the API told is left but what we did ourselves.
TEST_F(ApiFactsTest, NothingOldIsShown) {
  ApiTraffic traffic;
  traffic.requests[200] = 5;
  Look(Everything(At(0).at), 0, ApiState::kOk, traffic);
  EXPECT_THAT(Page(45), HasSubstr("pihole_queries_observed_total{"));
  std::string page = Page(45.1);
  std::set<std::string> names;
  for (auto* metric : MetricBase::Catalogue())
    if (page.find("# TYPE " + std::string(metric->name) + " ") != page.npos)
      names.insert(std::string(metric->name));
  EXPECT_EQ(names, (std::set<std::string>{"pihole_api_requests_total", "pihole_api_errors_total",
                                          "pihole_api_logins_total",
                                          "pihole_api_request_duration_seconds"}));
  EXPECT_EQ(facts_.state(At(45.1).at), std::nullopt);
  EXPECT_EQ(facts_.blocking(At(45.1).at), std::nullopt);
}

// A part whose request failed goes alone.
TEST_F(ApiFactsTest, APartThatFailedGoesAlone) {
  ApiSnapshot snapshot = Everything(At(0).at);
  snapshot.summary.value = nullptr;
  Look(snapshot, 0);
  std::string page = Page(1);
  EXPECT_THAT(page, Not(HasSubstr("pihole_queries{")));
  EXPECT_THAT(page, Not(HasSubstr("part=\"summary\"")));
  EXPECT_THAT(page, HasSubstr("pihole_dns_replies_total{"));
}

TEST_F(ApiFactsTest, GravityThatCannotBeRead) {
  Look(Everything(At(0).at, "v6/corruptgravity_"), 0);
  std::string page = Page(1);
  EXPECT_THAT(page, HasSubstr("pihole_gravity_up{pihole=\"pi1\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("pihole_blocking_enabled{pihole=\"pi1\"} 1\n"));  // so it says
  EXPECT_THAT(page, Not(HasSubstr("pihole_gravity_domains{")));
  EXPECT_THAT(page, Not(HasSubstr("pihole_gravity_last_update_timestamp_seconds{")));
  EXPECT_THAT(page, Not(HasSubstr("pihole_domain_rules{")));
  EXPECT_THAT(page, Not(HasSubstr(" -")));
}

// The database's counts tell it, too, while the summary has no answer.
TEST_F(ApiFactsTest, GravityThatCannotBeReadByTheCountsAlone) {
  ApiSnapshot snapshot;
  Take(snapshot.ftl, ReadFtl(Answer::Recorded("v6/corruptgravity_info_ftl")), At(0).at);
  Look(snapshot, 0);
  EXPECT_THAT(Page(1), HasSubstr("pihole_gravity_up{pihole=\"pi1\"} 0\n"));
  Take(snapshot.ftl, ReadFtl(Answer::Recorded("v6/nopw_info_ftl")), At(0).at);
  Look(snapshot, 0);
  EXPECT_THAT(Page(1), Not(HasSubstr("pihole_gravity_up{")));
}

TEST_F(ApiFactsTest, BlockingThatIsOffUntil) {
  ApiSnapshot snapshot;
  Take(snapshot.blocking, ReadBlocking(Answer::Recorded("v6/blocking_disabled_timer")), At(0).at);
  Look(snapshot, 0);
  EXPECT_EQ(facts_.blocking(At(1).at), Blocking::kDisabled);
  std::string page = Page(10);  // the end does not move with the scrape
  EXPECT_THAT(page, HasSubstr("pihole_blocking_enabled{pihole=\"pi1\"} 0\n"));
  EXPECT_THAT(page,
              HasSubstr("pihole_blocking_end_timestamp_seconds{pihole=\"pi1\"} 1800000019\n"));
}

TEST_F(ApiFactsTest, TheStartIsHeld) {
  auto look = [&](double at, double uptime) {
    FtlAnswer ftl;
    ftl.uptime_seconds = uptime;
    ApiSnapshot snapshot;
    Take(snapshot.ftl, absl::StatusOr<FtlAnswer>(ftl), At(at).at);
    Look(snapshot, at);
    return Page(at);
  };
  const std::string start = "pihole_ftl_start_timestamp_seconds{pihole=\"pi1\"} ";
  EXPECT_THAT(look(0, 1000), HasSubstr(start + "1799999000\n"));
  EXPECT_THAT(look(15, 1013.5), HasSubstr(start + "1799999000\n"));
  EXPECT_THAT(look(30, 1031.9), HasSubstr(start + "1799999000\n"));
  EXPECT_THAT(look(45, 5), HasSubstr(start + "1800000040\n"));  // restarted
}

// A history is counted once, though every look carries it until the next.
TEST_F(ApiFactsTest, QueriesOfAHistoryAreCountedOnce) {
  auto look = [&](double at, double history_at, double blocked) {
    ApiSnapshot snapshot;
    Take(snapshot.history, absl::StatusOr<std::vector<HistorySlot>>(std::vector<HistorySlot>{
                               {600, blocked, blocked, 0.0, 0.0}}), At(history_at).at);
    Look(snapshot, at);
    return Page(at);
  };
  const std::string blocked = "pihole_queries_observed_total{pihole=\"pi1\",result=\"blocked\"} ";
  EXPECT_THAT(look(0, 0, 10), HasSubstr(blocked + "0\n"));
  EXPECT_THAT(look(15, 15, 14), HasSubstr(blocked + "4\n"));
  EXPECT_THAT(look(20, 15, 14), HasSubstr(blocked + "4\n"));
  EXPECT_THAT(look(200, 200, 20), HasSubstr(blocked + "10\n"));  // back after a gap
}

TEST_F(ApiFactsTest, TheClientCounts) {
  ApiTraffic traffic;
  traffic.requests = {{0, 1}, {200, 4}, {401, 1}};
  traffic.errors = {{ApiState::kTimeout, 1}};
  traffic.logins = {{"ok", 1}};
  traffic.seconds = {0.001, 0.002, 0.2, 7};
  Look({}, 0, ApiState::kTimeout, traffic);
  Look({}, 15, ApiState::kTimeout, traffic);
  std::string page = Page(15);
  const std::string took = "pihole_api_request_duration_seconds_";
  const std::vector<std::string> lines = {
      "pihole_api_up{pihole=\"pi1\"} 0",
      "pihole_api_state{pihole=\"pi1\",state=\"timeout\"} 1",
      "pihole_api_state{pihole=\"pi1\",state=\"ok\"} 0",
      "pihole_api_requests_total{pihole=\"pi1\",code=\"200\"} 8",
      "pihole_api_errors_total{pihole=\"pi1\",reason=\"timeout\"} 2",
      "pihole_api_errors_total{pihole=\"pi1\",reason=\"unreachable\"} 0",
      "pihole_api_logins_total{pihole=\"pi1\",result=\"ok\"} 2",
      "pihole_api_logins_total{pihole=\"pi1\",result=\"refused\"} 0",
      took + "bucket{pihole=\"pi1\",le=\"0.001\"} 2",
      took + "bucket{pihole=\"pi1\",le=\"1.0\"} 6",
      took + "bucket{pihole=\"pi1\",le=\"+Inf\"} 8",
      took + "count{pihole=\"pi1\"} 8"};
  for (auto& line : lines)
    EXPECT_THAT(page, HasSubstr(line + "\n"));
  traffic.requests.clear();
  for (int code = 100; code < 1000; ++code) traffic.requests[code] = 1;
  Look({}, 30, ApiState::kHttpError, traffic);
  std::string odd = Page(30);
  auto series = [&](const std::string& start) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = odd.find(start, at)) != odd.npos; ++at) ++n;
    return n;
  };
  EXPECT_LE(series("pihole_api_requests_total{"), 17u);
  EXPECT_THAT(odd, HasSubstr("code=\"other\""));
}

TEST_F(ApiFactsTest, WithoutAnApi) {
  facts_.Configure(false, kInterval);
  EXPECT_EQ(facts_.state(At(0).at), ApiState::kDisabled);
  EXPECT_THAT(Page(0), HasSubstr("pihole_api_state{pihole=\"pi1\",state=\"disabled\"} 1\n"));
  EXPECT_THAT(Page(0), Not(HasSubstr("pihole_api_up{")));
}

TEST_F(ApiFactsTest, SaysWhichEndpointFails) {
  ApiSnapshot snapshot;
  auto note = [&](const std::string& path, bool well, double at) {
    snapshot.paths[path] = {std::make_shared<const bool>(well), At(at).at, kInterval};
  };
  note("/api/history", true, 0);
  note("/api/lists", false, 10);
  Look(snapshot, 10);
  EXPECT_THAT(Page(11), HasSubstr("endpoint_up{pihole=\"pi1\",path=\"/api/history\"} 1\n"));
  EXPECT_THAT(Page(11), HasSubstr("endpoint_up{pihole=\"pi1\",path=\"/api/lists\"} 0\n"));
  // Three intervals later it is not known.
  EXPECT_THAT(Page(46), Not(HasSubstr("/api/history")));
  EXPECT_THAT(Page(46), HasSubstr("/api/lists"));
}

}  // namespace
