// What Patroni says of the sites, at a fixed clock: recorded answers, and what is too old.
#include "exporters/postgres-ha/patroni_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "exporters/postgres-ha/patroni_cluster.h"
#include "exporters/postgres-ha/patroni_config.h"
#include "exporters/postgres-ha/patroni_history.h"
#include "tests/postgres-ha/replay.h"

namespace {

using testing::HasSubstr;
using testing::Not;

std::string Recorded(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/postgres-ha/fixtures/patroni/" + name + ".json");
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

// What the Patroni of `member` says at `t`.
Evidence Patroni(const std::string& member, double t, PatroniLook look) {
  Evidence e;
  e.member = {member.starts_with("pgc") ? "cloud" : "on-premise", member};
  e.eye = "patroni " + e.member.site + "/" + member;
  e.begin = At(t);
  e.end = At(t + 0.002);
  look.alive = true;
  e.seen = std::move(look);
  return e;
}

// The recorded /cluster, /config and /patroni of a Patroni, and `history`.
PatroniLook Whole(const std::string& name, const std::string& history = "[]") {
  auto cluster = ParseCluster(Recorded(name + ".cluster"));
  auto config = ParsePatroniConfig(Recorded(name + ".config"));
  auto seen = ParseLastSeen(Recorded(name + ".patroni"));
  auto promotions = ParseHistory(history);
  EXPECT_TRUE(cluster.ok() && config.ok() && seen.ok() && promotions.ok()) << name;
  PatroniLook look = *cluster;
  look.config = *config;
  look.dcs_last_seen_unix_seconds = *seen;
  look.history = *promotions;
  return look;
}

// The data set of replay.h, with healthy members by SQL at 0 and whatever Patroni says.
struct Scene {
  DataSet set{TwoSites()};
  void Sql(double t) {
    Step(SqlEvidence("pg1", t, 0.005, Primary(1000)));
    Step(SqlEvidence("pg2", t + 0.01, 0.005, Standby(1000)));
    Step(SqlEvidence("pgc1", t + 0.02, 0.005, Standby(1000)));
  }
  void Step(const Evidence& e) { set.Step(e, NowAt(EndOf(e))); }
  std::string PageAt(double t) const {
    Samples samples;
    set.Show(NowAt(t), samples);
    return RenderPage({&samples}, Format::kText);
  }
};

std::string OfSite(const std::string& metric, const std::string& site, const std::string& value) {
  return "postgres_ha_patroni_" + metric + "{pg_cluster=\"sentinel\",target_site=\"" + site +
         "\"} " + value + "\n";
}
std::string OfMember(const std::string& metric, const std::string& member,
                     const std::string& value) {
  return "postgres_ha_patroni_" + metric + "{pg_cluster=\"sentinel\",target_site=\"" +
         (member.starts_with("pgc") ? "cloud" : "on-premise") + "\",member=\"" + member + "\"} " +
         value + "\n";
}

TEST(PatroniFacts, OfTheRecordedHealthyCluster) {
  for (std::string version : {"normal", "normal_p4"}) {
    SCOPED_TRACE(version);
    Scene scene;
    scene.Sql(0);
    scene.Step(Patroni("pg2", 0.1, Whole(version + ".pg2")));
    scene.Step(Patroni("pgc1", 0.1, Whole(version + ".pgc1")));
    std::string page = scene.PageAt(0.2);
    for (std::string site : {"on-premise", "cloud"}) {
      EXPECT_THAT(page, HasSubstr(OfSite("paused", site, "0")));
      EXPECT_THAT(page, HasSubstr(OfSite("ttl_seconds", site, "30")));
      EXPECT_THAT(page, HasSubstr(OfSite("loop_wait_seconds", site, "10")));
      EXPECT_THAT(page, HasSubstr(OfSite("retry_timeout_seconds", site, "10")));
      EXPECT_THAT(page, HasSubstr(OfSite("maximum_lag_on_failover_bytes", site, "1048576")));
      EXPECT_THAT(page, HasSubstr(OfSite("synchronous_mode", site, "0")));
    }
    EXPECT_THAT(page, HasSubstr(OfSite("standby_cluster", "on-premise", "0")));
    EXPECT_THAT(page, HasSubstr(OfSite("standby_cluster", "cloud", "1")));
    EXPECT_THAT(page, HasSubstr(OfSite("failover_candidates", "on-premise", "1")));
    EXPECT_THAT(page, HasSubstr(OfSite("failover_candidates", "cloud", "0")));
    EXPECT_THAT(page, HasSubstr(OfSite("promotions", "on-premise", "0")));
    EXPECT_THAT(page, Not(HasSubstr("promotions{pg_cluster=\"sentinel\",target_site=\"cloud\"")));
    EXPECT_THAT(page, Not(HasSubstr("last_promotion_timestamp_seconds{")));
    EXPECT_THAT(page, Not(HasSubstr("scheduled_switchover_timestamp_seconds{")));
    for (std::string member : {"pg1", "pg2", "pgc1"}) {
      EXPECT_THAT(page, HasSubstr(OfMember("pending_restart", member, "0")));
      EXPECT_THAT(page, HasSubstr(OfMember("role_disagreement", member, "0")));
    }
    std::string seen = version == "normal" ? "1795368288" : "1795371182";
    EXPECT_THAT(page, HasSubstr(OfMember("dcs_last_seen_timestamp_seconds", "pg2", seen)));
    EXPECT_THAT(page, Not(HasSubstr(OfMember("dcs_last_seen_timestamp_seconds", "pg1", seen))));
  }
}

TEST(PatroniFacts, OfTheRecordedStatesOfACluster) {
  struct Case {
    const char *file, *metric, *value;
  };
  for (auto& c : {Case{"paused.pg2", "paused", "1"}, Case{"sync.pg2", "synchronous_mode", "1"},
                  Case{"sync.pg2", "failover_candidates", "1"},
                  Case{"paused.pg2", "failover_candidates", "1"},
                  Case{"replica_pg_down.pg2", "failover_candidates", "0"}}) {
    Scene scene;
    scene.Sql(0);
    scene.Step(Patroni("pg2", 0.1, Whole(c.file)));
    EXPECT_THAT(scene.PageAt(0.2), HasSubstr(OfSite(c.metric, "on-premise", c.value))) << c.file;
  }
}

TEST(PatroniFacts, OfTheRecordedPromotionOfTheStandbyCluster) {
  const std::string history =
      "[[16, 201858624, \"x\"],"
      " [17, 202379216, \"x\", \"2026-11-22T18:10:28.614580+00:00\", \"pgc1\"]]";
  Scene scene;
  scene.Step(Patroni("pgc1", 0, Whole("site_cloud_before_promote.pgc1")));
  EXPECT_THAT(scene.PageAt(1), HasSubstr(OfSite("standby_cluster", "cloud", "1")));
  scene.Step(Patroni("pgc1", 2, Whole("site_cloud_after_promote.pgc1", history)));
  std::string page = scene.PageAt(3);
  EXPECT_THAT(page, HasSubstr(OfSite("standby_cluster", "cloud", "0")));
  EXPECT_THAT(page, HasSubstr(OfSite("promotions", "cloud", "17")));
  EXPECT_THAT(page, HasSubstr(OfSite("history_last_promotion_timestamp_seconds", "cloud",
                                     "1795371028.61458")));
}

TEST(PatroniFacts, InheritedPromotionsHaveNoTime) {
  Scene scene;
  scene.Step(Patroni("pg1", 0, Whole("normal.pg2", "[[3, 100, \"x\"]]")));
  EXPECT_THAT(scene.PageAt(1), HasSubstr(OfSite("promotions", "on-premise", "3")));
  EXPECT_THAT(scene.PageAt(1), Not(HasSubstr("last_promotion_timestamp_seconds{")));
}

// Without the configuration an empty history may be that of a standby cluster.
TEST(PatroniFacts, AnEmptyHistoryAloneSaysNothing) {
  Scene scene;
  PatroniLook look = Whole("normal.pg2");
  look.config.reset();
  scene.Step(Patroni("pg1", 0, look));
  EXPECT_THAT(scene.PageAt(1), Not(HasSubstr("postgres_ha_patroni_promotions{")));
}

TEST(PatroniFacts, ASwitchoverIsScheduledUntilItIsNot) {
  Scene scene;
  PatroniLook look = Whole("normal.pg2");
  look.scheduled_switchover_unix_seconds = 1795395600;
  look.members[1].pending_restart = true;
  scene.Step(Patroni("pg1", 0, look));
  EXPECT_THAT(scene.PageAt(1), HasSubstr(OfSite("scheduled_switchover_timestamp_seconds",
                                                "on-premise", "1795395600")));
  EXPECT_THAT(scene.PageAt(1), HasSubstr(OfMember("pending_restart", "pg2", "1")));
  scene.Step(Patroni("pg1", 2, Whole("normal.pg2")));
  EXPECT_THAT(scene.PageAt(3), Not(HasSubstr("scheduled_switchover_timestamp_seconds{")));
  EXPECT_THAT(scene.PageAt(3), HasSubstr(OfMember("pending_restart", "pg2", "0")));
}

TEST(PatroniFacts, NothingIsStale) {
  Scene scene;
  scene.Step(Patroni("pg2", 0, Whole("normal.pg2", "[[1, 100, \"x\"]]")));
  struct Case {
    const char* metric;
    double seconds;
  };
  for (auto& c : {Case{"paused", 8}, Case{"pending_restart", 8}, Case{"ttl_seconds", 180},
                  Case{"standby_cluster", 180}, Case{"promotions", 180},
                  Case{"dcs_last_seen_timestamp_seconds", 30}}) {
    std::string series = std::string("postgres_ha_patroni_") + c.metric + "{";
    EXPECT_THAT(scene.PageAt(c.seconds - 0.1), HasSubstr(series));
    EXPECT_THAT(scene.PageAt(c.seconds + 0.1), Not(HasSubstr(series)));
  }
}

// Looks that were not told a thing leave what was told before.
TEST(PatroniFacts, AnAnswerIsKeptUntilTheNextOrUntilItIsTooOld) {
  Scene scene;
  scene.Step(Patroni("pg2", 0, Whole("paused.pg2", "[[1, 100, \"x\"]]")));
  PatroniLook nothing;
  scene.Step(Patroni("pg2", 2, nothing));
  std::string page = scene.PageAt(3);
  for (std::string metric : {"paused", "ttl_seconds", "promotions"})
    EXPECT_THAT(page, HasSubstr("postgres_ha_patroni_" + metric + "{")) << metric;
  for (double t = 10; t < 50; t += 2) scene.Step(Patroni("pg2", t, nothing));
  page = scene.PageAt(51);
  EXPECT_THAT(page, Not(HasSubstr("postgres_ha_patroni_paused{")));
  EXPECT_THAT(page, Not(HasSubstr("postgres_ha_patroni_dcs_last_seen_timestamp_seconds{")));
}

TEST(PatroniFacts, CandidatesAreAbsentWithoutAFreshList) {
  Scene scene;
  scene.Sql(0);
  scene.Step(Patroni("pg2", 0.1, Whole("normal.pg2")));
  EXPECT_THAT(scene.PageAt(0.5), HasSubstr("failover_candidates{"));
  scene.Sql(9);
  EXPECT_THAT(scene.PageAt(9.1), Not(HasSubstr("failover_candidates{")));
  EXPECT_THAT(scene.PageAt(9.1), Not(HasSubstr("role_disagreement{")));
}

TEST(PatroniFacts, AStandbyThatReplaysTheArchiveRuns) {
  for (auto [state, runs] : {std::pair("running", "1"), {"streaming", "1"},
                             {"in archive recovery", "1"}, {"crashed", "0"}, {"starting", "0"}}) {
    Scene scene;
    PatroniLook look = Whole("normal.pg2");
    for (auto& member : look.members) member.state = state;
    scene.Sql(0);
    scene.Step(Patroni("pg2", 0.1, look));
    EXPECT_THAT(scene.PageAt(0.5), HasSubstr(OfMember("running", "pg2", runs))) << state;
  }
}

TEST(PatroniFacts, DisagreementsAreSeenOnBothSides) {
  Scene scene;
  scene.Sql(0);
  scene.Step(Patroni("pg2", 0.1, Whole("normal.pg2")));
  scene.Step(SqlEvidence("pg1", 0.2, 0.005, Standby(1000)));
  scene.Step(SqlEvidence("pg2", 0.21, 0.005, Primary(1000, 2)));
  std::string page = scene.PageAt(0.3);
  EXPECT_THAT(page, HasSubstr(OfMember("role_disagreement", "pg1", "1")));
  EXPECT_THAT(page, HasSubstr(OfMember("role_disagreement", "pg2", "1")));
  scene.Step(SqlEvidence("pg1", 0.4, 0.005, Failed(Answer::kTimeout)));
  page = scene.PageAt(0.5);
  EXPECT_THAT(page, Not(HasSubstr(OfMember("role_disagreement", "pg1", "1"))));
  EXPECT_THAT(page, Not(HasSubstr(OfMember("role_disagreement", "pg1", "0"))));
}

// A Patroni that is asked before its member is known says nothing of a member.
TEST(PatroniFacts, ASeedHasNoMember) {
  Scene scene;
  Evidence e = Patroni("pg2", 0, Whole("normal.pg2"));
  e.member.name.clear();
  scene.Step(e);
  EXPECT_THAT(scene.PageAt(1), HasSubstr(OfSite("paused", "on-premise", "0")));
  EXPECT_THAT(scene.PageAt(1), Not(HasSubstr("dcs_last_seen_timestamp_seconds{")));
}

TEST(PatroniFacts, ASiteThatIsNoLongerConfiguredIsNotShown) {
  Scene scene;
  scene.Step(Patroni("pgc1", 0, Whole("normal.pgc1")));
  DataSetOptions options = TwoSites();
  options.sites.pop_back();
  scene.set.Configure(options);
  EXPECT_THAT(scene.PageAt(1), Not(HasSubstr("target_site=\"cloud\"")));
}

}  // namespace
