#include "exporters/postgres-ha/etcd_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgres-ha/etcd_recorded.h"

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

namespace {

const Instant kStart = Instant(1h);

DataSetOptions Options(std::vector<std::string> urls) {
  DataSetOptions options;
  options.name = "main";
  options.sites.resize(2);
  options.sites[0].name = "here";
  options.sites[0].look_deadline = 500ms;
  options.sites[0].etcd.endpoints = std::move(urls);
  options.sites[1].name = "there";
  return options;
}

EtcdLook Look(const std::string& endpoint, const std::string& file, std::optional<bool> healthy) {
  EtcdLook look;
  if (!file.empty()) look = *ParseEtcdStatus(RecordedEtcd(file));
  look.endpoint = endpoint;
  look.healthy = healthy;
  return look;
}

std::string Page(const EtcdFacts& facts, const DataSetOptions& options, Duration later = 0s) {
  Samples out;
  facts.Show(options, {kStart + later, 1e9}, out);
  return RenderPage({&out}, Format::kText);
}

const DataSetOptions kThree = Options({"http://e1:2379", "http://e2:2379", "https://e3"});

std::string Line(const std::string& metric, const std::string& endpoint, int value) {
  return "postgres_ha_etcd_" + metric + R"({pg_cluster="main",target_site="here",endpoint=")" +
         endpoint + "\"} " + std::to_string(value) + "\n";
}
std::string Quorum(int value) {
  return R"(postgres_ha_etcd_quorum{pg_cluster="main",target_site="here"} )" +
         std::to_string(value) + "\n";
}

TEST(EtcdFacts, ShowsWhatEachMemberSays) {
  EtcdFacts facts;
  facts.Step("here", Look("e1:2379", "status_leader.json", true), kStart);
  facts.Step("here", Look("e2:2379", "", std::nullopt), kStart);
  facts.Step("here", Look("e3:443", "status_alarm.json", false), kStart);
  facts.Step("here", Look("gone:2379", "status_leader.json", true), kStart);
  std::string page = Page(facts, kThree);
  for (auto& line :
       {Line("up", "e1:2379", 1), Line("healthy", "e1:2379", 1), Line("leader", "e1:2379", 1),
        Line("has_leader", "e1:2379", 1), Line("database_bytes", "e1:2379", 36864),
        Line("database_used_bytes", "e1:2379", 36864), Line("raft_term", "e1:2379", 2),
        Line("apply_lag_entries", "e1:2379", 0), Line("alarms", "e1:2379", 0),
        Line("up", "e2:2379", 0), Line("up", "e3:443", 1), Line("healthy", "e3:443", 0),
        Line("leader", "e3:443", 0), Line("alarms", "e3:443", 1), Quorum(1),
        std::string("postgres_ha_etcd_endpoints{pg_cluster=\"main\",target_site=\"here\"} 3\n")})
    EXPECT_THAT(page, HasSubstr(line));
  EXPECT_THAT(page, HasSubstr("endpoint=\"e1:2379\",version=\"3.4.23\"} 1"));
  EXPECT_THAT(page, Not(HasSubstr(Line("healthy", "e2:2379", 0))));
  EXPECT_THAT(page, Not(HasSubstr("gone")));
  EXPECT_THAT(page, Not(HasSubstr("\"there\"")));
}

TEST(EtcdFacts, QuorumIsSaidByWhoAnswers) {
  struct Case {
    std::vector<EtcdLook> looks;
    std::string quorum;  // "" absent
  };
  EtcdLook well = Look("e1:2379", "status_leader.json", true);
  EtcdLook alone = Look("e2:2379", "status_no_leader.json", false);
  EtcdLook slow = Look("e3:443", "status_follower.json", false);  // a leader, but no health in time
  EtcdLook silent = Look("e3:443", "", std::nullopt);
  for (const Case& c : {Case{{}, ""}, Case{{silent}, ""}, Case{{well, silent}, Quorum(1)},
                        Case{{well, alone}, Quorum(1)}, Case{{alone, silent}, Quorum(0)},
                        Case{{alone}, Quorum(0)}, Case{{slow}, ""}, Case{{slow, alone}, ""}}) {
    EtcdFacts facts;
    for (auto& look : c.looks) facts.Step("here", look, kStart);
    std::string page = Page(facts, kThree);
    if (c.quorum.empty()) EXPECT_THAT(page, Not(HasSubstr("etcd_quorum{")));
    else EXPECT_THAT(page, HasSubstr(c.quorum));
    EXPECT_THAT(page, HasSubstr("etcd_endpoints{"));
  }
}

TEST(EtcdFacts, NothingOldIsShown) {
  EtcdFacts facts;
  facts.Step("here", Look("e1:2379", "status_leader.json", true), kStart);
  EXPECT_THAT(Page(facts, kThree, 15500ms), HasSubstr(Line("up", "e1:2379", 1)));
  std::string page = Page(facts, kThree, 15501ms);
  EXPECT_THAT(page, Not(HasSubstr("etcd_up{")));
  EXPECT_THAT(page, Not(HasSubstr("etcd_quorum{")));
  EXPECT_THAT(page, HasSubstr("etcd_endpoints{"));
}

TEST(EtcdFacts, WithoutEtcdThereIsNothing) {
  EtcdFacts facts;
  EXPECT_EQ(Page(facts, Options({})), "");
}

TEST(EtcdFacts, AppliedBeyondTheIndexIsNoLag) {
  EtcdFacts facts;
  EtcdLook look = Look("e1:2379", "status_leader.json", true);
  for (auto [index, applied, lag] : {std::array{10, 7, 3}, {10, 12, 0}}) {
    look.raft_index = index;
    look.raft_applied_index = applied;
    facts.Step("here", look, kStart);
    EXPECT_THAT(Page(facts, kThree), HasSubstr(Line("apply_lag_entries", "e1:2379", lag)));
  }
}

}  // namespace
