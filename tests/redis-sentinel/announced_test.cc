// Invented courses of events: what a change of the announced master means.
#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tests/redis-sentinel/course.h"

namespace {

TEST(Announced, AllIsWell) {
  Course c;
  EXPECT_EQ(c.Value("ha_service_up"), 1);
  EXPECT_EQ(c.service().holder(), k1);
  EXPECT_EQ(c.LastKind(), "");
  EXPECT_EQ(c.deployment().pace(), Pace::kCalm);
}

TEST(Announced, OneFailedLookIsNoOutage) {
  Course c;
  c.Step(NodeFailed(5, 5.01, k1));
  EXPECT_EQ(c.deployment().pace(), Pace::kFast);
  c.Looks(5.2, MasterInfo(), ReplicaInfo());
  EXPECT_EQ(c.Value("ha_short_failures_total"), 1);
  EXPECT_EQ(c.Value("ha_outages_total"), 0);
}

// A promoted replica proves nothing until clients are sent there.
TEST(Announced, PromotionAloneEndsNoOutage) {
  Course c;
  c.Fails(5, 6);
  c.Step(NodeEvidence(6, 6.01, k2, MasterInfo()));
  EXPECT_EQ(c.Value("ha_service_up"), 0);
  EXPECT_EQ(c.service().holder(), "");
  c.Fails(6.2, 7);
  c.Event(7.1, "+switch-master", kSwitch);
  for (double t : {7.2, 7.4}) c.Step(NodeEvidence(t, t + 0.01, k2, MasterInfo()));
  EXPECT_EQ(c.Value("ha_service_up"), 1);
  EXPECT_EQ(c.service().holder(), k2);
  ASSERT_EQ(c.service().outages().size(), 1u);
  EXPECT_NEAR(c.service().outages()[0].low_seconds, 1.99, 1e-6);  // 5.01 to 7.0
  // 4.5 to 7.41: a client may have asked a Sentinel that followed a moment later.
  EXPECT_NEAR(*c.service().outages()[0].high_seconds, 2.91, 1e-6);
}

TEST(Announced, SuccessorThatIsNotReadyGoesOnFailing) {
  Course c;
  c.Fails(5, 7);
  c.Event(7.1, "+switch-master", kSwitch);
  Info loading = MasterInfo();
  loading.loading = true;
  for (double t = 7.2; t < 9; t += 0.2) c.Step(NodeEvidence(t, t + 0.01, k2, loading));
  EXPECT_EQ(c.Value("ha_service_up"), 0);
  for (double t : {9.0, 9.2, 9.4}) c.Step(NodeEvidence(t, t + 0.01, k2, MasterInfo()));
  ASSERT_EQ(c.service().outages().size(), 1u);
  EXPECT_NEAR(*c.service().outages()[0].high_seconds, 4.51, 1e-6);
  EXPECT_GT(c.service().outages()[0].low_seconds, 3.7);
}

// It is no change that it answers first after a start and the others a moment later.
TEST(Announced, TheFirstToAnswerMayBeCutOff) {
  Deployment d(OneDeployment());
  auto say = [&](double at, const std::string& s, const std::string& master, long long epoch) {
    auto e = SentinelEvidence(at, at + 0.01, s, {ViewOf(s, master, epoch)});
    d.Step(e, NowAt(EndOf(e)));
  };
  say(0, kS1, k1, 0);
  EXPECT_EQ(d.sets().at("mymaster").announced(), "");
  say(0.1, kS2, k2, 1);
  say(0.1, kS3, k2, 1);
  EXPECT_EQ(d.sets().at("mymaster").announced(), k2);
  EXPECT_TRUE(d.sets().at("mymaster").service().failovers().empty());
  Deployment alone(OneDeployment());
  for (double at : {0, 5}) {
    auto e = SentinelEvidence(at, at + 0.01, kS1, {ViewOf(kS1, k1)});
    alone.Step(e, NowAt(EndOf(e)));
  }
  EXPECT_EQ(alone.sets().at("mymaster").announced(), k1);
}

// Wrong credentials of one Sentinel, say. It is looked at faster for a minute.
TEST(Announced, OneSentinelThatFindsTheMasterDownForHours) {
  Course c;
  for (double at = 5; at < 200; at += 5) {
    c.Looks(at - 1, MasterInfo(), ReplicaInfo());
    for (auto& s : {kS1, kS2, kS3}) {
      MasterView view = ViewOf(s, k1);
      view.master.flags.s_down = s == kS1;
      c.Step(SentinelEvidence(at, at + 0.01, s, {view}));
    }
    EXPECT_EQ(c.deployment().pace() == Pace::kFast, at < 65) << at;
  }
}

TEST(Announced, ALateEventDatesNothing) {
  Course c;
  c.Event(6, "+switch-master", kSwitch, true);
  EXPECT_EQ(c.LastKind(), "");
}

TEST(Announced, SentinelsThatFollowLaterTakeNothingBack) {
  Course c;
  c.Event(5, "+promoted-slave",
          "slave 10.88.0.12:6379 10.88.0.12 6379 @ mymaster 10.88.0.11 6379");
  c.Views(5.1, k1, 0);
  c.Event(6, "+switch-master", kSwitch);
  c.Views(8, k2, 1);
  EXPECT_EQ(c.service().failovers().size(), 1u);
}

TEST(Announced, ASentinelThatWasCutOffIsBehind) {
  Course c;
  c.Event(5, "+switch-master", kSwitch);
  c.Views(8, k2, 1);
  c.Step(SentinelFailed(9, 9.5, kS2));
  c.Step(SentinelFailed(9, 9.5, kS3));
  c.Step(SentinelEvidence(10, 10.01, kS1, {ViewOf(kS1, k1, 0)}));
  EXPECT_EQ(c.service().failovers().size(), 1u);
  EXPECT_EQ(c.service().holder(), k2);
}

// CONFIG SET appendonly no leaves the last error in INFO, and writes work again.
TEST(Announced, AnOldErrorOfAnAofThatIsOff) {
  Course c;
  Info info = MasterInfo();
  info.aof_write_ok = false;
  info.aof_enabled = false;
  for (double t = 6; t < 12; ++t) c.Looks(t, info, ReplicaInfo());
  EXPECT_EQ(c.Value("ha_service_up"), 1);
}

TEST(Announced, WhatRefusesWritesIsNoMaster) {
  Course c;
  Info full = MasterInfo();
  full.aof_write_ok = false;
  for (double t : {5.0, 5.2}) c.Step(NodeEvidence(t, t + 0.01, k1, full));
  EXPECT_EQ(c.Value("ha_service_up"), 0);
}

TEST(Announced, ANodeThatDoesNotLetUsInIsUnknown) {
  Course c;
  for (double t = 5; t < 10; ++t)
    c.Step(NodeFailed(t, t + 0.01, k1, absl::UnauthenticatedError("WRONGPASS")));
  EXPECT_TRUE(std::isnan(c.Value("ha_service_up")));
  EXPECT_EQ(c.Value("ha_outages_total"), 0);
}

TEST(Announced, Incidents) {
  Course c;
  EXPECT_EQ(c.Incidents("restart"), 0);
  c.Step(NodeEvidence(5, 5.1, k1, MasterInfo(0, "b", "another run")));
  EXPECT_EQ(c.Incidents("restart"), 1);
  EXPECT_EQ(c.Incidents("failover_not_elected"), 0);
  c.Event(6, "-failover-abort-not-elected", kMaster);
  EXPECT_EQ(c.Incidents("failover_not_elected"), 1);
}

// Looks are announced when they begin, and posted up to 0.4 s after they ended, but before the next
// one of their eye begins.
std::string PageOf(const std::vector<RedisEvidence>& all, std::mt19937* random) {
  struct Moment {
    double at;
    bool post;
    std::size_t i;
  };
  std::vector<Moment> moments;
  std::map<std::string, double> next;  // look of an eye
  for (std::size_t i = all.size(); i-- > 0;) {
    double delay = random == nullptr ? 0 : 0.1 * static_cast<double>((*random)() % 5);
    double begin = Seconds(all[i].begin - At(0)), until = 100;
    if (auto found = next.find(all[i].eye); found != next.end()) until = found->second;
    next[all[i].eye] = begin;
    moments.push_back({begin, false, i});
    double posted = std::max(EndOf(all[i]), std::min(EndOf(all[i]) + delay, until - 0.001));
    moments.push_back({posted, true, i});
  }
  std::stable_sort(moments.begin(), moments.end(), [](auto& a, auto& b) { return a.at < b.at; });
  DeploymentBoard board{Deployment(OneDeployment())};
  for (auto& [at, post, i] : moments) {
    if (post) board.Post(all[i], NowAt(at));
    else board.Begin(all[i].eye, Deadline(At(at + 2)), At(at));
  }
  Samples out;
  board.Show(NowAt(25.6), out);
  return RenderPage({&out}, Format::kText);
}

// Wall-clock times are computed from when they are told, and differ in the last digits.
void ExpectSame(const std::string& one, const std::string& two) {
  std::istringstream a(one), b(two);
  for (std::string x, y; std::getline(a, x) && std::getline(b, y);) {
    if (x == y) continue;
    ASSERT_EQ(x.substr(0, x.rfind(' ')), y.substr(0, y.rfind(' ')));
    ASSERT_NEAR(std::stod(x.substr(x.rfind(' '))), std::stod(y.substr(y.rfind(' '))), 1e-5) << x;
  }
}

TEST(Announced, InterleavingsDoNotMatter) {
  for (auto* name : {"kill9", "partition", "manual"}) {
    auto all = Timeline(name);
    std::erase_if(all, [](auto& e) { return std::holds_alternative<EventLook>(e.seen); });
    std::mt19937 random(1);
    const std::string expected = PageOf(all, nullptr);
    EXPECT_NE(expected.find("kind=\"failover\""), expected.npos);
    for (int i = 0; i < 20; ++i) ExpectSame(PageOf(all, &random), expected);
  }
}

}  // namespace
