// Losses, rivals and divergence, on recorded failovers and on invented ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgres-ha/replay.h"

namespace {

using testing::HasSubstr;
using testing::Not;

Evidence SeenAt(double at, decltype(Evidence::seen) seen) {
  return {{"an eye", At(at), At(at)}, {"on-premise", "pg2"}, std::move(seen)};
}

Evidence History(double at, std::vector<Promotion> history) {
  PatroniLook look;
  look.alive = true;
  look.history = std::move(history);
  return SeenAt(at, look);
}

// The same as etcd pushes it.
Evidence PushedHistory(double at, std::vector<Promotion> history) {
  DcsLook look;
  look.what = DcsLook::What::kHistory;
  look.history = std::move(history);
  return SeenAt(at, look);
}

std::string PageOf(const DataSet& set, double at) {
  Samples samples;
  set.Show(NowAt(at), samples);
  return RenderPage({&samples}, Format::kText);
}

struct Looks {
  DataSet set{TwoSites()};
  void At(double t, const std::string& member, SqlLook look) {
    set.Step(SqlEvidence(member, t, 0.005, std::move(look)), NowAt(t + 0.005));
  }
};

// Recorded: the leader was killed 2 s after its walsenders had been stopped. The writer missed 109
// rows, from 4.0203 to 6.1804 s.
void ExpectTheRecordedLoss(Evidence (*history)(double, std::vector<Promotion>)) {
  DataSet set(TwoSites());
  for (auto& evidence : Timeline("kl1")) set.Step(evidence, NowAt(EndOf(evidence)));
  ASSERT_EQ(set.postgres().failovers().size(), 1u);
  FailoverFact before = set.postgres().failovers().back();
  EXPECT_LE(*before.loss.low_bytes, 20'352);
  EXPECT_GE(*before.loss.high_bytes, 20'352);
  EXPECT_TRUE(set.WantsHistory("on-premise"));

  set.Step(history(40, {{12, 185'137'288, {}, "pg1"}, {13, 185'292'432, {}, "pg2"}}), NowAt(40));
  FailoverFact after = set.postgres().failovers().back();
  EXPECT_FALSE(set.WantsHistory("on-premise"));
  EXPECT_LE(*after.loss.low_bytes, 20'352);
  EXPECT_GE(*after.loss.high_bytes, 20'352);
  EXPECT_NEAR(*after.loss.bytes, 20'352, 0.15 * 20'352);
  EXPECT_NEAR(*after.loss.seconds, 2.16, 0.3);
  EXPECT_LE(*after.loss.low_seconds, 2.16);
  EXPECT_GE(*after.loss.high_seconds, 2.16);
}

TEST(Succession, TheRecordedLossIsMeasured) { ExpectTheRecordedLoss(History); }
TEST(Succession, TheRecordedLossIsMeasuredByWhatEtcdPushes) {
  ExpectTheRecordedLoss(PushedHistory);
}

TEST(Succession, RecordedSwitchoversLoseNothingAndSaySo) {
  DataSet set(TwoSites());
  for (auto& evidence : Timeline("sw1")) set.Step(evidence, NowAt(EndOf(evidence)));
  auto& fact = set.postgres().failovers().back();
  EXPECT_EQ(fact.loss.bytes, 0);
  EXPECT_EQ(fact.loss.high_bytes, 0);
  EXPECT_EQ(fact.loss.seconds, 0);
  EXPECT_EQ(fact.loss.high_seconds, 0);
}

// Recorded: Patroni frozen on pg1, pg2 promoted, pg1's Patroni thawed and stole the lock back. The
// holder never changed, yet what pg2 had written is gone.
TEST(Succession, AStolenLockIsAnIncidentWithItsOwnLoss) {
  DataSet set(TwoSites());
  for (auto& evidence : Timeline("spat1")) set.Step(evidence, NowAt(EndOf(evidence)));
  EXPECT_TRUE(set.postgres().failovers().empty());
  auto& incident = set.incidents().at("timeline_regression");
  EXPECT_EQ(incident.count, 1);
  ASSERT_TRUE(incident.loss.bytes && incident.loss.seconds);
  EXPECT_GT(*incident.loss.low_bytes, 303 * 100);  // rows of about 190 bytes of WAL
  EXPECT_GT(*incident.loss.high_bytes, *incident.loss.bytes);
  EXPECT_NEAR(*incident.loss.seconds, 11.4, 1);
  EXPECT_THAT(PageOf(set, 100),
              HasSubstr("postgres_ha_last_incident_lost_bytes{pg_cluster=\"sentinel\",kind="
                        "\"timeline_regression\"} "));
}

// The leader's machine was frozen and thawed: its successor is thrown away with all it wrote.
TEST(Succession, AHolderThatIsUndoneLosesAllItWrote) {
  Looks looks;
  for (double t = 0; t < 5; t += 0.25) {
    looks.At(t, "pg1", Primary(1000 + static_cast<long long>(t * 100), 11));
    looks.At(t + 0.01, "pg2", Standby(1000 + static_cast<long long>(t * 100), 11));
  }
  for (double t = 5; t < 8; t += 0.25) {
    looks.At(t, "pg1", Failed(Answer::kTimeout));
    looks.At(t + 0.01, "pg2", Standby(1490, 11));
  }
  for (double t = 8; t < 12; t += 0.25) {
    looks.At(t, "pg1", Failed(Answer::kTimeout));
    looks.At(t + 0.01, "pg2", Primary(1500 + static_cast<long long>((t - 8) * 1000), 12));
  }
  for (double t = 12; t < 14; t += 0.25) {
    looks.At(t, "pg1", Primary(1600, 11));
    looks.At(t + 0.01, "pg2", Failed(Answer::kRefused));
  }
  auto& failovers = looks.set.postgres().failovers();
  ASSERT_EQ(failovers.size(), 2u);
  EXPECT_EQ(failovers[1].to, "pg1");
  EXPECT_LE(*failovers[1].loss.low_bytes, 3750);
  EXPECT_NEAR(*failovers[1].loss.bytes, 3760, 400);
  EXPECT_NEAR(*failovers[1].loss.seconds, 4, 0.6);
  auto& incident = looks.set.incidents().at("timeline_regression");
  EXPECT_EQ(incident.count, 1);
  EXPECT_EQ(incident.loss.bytes, failovers[1].loss.bytes);
}

// A switchover was asked for, and soon after it the new leader dies: nobody asked for that.
TEST(Succession, ARequestIsForTheLeaderItWasMadeOf) {
  Looks looks;
  auto lock = [&](double t, DcsLook::What what, const std::string& name) {
    Evidence e;
    e.eye = "etcd_watch on-premise";
    e.member = {"on-premise", ""};
    e.begin = e.end = At(t);
    DcsLook look;
    look.what = what;
    look.name = name;
    e.seen = look;
    looks.set.Step(e, NowAt(t));
  };
  auto run = [&](double from, double to, const SqlLook& pg1, const SqlLook& pg2) {
    for (double t = from; t < to - 1e-9; t += 0.25) {
      looks.At(t, "pg1", pg1);
      looks.At(t + 0.01, "pg2", pg2);
    }
  };
  lock(0, DcsLook::What::kConnected, "pg1");
  run(0, 5, Primary(1000, 1), Standby(1000, 1));
  lock(5, DcsLook::What::kSwitchover, "pg1");
  run(5, 6, Failed(Answer::kRefused), Standby(1000, 1));  // its goodbye was not seen
  lock(6, DcsLook::What::kLockReleased, "pg1");
  lock(6.1, DcsLook::What::kLockTaken, "pg2");
  run(6.25, 7, Standby(1000, 1), Primary(1100, 2));
  lock(7, DcsLook::What::kRequestCleared, "");
  run(7, 12, Standby(1100, 2), Primary(1100, 2));
  run(12, 14, Standby(1100, 2), Failed(Answer::kRefused));
  lock(14, DcsLook::What::kLockReleased, "pg2");
  lock(14.1, DcsLook::What::kLockTaken, "pg1");
  run(14.25, 16, Primary(1200, 3), Failed(Answer::kRefused));
  auto& failovers = looks.set.postgres().failovers();
  ASSERT_EQ(failovers.size(), 2u);
  EXPECT_EQ(failovers[0].kind, "switchover");
  EXPECT_EQ(failovers[1].kind, "failover");
}

// Recorded: the on-premise site lost, the cloud promoted, the old site back, both writing on timeline
// 18. What the old site has beyond the fork is its own.
TEST(Succession, TheRecordedSiteThatCameBackIsDivergedAndItsLagGrows) {
  DataSet set(TwoSites());
  for (auto& evidence : Timeline("site")) set.Step(evidence, NowAt(EndOf(evidence)));
  double end = EndOf(Timeline("site").back());
  EXPECT_EQ(set.postgres().last_holder(), "pgc1");
  std::string page = PageOf(set, end + 0.1);
  EXPECT_THAT(page, HasSubstr("ha_active{service=\"postgres\",scope=\"sentinel\",holder=\"pgc1\"} 1"));
  EXPECT_THAT(page, HasSubstr("ha_split_brain{service=\"postgres\",scope=\"sentinel\"} 1"));
  for (std::string member : {"pg1", "pg2"})
    EXPECT_GE(set.LagSeconds({"on-premise", member}, NowAt(end + 0.1)).value_or(0), 0);
  EXPECT_THAT(page, HasSubstr("postgres_ha_member_diverged{pg_cluster=\"sentinel\",target_site="
                              "\"on-premise\",member=\"pg1\"} 1"));
}

// A standby that has all that was seen is not known to have all, once nobody sees the leader.
TEST(Succession, LagIsUnknownWhileTheLeaderIsUnseen) {
  Looks looks;
  for (double t = 0; t < 20; t += 0.25) {
    looks.At(t, "pg1", t < 5 ? Primary(1000) : Failed(Answer::kTimeout));
    looks.At(t + 0.01, "pg2", Failed(Answer::kTimeout));
    looks.At(t + 0.02, "pgc1", Standby(1000));
    auto lag = looks.set.LagSeconds({"cloud", "pgc1"}, NowAt(t + 0.1));
    if (t < 5) { EXPECT_EQ(lag, 0) << t; }
    if (t > 8) { EXPECT_FALSE(lag) << t; }
  }
  EXPECT_THAT(PageOf(looks.set, 20), Not(HasSubstr("postgres_ha_site_prospective_loss_seconds{")));
}

// Silence proves no stop: the leader may have written until another one was promoted.
TEST(Succession, ASilentLeaderMayHaveLostUntilThePromotion) {
  for (Answer answer : {Answer::kTimeout, Answer::kRefused}) {
    Looks looks;
    for (double t = 0; t < 40; t += 0.25) {
      looks.At(t, "pg1", t < 5 ? Primary(1000 + static_cast<long long>(t * 1000)) : Failed(answer));
      looks.At(t + 0.01, "pg2", t < 35 ? Standby(5900) : Primary(6000, 2));
    }
    auto& fact = looks.set.postgres().failovers().back();
    bool silent = answer == Answer::kTimeout;
    EXPECT_EQ(*fact.loss.high_seconds > 29, silent) << *fact.loss.high_seconds;
    EXPECT_EQ(*fact.loss.high_seconds < 1, !silent) << *fact.loss.high_seconds;
  }
}

// Another site turns out to have a member of the same name: labels change, nobody took over.
TEST(Succession, ANewLabelIsNoFailover) {
  DataSetOptions options = TwoSites();
  options.sites[1].members.clear();
  DataSet set(options);
  auto run = [&](double from, double to) {
    for (double t = from; t < to; t += 0.25)
      set.Step(SqlEvidence("pg1", t, 0.01, Primary(1000)), NowAt(t + 0.01));
  };
  run(0, 5);
  std::string facts = set.Facts(NowAt(5));
  options.sites[1].members = {{"pg1", "10.1.0.1", 5432}};
  set.Configure(options);
  run(5, 10);
  EXPECT_TRUE(set.postgres().failovers().empty());
  EXPECT_EQ(set.postgres().last_holder(), "on-premise/pg1");
  DataSet later(options);
  ASSERT_TRUE(later.Restore(facts, NowAt(11)).ok());
  later.Step(SqlEvidence("pg1", 11, 0.01, Primary(1000)), NowAt(11.01));
  EXPECT_TRUE(later.postgres().failovers().empty());
}

TEST(Succession, ASplitBrainEndsWithTheMemberThatIsTakenAway) {
  Looks looks;
  for (double t = 0; t < 5; t += 0.25) {
    looks.At(t, "pg1", Primary(1000));
    looks.At(t + 0.1, "pgc1", Primary(1000, 2));
  }
  const std::string split = "ha_split_brain{service=\"postgres\",scope=\"sentinel\"} ";
  EXPECT_THAT(PageOf(looks.set, 5), HasSubstr(split + "1"));
  DataSetOptions one = TwoSites();
  one.sites.pop_back();
  looks.set.Configure(one);
  looks.At(5, "pg1", Primary(1000));
  looks.At(5.1, "pgc1", Primary(1000, 2));  // a look that ends after the reload
  EXPECT_THAT(PageOf(looks.set, 5.2), HasSubstr(split + "0"));
  EXPECT_EQ(looks.set.members().size(), 2u);
}

TEST(Succession, ProspectsAreOfWhatIsReceivedNotReplayed) {
  Looks looks;
  for (int i = 0; i <= 40; ++i) {
    long long written = 1000 + 100 * i;
    looks.At(i * 0.25, "pg1", Primary(written));
    SqlLook pg2 = Standby(1000), pgc1 = Standby(std::min(written, 2000LL));
    pg2.received = written;
    pgc1.received = pgc1.position;
    looks.At(i * 0.25 + 0.01, "pg2", pg2);
    looks.At(i * 0.25 + 0.02, "pgc1", pgc1);
  }
  EXPECT_GT(*looks.set.LagSeconds({"on-premise", "pg2"}, NowAt(10.1)), 9);
  std::string page = PageOf(looks.set, 10.1);
  EXPECT_THAT(page, HasSubstr("postgres_ha_prospective_loss_seconds{pg_cluster=\"sentinel\",target_site"
                              "=\"on-premise\",member=\"pg2\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("postgres_ha_site_prospective_loss_seconds{pg_cluster=\"sentinel\","
                              "target_site=\"cloud\"} 7."));
  EXPECT_THAT(page, HasSubstr("postgres_ha_prospective_loss_bytes{pg_cluster=\"sentinel\",target_site="
                              "\"cloud\",member=\"pgc1\"} 3000\n"));
}

TEST(Succession, AStandbyWithMoreThanTheLeadersHistoryIsDiverged) {
  const std::string pgc1 = "{pg_cluster=\"sentinel\",target_site=\"cloud\",member=\"pgc1\"} ";
  Looks looks;
  for (double t = 0; t < 5; t += 0.25) {
    looks.At(t, "pg1", Primary(2000, 3));
    looks.At(t + 0.01, "pg2", Standby(1500, 3));
    looks.At(t + 0.02, "pgc1", Standby(1900, 3));
  }
  EXPECT_THAT(PageOf(looks.set, 5), HasSubstr("postgres_ha_member_diverged" + pgc1 + "0\n"));
  for (double t = 5; t < 8; t += 0.25) {
    looks.At(t, "pg1", Failed(Answer::kRefused));
    looks.At(t + 0.01, "pg2", t < 7 ? Standby(1500, 3) : Primary(1600, 4));
    looks.At(t + 0.02, "pgc1", Standby(1900, 3));
  }
  std::string page = PageOf(looks.set, 8);
  EXPECT_THAT(page, HasSubstr("postgres_ha_member_diverged" + pgc1 + "1\n"));
  EXPECT_THAT(page, HasSubstr("postgres_ha_member_ahead_bytes" + pgc1 + "300\n"));
  EXPECT_THAT(page, Not(HasSubstr("member_diverged{pg_cluster=\"sentinel\",target_site=\"on-premise\","
                                  "member=\"pg2\"} 1")));
}

// The leader writes between two looks at it: a standby that is ahead of the older one is not diverged.
TEST(Succession, AStandbyAheadOfAnOldLookIsNotDiverged) {
  Looks looks;
  for (int i = 0; i < 40; ++i) {
    looks.At(i * 0.25, "pg1", Primary(1000 + 100 * i));
    looks.At(i * 0.25 + 0.2, "pg2", Standby(1000 + 100 * i + 80));
    EXPECT_THAT(PageOf(looks.set, i * 0.25 + 0.21), Not(HasSubstr("diverged{pg_cluster=\"sentinel\","
                                                                  "target_site=\"on-premise\",member="
                                                                  "\"pg2\"} 1")));
  }
}

}  // namespace
