// The verdict on recorded failovers and on invented ones.
#include "exporters/postgres-ha/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "tests/postgres-ha/replay.h"

namespace {

using testing::HasSubstr;
using testing::Not;

// Feeds looks every `every` seconds from `from` up to `to`, of all three members.
struct Feed {
  DataSet& set;
  double every = 0.25;
  SqlLook pg1 = Primary(1000), pg2 = Standby(1000), pgc1 = Standby(1000);
  void Run(double from, double to) {
    for (double t = from; t < to - 1e-9; t += every) {
      Step("pg1", t, pg1);
      Step("pg2", t + 0.01, pg2);
      Step("pgc1", t + 0.02, pgc1);
    }
  }
  void Step(const std::string& member, double t, const SqlLook& look) {
    set.Step(SqlEvidence(member, t, 0.005, look), NowAt(t + 0.005));
  }
};

std::string PageOf(const DataSet& set, double at) {
  Samples samples;
  set.Show(NowAt(at), samples);
  return RenderPage({&samples}, Format::kText);
}

DataSet Replay(const std::string& timeline) {
  DataSet set(TwoSites());
  for (auto& evidence : Timeline(timeline)) set.Step(evidence, NowAt(EndOf(evidence)));
  return set;
}

// What a recorded timeline must say. `seconds` is the time without a writable member as the poll of
// the recording saw it (first writable minus last writable, at 100 ms).
struct Recorded {
  const char* timeline;
  int outages;
  double seconds;
  const char *kind, *from, *to;  // of the failover; "" for none
  const char* incident;
  double split_brain_seconds;
};

class RecordedTest : public testing::TestWithParam<Recorded> {};

TEST_P(RecordedTest, GivesTheRecordedKindAndDuration) {
  const Recorded& want = GetParam();
  DataSet set = Replay(want.timeline);
  auto& outages = set.postgres().outages();
  ASSERT_EQ(outages.size(), static_cast<std::size_t>(want.outages));
  if (want.outages) {
    auto& outage = outages.back();
    ASSERT_TRUE(outage.mid_seconds && outage.high_seconds);
    EXPECT_NEAR(*outage.mid_seconds, want.seconds, 0.3);
    EXPECT_LE(outage.low_seconds, want.seconds);
    EXPECT_GE(*outage.high_seconds, want.seconds);
  }
  auto& failovers = set.postgres().failovers();
  ASSERT_EQ(failovers.size(), *want.kind ? 1u : 0u);
  if (*want.kind) {
    EXPECT_EQ(failovers.back().kind, want.kind);
    EXPECT_EQ(failovers.back().from, want.from);
    EXPECT_EQ(failovers.back().to, want.to);
  }
  for (auto& [kind, incident] : set.incidents())
    EXPECT_EQ(incident.count, kind == want.incident) << kind;
}

INSTANTIATE_TEST_SUITE_P(
    Timelines, RecordedTest,
    testing::Values(Recorded{"sw1", 1, 1.4, "switchover", "pg1", "pg2", "", 0},
                    Recorded{"ka1", 1, 23.2, "failover", "pg2", "pg1", "", 0},
                    Recorded{"kl1", 1, 24.6, "failover", "pg1", "pg2", "", 0},
                    Recorded{"idle1", 1, 21.3, "failover", "pg2", "pg1", "", 0},
                    Recorded{"kp1", 1, 11.0, "", "", "", "in_place_recovery", 0},
                    Recorded{"spat1", 0, 0, "", "", "", "timeline_regression", 11.4},
                    Recorded{"site", 1, 9.4, "failover", "pg1", "pgc1", "", 58}),
    [](auto& p) { return std::string(p.param.timeline); });

TEST(Verdict, RecordedSplitBrainsAreCounted) {
  for (auto [timeline, seconds, tolerance] :
       {std::tuple("spat1", 11.4, 0.5), std::tuple("site", 58.0, 3.0), std::tuple("sw1", 0.0, 0.0)}) {
    std::string page = PageOf(Replay(timeline), 0);
    std::string name = "ha_split_brain_seconds_total{service=\"postgres\",scope=\"sentinel\"} ";
    auto at = page.find(name);
    ASSERT_NE(at, std::string::npos);
    EXPECT_NEAR(std::stod(page.substr(at + name.size())), seconds, tolerance) << timeline;
  }
}

TEST(Verdict, SilenceIsUnknownNotUpOrDown) {
  DataSet set(TwoSites());
  Feed{set}.Run(0, 10);
  EXPECT_THAT(PageOf(set, 10.1), HasSubstr("ha_service_up{service=\"postgres\",scope=\"sentinel\"} 1"));
  std::string late = PageOf(set, 20);
  EXPECT_THAT(late, Not(HasSubstr("ha_service_up{")));
  EXPECT_THAT(late, Not(HasSubstr("postgres_ha_member_up{")));
  EXPECT_THAT(late, HasSubstr("ha_look_interval_seconds{service=\"postgres\",scope=\"sentinel\"} 0.25"));
}

TEST(Verdict, MembersOfAStandbyClusterCountOnceTheyWereWritable) {
  DataSet set(TwoSites());
  Feed feed{set};
  feed.Run(0, 5);
  // pgc1 is frozen and never answers: the on-premise members alone decide.
  feed.pgc1 = Failed(Answer::kTimeout);
  feed.pg1 = feed.pg2 = Failed(Answer::kRefused);
  feed.Run(5, 10);
  EXPECT_TRUE(set.postgres().open_outage());
}

TEST(Verdict, AHolderThatDoesNotLetUsInLeavesTheStateUnknown) {
  DataSet set(TwoSites());
  Feed feed{set};
  feed.Run(0, 5);
  feed.pg1 = Failed(Answer::kDenied);
  feed.Run(5, 15);
  EXPECT_FALSE(set.postgres().open_outage());
  EXPECT_FALSE(set.postgres().Known(NowAt(15)));
}

TEST(Verdict, AnotherMemberThatDoesNotLetUsInHidesNoOutage) {
  DataSet set(TwoSites());
  Feed feed{set};
  feed.pg2 = Failed(Answer::kDenied);
  feed.Run(0, 5);
  feed.pg1 = Failed(Answer::kRefused);
  feed.Run(5, 10);
  EXPECT_TRUE(set.postgres().open_outage());
}

TEST(Verdict, AllSilentWithTheAnchorsIsOurOwnFault) {
  for (bool anchored : {true, false}) {
    DataSet set(TwoSites());
    Feed feed{set};
    auto anchor = [&](double t, bool reached) {
      Evidence e;
      e.eye = "anchor 10.0.0.9:53";
      e.begin = At(t);
      e.end = At(t + 0.01);
      e.seen = AnchorLook{reached};
      if (anchored) set.Step(e, NowAt(t + 0.01));
    };
    for (int t = 0; t < 5; ++t) anchor(t, true), feed.Run(t, t + 1);
    feed.pg1 = feed.pg2 = feed.pgc1 = Failed(Answer::kTimeout);
    for (int t = 5; t < 15; ++t) anchor(t, false), feed.Run(t, t + 1);
    EXPECT_EQ(set.postgres().open_outage().has_value(), !anchored);
    EXPECT_EQ(set.postgres().Known(NowAt(15)), !anchored);
  }
}

TEST(Verdict, RestartsOfTheLeaderAreIncidentsNotFailovers) {
  struct Case {
    const char* kind;
    bool goodbye;
    int timeline;
  };
  for (auto& c : {Case{"in_place_recovery", false, 2}, Case{"in_place_recovery", false, 1},
                  Case{"restart", true, 1}, Case{"demotion", true, 2}}) {
    DataSet set(TwoSites());
    Feed feed{set};
    feed.Run(0, 5);
    feed.pg1 = Failed(c.goodbye ? Answer::kStarting : Answer::kRefused, c.goodbye);
    feed.Run(5, 5.25);
    feed.pg1 = Failed(Answer::kRefused);
    feed.Run(5.25, 8);
    feed.pg1 = Standby(1000, 1, 7);
    feed.Run(8, 9);
    feed.pg1 = Primary(1000, c.timeline, 7);
    feed.Run(9, 12);
    EXPECT_TRUE(set.postgres().failovers().empty());
    EXPECT_EQ(set.postgres().outages().size(), 1u);
    for (auto& [kind, incident] : set.incidents())
      EXPECT_EQ(incident.count, kind == c.kind) << kind;
  }
}

TEST(Verdict, AGoodbyeBeforeTheLastWritableLookDoesNotCount) {
  DataSet set(TwoSites());
  Feed feed{set};
  feed.Run(0, 2);
  feed.Step("pg1", 2, Failed(Answer::kStarting, true));  // our session was ended by hand
  feed.Run(2.25, 5);
  feed.pg1 = Failed(Answer::kRefused);
  feed.Run(5, 8);
  feed.pg2 = Primary(2000, 2);
  feed.Run(8, 12);
  ASSERT_EQ(set.postgres().failovers().size(), 1u);
  EXPECT_EQ(set.postgres().failovers()[0].kind, "failover");
}

TEST(Verdict, AnOlderHistoryThatTakesOverIsATimelineRegression) {
  DataSet set(TwoSites());
  Feed feed{set};
  feed.pg1 = Primary(1000, 12);
  feed.Run(0, 5);
  feed.pg1 = Failed(Answer::kRefused);
  feed.Run(5, 6);
  feed.pg2 = Primary(900, 11);
  feed.Run(6, 10);
  EXPECT_EQ(set.incidents().at("timeline_regression").count, 1);
  EXPECT_EQ(set.postgres().failovers().back().kind, "failover");
}

TEST(Verdict, AChangeThatNobodyWatchedIsUnseen) {
  DataSet set(TwoSites());
  Feed feed{set};
  feed.Run(0, 5);
  feed.pg1 = Standby(3000, 2);
  feed.pg2 = Primary(3000, 2);
  feed.Run(100, 105);  // 95 s without a look
  ASSERT_EQ(set.postgres().failovers().size(), 1u);
  EXPECT_EQ(set.postgres().failovers()[0].kind, "unseen");
}

TEST(Verdict, ARestartInsideAnOutageCoversAllOfItAndCountsOnlyWhatItSaw) {
  DataSet before(TwoSites());
  Feed feed{before};
  feed.Run(0, 5);
  feed.pg1 = Failed(Answer::kRefused);
  feed.Run(5, 10);
  ASSERT_TRUE(before.postgres().open_outage());
  std::string facts = before.Facts(NowAt(10));

  DataSet after(TwoSites());
  ASSERT_TRUE(after.Restore(facts, NowAt(12)).ok());
  Feed again{after};
  again.pg1 = Failed(Answer::kRefused);
  again.Run(12, 20);
  again.pg2 = Primary(1000, 2);
  again.Run(20, 25);
  auto& outage = after.postgres().outages().back();
  EXPECT_NEAR(*outage.mid_seconds, 15, 0.3);
  EXPECT_LE(outage.low_seconds, 15);
  std::string page = PageOf(after, 25);
  EXPECT_THAT(page, HasSubstr("ha_outages_total{service=\"postgres\",scope=\"sentinel\"} 0"));
  std::string name = "ha_unavailable_seconds_total{service=\"postgres\",scope=\"sentinel\"} ";
  EXPECT_NEAR(std::stod(page.substr(page.find(name) + name.size())), 8, 0.3);
  EXPECT_EQ(after.postgres().failovers().back().kind, "unseen");
}

TEST(Verdict, AForeignMemberIsLeftOutOfEveryVerdict) {
  DataSet set(TwoSites());
  Feed feed{set};
  feed.pgc1 = Primary(5);
  feed.pgc1.system_identifier = "8000";
  feed.Run(0, 5);
  EXPECT_EQ(set.postgres().last_holder(), "pg1");
  std::string page = PageOf(set, 5);
  EXPECT_THAT(page, HasSubstr("postgres_ha_writable_members{pg_cluster=\"sentinel\"} 1"));
  EXPECT_THAT(page, HasSubstr("ha_split_brain{service=\"postgres\",scope=\"sentinel\"} 0"));
  EXPECT_THAT(page, HasSubstr("postgres_ha_member_foreign{pg_cluster=\"sentinel\",target_site="
                              "\"cloud\",member=\"pgc1\"} 1"));
}

TEST(Verdict, LagGrowsWhenTheStandbyIsGone) {
  DataSet set(TwoSites());
  Feed feed{set};
  for (int i = 0; i < 40; ++i) {
    feed.pg1.position = 1000 + 100 * i;
    if (i < 20) feed.pgc1.position = feed.pg1.position;
    if (i == 30) feed.pgc1 = Failed(Answer::kTimeout);
    feed.Run(i * 0.25, i * 0.25 + 0.25);
  }
  MemberId pgc1{"cloud", "pgc1"};
  EXPECT_NEAR(*set.LagSeconds(pgc1, NowAt(10)), 5.1, 0.2);
  EXPECT_NEAR(*set.LagSeconds(pgc1, NowAt(30)), 25.1, 0.2);
}

TEST(Verdict, AMemberMissingFromTheListStaysUntilItIsForgotten) {
  DataSet set(TwoSites());
  auto list = [&](double t, std::vector<PatroniMember> members) {
    Evidence e;
    e.eye = "patroni on-premise/a:1";
    e.member = {"on-premise", ""};
    e.begin = At(t);
    e.end = At(t + 0.01);
    PatroniLook look;
    look.alive = look.has_cluster = true;
    look.members = std::move(members);
    e.seen = look;
    set.Step(e, NowAt(t + 0.01));
  };
  PatroniMember pg9;
  pg9.name = "pg9";
  pg9.host = "10.0.0.9";
  pg9.port = 5432;
  int before = set.targets_revision();
  list(0, {pg9});
  EXPECT_GT(set.targets_revision(), before);
  list(1, {});
  list(3500, {});
  EXPECT_EQ(set.members().count({"on-premise", "pg9"}), 1u);
  list(3700, {});
  EXPECT_EQ(set.members().count({"on-premise", "pg9"}), 0u);
  EXPECT_EQ(set.members().size(), 3u);  // the configured ones stay for ever
}

TEST(Verdict, PaceIsFastAfterAnEdgeAndCalmAgain) {
  DataSet set(TwoSites());
  Feed feed{set};
  feed.Run(0, 5);
  EXPECT_EQ(set.pace(), Pace::kCalm);
  feed.pg1 = Failed(Answer::kRefused);
  feed.Run(5, 6);
  EXPECT_EQ(set.pace(), Pace::kFast);
  feed.Run(6, 400);
  EXPECT_EQ(set.pace(), Pace::kCalm);
}

}  // namespace
