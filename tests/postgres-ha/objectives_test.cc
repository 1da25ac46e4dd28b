// What should be: objectives, and how many members a site should have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgres-ha/replay.h"

namespace {

using testing::HasSubstr;

std::string PageOf(const DataSet& set, double at = 0) {
  Samples samples;
  set.Show(NowAt(at), samples);
  return RenderPage({&samples}, Format::kText);
}

std::string Expected(const std::string& site, int count) {
  return "postgres_ha_expected_members{pg_cluster=\"sentinel\",target_site=\"" + site + "\"} " +
         std::to_string(count) + "\n";
}

Evidence Listed(double at, const std::vector<std::string>& names) {
  PatroniLook look;
  look.alive = look.has_cluster = true;
  for (auto& name : names) {
    PatroniMember member;
    member.name = name;
    look.members.push_back(member);
  }
  Evidence e;
  e.eye = "patroni cloud";
  e.member = {"cloud", ""};
  e.begin = e.end = At(at);
  e.seen = look;
  return e;
}

TEST(Objectives, AreOnThePageBeforeAnythingWasSeen) {
  DataSetOptions options = TwoSites();
  options.objectives = {2, 0.5, 50, 4096, 600, 0.1};
  std::string page = PageOf(DataSet(options));
  for (std::string line :
       {"replication_lag_objective_seconds{pg_cluster=\"sentinel\"} 2",
        "connections_objective_ratio{pg_cluster=\"sentinel\"} 0.5",
        "application_connection_limit{pg_cluster=\"sentinel\"} 50",
        "slot_retained_objective_bytes{pg_cluster=\"sentinel\"} 4096",
        "oldest_transaction_objective_seconds{pg_cluster=\"sentinel\"} 600",
        "clock_offset_objective_seconds{pg_cluster=\"sentinel\"} 0.1"})
    EXPECT_THAT(page, HasSubstr("\npostgres_ha_" + line + "\n"));
}

TEST(Objectives, FollowAReload) {
  DataSet set(TwoSites());
  DataSetOptions options = TwoSites();
  options.objectives.application_connections = 7;
  options.sites[0].expected_members = 5;
  set.Configure(options);
  EXPECT_THAT(PageOf(set), HasSubstr("application_connection_limit{pg_cluster=\"sentinel\"} 7\n"));
  EXPECT_THAT(PageOf(set), HasSubstr(Expected("on-premise", 5)));
}

// 2 members on-premise and 1 in the cloud are configured.
TEST(ExpectedMembers, AreTheKnownOnesUnlessANumberIsGiven) {
  DataSetOptions options = TwoSites();
  DataSet set(options);
  EXPECT_THAT(PageOf(set), HasSubstr(Expected("on-premise", 2)));
  EXPECT_THAT(PageOf(set), HasSubstr(Expected("cloud", 1)));

  set.Step(Listed(1, {"pgc1", "pgc2", "pgc3"}), NowAt(1));
  EXPECT_THAT(PageOf(set), HasSubstr(Expected("cloud", 3)));
  // No longer listed: still known for forget_after, an hour.
  set.Step(Listed(3600, {"pgc2"}), NowAt(3600));
  EXPECT_THAT(PageOf(set), HasSubstr(Expected("cloud", 3)));
  set.Step(Listed(3602, {"pgc2"}), NowAt(3602));
  EXPECT_THAT(PageOf(set), HasSubstr(Expected("cloud", 2)));

  options.sites[1].expected_members = 2;
  DataSet counted(options);
  counted.Step(Listed(1, {"pgc1", "pgc2", "pgc3"}), NowAt(1));
  EXPECT_THAT(PageOf(counted), HasSubstr(Expected("cloud", 2)));
  EXPECT_THAT(PageOf(counted), HasSubstr(Expected("on-premise", 2)));
}

TEST(ExpectedMembers, OfASiteOfWhichNothingIsKnownAreNone) {
  DataSetOptions options = TwoSites();
  options.sites[1].members.clear();
  EXPECT_THAT(PageOf(DataSet(options)), HasSubstr(Expected("cloud", 0)));
}

}  // namespace
