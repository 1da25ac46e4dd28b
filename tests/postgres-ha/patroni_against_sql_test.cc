// What Patroni says, held against SQL: all cases as tables.
#include "exporters/postgres-ha/patroni_against_sql.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "tests/postgres-ha/replay.h"

namespace {

constexpr double kT = 100;  // now

// A site of a leader pg1 that has written 10,000,000 bytes, and one standby pg2 that lacks none.
// Each case changes one thing.
struct Scene {
  Members members;
  Roles roles;
  PatroniConfig config;
  bool config_known = true;
  WalRing written;

  Scene() {
    config.maximum_lag_on_failover_bytes = 1 << 20;
    config.synchronous_mode = config.standby_cluster = false;
    Add("pg1", "leader", Primary(10'000'000));
    Add("pg2", "replica", Standby(10'000'000));
    roles[Id("pg1")] = true;
    for (int i = 0; i <= 20; ++i) written.Add(At(kT - 5 + i * 0.25), 9'000'000 + i * 50'000);
  }
  static MemberId Id(const std::string& name) { return {"on-premise", name}; }
  Member& pg1() { return members[Id("pg1")]; }
  Member& pg2() { return members[Id("pg2")]; }
  void Add(const std::string& name, const std::string& role, SqlLook sql) {
    Member& m = members[Id(name)];
    m.patroni.emplace();
    m.patroni->name = name;
    m.patroni->role = role;
    m.patroni->state = "running";
    m.patroni_listed = At(kT - 1);
    sql.received = sql.position;
    m.sql = sql;
    m.begin = At(kT - 0.1);
    m.end = At(kT - 0.09);
    roles[Id(name)] = false;
  }
  // pg2 does not answer by SQL.
  void Silent(Answer answer) {
    pg2().sql = Failed(answer);
    roles.erase(Id("pg2"));
  }
  void Behind(long long bytes) {
    pg2().sql->received = pg2().sql->position = 10'000'000 - bytes;
  }
  std::optional<int> Candidates() const {
    return FailoverCandidates(members, roles, "on-premise", config_known ? &config : nullptr,
                              written, NowAt(kT));
  }
};

struct Case {
  const char* name;
  std::optional<int> want;
  std::function<void(Scene&)> change;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class CandidatesTest : public testing::TestWithParam<Case> {};

TEST_P(CandidatesTest, AreCounted) {
  Scene scene;
  GetParam().change(scene);
  EXPECT_EQ(scene.Candidates(), GetParam().want);
}

constexpr auto kUnknown = std::nullopt;

INSTANTIATE_TEST_SUITE_P(
    Members, CandidatesTest,
    testing::Values(
        Case{"Healthy", 1, [](Scene&) {}},
        Case{"Two", 2, [](Scene& s) { s.Add("pg3", "replica", Standby(10'000'000)); }},
        Case{"None", 0, [](Scene& s) { s.members.erase(s.Id("pg2")); }},
        Case{"Streaming", 1, [](Scene& s) { s.pg2().patroni->state = "streaming"; }},
        Case{"FromArchive", 1, [](Scene& s) { s.pg2().patroni->state = "in archive recovery"; }},
        Case{"Stopped", 0, [](Scene& s) { s.pg2().patroni->state = "stopped"; }},
        Case{"Starting", 0, [](Scene& s) { s.pg2().patroni->state = "starting"; }},
        Case{"NoFailover", 0, [](Scene& s) { s.pg2().patroni->nofailover = true; }},
        Case{"StrangeRole", 0, [](Scene& s) { s.pg2().patroni->role = "uninitialized"; }},
        Case{"NoLongerListed", 0, [](Scene& s) { s.pg2().patroni_listed = At(kT - 8); }},
        Case{"NeverListed", 0, [](Scene& s) { s.pg2().patroni.reset(); }},
        Case{"OtherSite", 1, [](Scene& s) { s.members[{"cloud", "x"}] = s.pg2(); }}));

INSTANTIATE_TEST_SUITE_P(
    Sql, CandidatesTest,
    testing::Values(
        Case{"Refused", 0, [](Scene& s) { s.Silent(Answer::kRefused); }},
        Case{"Timeout", 0, [](Scene& s) { s.Silent(Answer::kTimeout); }},
        Case{"StartingUp", 0, [](Scene& s) { s.Silent(Answer::kStarting); }},
        Case{"Denied", kUnknown, [](Scene& s) { s.Silent(Answer::kDenied); }},
        Case{"Full", kUnknown, [](Scene& s) { s.Silent(Answer::kFull); }},
        Case{"OurFault", kUnknown, [](Scene& s) { s.Silent(Answer::kOurs); }},
        Case{"NeverLooked", kUnknown,
             [](Scene& s) { s.pg2().sql.reset(), s.roles.erase(s.Id("pg2")); }},
        Case{"LookedTooLongAgo", kUnknown, [](Scene& s) { s.roles.erase(s.Id("pg2")); }},
        Case{"TakesWrites", 0,
             [](Scene& s) { s.pg2().sql->in_recovery = false, s.roles[s.Id("pg2")] = true; }},
        Case{"ReadOnlyPrimary", 0, [](Scene& s) { s.pg2().sql->in_recovery = false; }},
        Case{"DeniedButNoFailover", 0, [](Scene& s) {
               s.Silent(Answer::kDenied), s.pg2().patroni->nofailover = true;
             }}));

INSTANTIATE_TEST_SUITE_P(
    Lag, CandidatesTest,
    testing::Values(
        Case{"AtTheLimit", 1, [](Scene& s) { s.Behind(1 << 20); }},
        Case{"BeyondIt", 0, [](Scene& s) { s.Behind((1 << 20) + 50'001); }},
        Case{"Ahead", 1, [](Scene& s) { s.Behind(-70'000); }},
        Case{"ReplayAloneIsBehind", 1, [](Scene& s) { s.pg2().sql->position = 0; }},
        Case{"OnlyReplayed", 1, [](Scene& s) { s.pg2().sql->received.reset(); }},
        Case{"NoPosition", kUnknown,
             [](Scene& s) { s.pg2().sql->received.reset(), s.pg2().sql->position.reset(); }},
        // A busy leader was looked at later: what it wrote since says nothing about the standby.
        Case{"LeaderLookedAtLater", 1,
             [](Scene& s) { s.written.Add(At(kT - 0.01), 50'000'000); }},
        Case{"LeaderGone", 1, [](Scene& s) {
               s.pg1().sql = Failed(Answer::kRefused), s.roles.erase(s.Id("pg1"));
             }},
        Case{"LeaderGoneAndFarBehind", 0,
             [](Scene& s) { s.pg1().sql.reset(), s.Behind(5'000'000); }},
        Case{"NobodySeenWriting", kUnknown, [](Scene& s) { s.written = WalRing(); }},
        Case{"NoLimitKnown", kUnknown,
             [](Scene& s) { s.config.maximum_lag_on_failover_bytes.reset(); }},
        Case{"NoConfig", kUnknown, [](Scene& s) { s.config_known = false; }},
        Case{"NoConfigNoMember", 0, [](Scene& s) {
               s.config_known = false, s.pg2().patroni->state = "stopped";
             }}));

INSTANTIATE_TEST_SUITE_P(
    Modes, CandidatesTest,
    testing::Values(
        Case{"Asynchronous", 0, [](Scene& s) { s.config.synchronous_mode = true; }},
        Case{"Synchronous", 1, [](Scene& s) {
               s.config.synchronous_mode = true, s.pg2().patroni->role = "sync_standby";
             }},
        Case{"Quorum", 1, [](Scene& s) {
               s.config.synchronous_mode = true, s.pg2().patroni->role = "quorum_standby";
             }},
        Case{"UnknownMode", kUnknown, [](Scene& s) { s.config.synchronous_mode.reset(); }},
        Case{"StandbyCluster", 1, [](Scene& s) {
               s.pg1().patroni->role = "standby_leader";
               s.Behind(5'000'000), s.config_known = false;
             }},
        Case{"StandbyClusterIgnoresSynchronousMode", 1, [](Scene& s) {
               s.pg1().patroni->role = "standby_leader", s.config.synchronous_mode = true;
             }},
        // The leader tells before the configuration is asked again.
        Case{"JustPromoted", 0, [](Scene& s) {
               s.config.standby_cluster = true, s.Behind(5'000'000);
             }},
        Case{"StandbyClusterWithoutLeader", 1, [](Scene& s) {
               s.config.standby_cluster = true, s.members.erase(s.Id("pg1")), s.Behind(5'000'000);
             }},
        Case{"TheNewestLeaderCounts", 1, [](Scene& s) {
               s.Add("pg0", "leader", Failed(Answer::kRefused));
               s.members[s.Id("pg0")].patroni_listed = At(kT - 5);
               s.pg1().patroni->role = "standby_leader", s.Behind(5'000'000);
             }}));

TEST(RoleDisagrees, WhereBothAreKnown) {
  struct Row {
    const char *role, *state;
    std::optional<bool> when_writable, when_not;
  };
  for (auto& row : {Row{"leader", "running", false, true}, Row{"replica", "running", true, false},
                    Row{"replica", "streaming", true, false},
                    Row{"replica", "in archive recovery", true, false},
                    Row{"sync_standby", "streaming", true, false},
                    Row{"quorum_standby", "streaming", true, false},
                    Row{"standby_leader", "streaming", true, false},
                    Row{"standby_leader", "running", true, false},
                    Row{"leader", "stopping", kUnknown, kUnknown},
                    Row{"leader", "crashed", kUnknown, kUnknown},
                    Row{"leader", "", kUnknown, kUnknown},
                    Row{"replica", "starting", kUnknown, kUnknown},
                    Row{"replica", "creating replica", kUnknown, kUnknown},
                    Row{"demoted", "running", kUnknown, kUnknown},
                    Row{"", "running", kUnknown, kUnknown}}) {
    PatroniMember said;
    said.role = row.role;
    said.state = row.state;
    EXPECT_EQ(RoleDisagrees(said, true), row.when_writable) << row.role << " " << row.state;
    EXPECT_EQ(RoleDisagrees(said, false), row.when_not) << row.role << " " << row.state;
  }
}

}  // namespace
