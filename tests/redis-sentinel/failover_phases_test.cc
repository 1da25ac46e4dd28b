// What each step of a change of master took: recorded failovers, and invented events.
#include "exporters/redis-sentinel/failover_phases.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/redis-sentinel/replay.h"

namespace {

const std::string k1 = kNodes[0], k2 = kNodes[1];
const std::string kS1 = "10.88.0.11:26379", kS2 = "10.88.0.12:26379";
const std::string kOld = "master mymaster 10.88.0.11 6379";
const std::string kNew = "slave 10.88.0.12:6379 10.88.0.12 6379 @ mymaster 10.88.0.11 6379";

double PhaseOf(const Deployment& deployment, const std::string& phase) {
  return ValueOf(deployment, 100,
                 "redis_sentinel_last_failover_phase_seconds{master_name=\"mymaster\",phase=\"" +
                     phase + "\"}");
}

Deployment After(const std::vector<RedisEvidence>& all) {
  Deployment deployment(OneDeployment());
  for (auto& e : all) deployment.Step(e, NowAt(EndOf(e)));
  return deployment;
}

struct Event {
  double at;
  std::string name, text;
  bool late = false;
};

// A failover of the first node to the second as these events tell it.
Deployment Course(const std::vector<Event>& events) {
  std::vector<RedisEvidence> all = {SentinelEvidence(-1.1, -1, kS2, {ViewOf(kS2, k1)}),
                                    SentinelEvidence(-1, -0.99, kS1, {ViewOf(kS1, k1)}),
                                    NodeEvidence(-0.5, -0.49, k1, MasterInfo()),
                                    NodeFailed(0.5, 0.51, k1)};
  for (auto& e : events)
    all.push_back(EventEvidence(e.at - 0.1, e.at, kS1, e.name, e.text, e.late));
  return After(all);
}

const std::vector<Event> kWhole = {{2, "+sdown", kOld},
                                   {2.5, "+odown", kOld},
                                   {2.5, "+try-failover", kOld},
                                   {3, "+elected-leader", kOld},
                                   {4, "+failover-state-wait-promotion", kNew},
                                   {5, "+promoted-slave", kNew},
                                   {7, "+failover-end", kOld}};

// The times of the recording; the master was killed at 0.
TEST(FailoverPhases, KilledMaster) {
  Deployment d = After(Timeline("kill9"));
  EXPECT_NEAR(PhaseOf(d, "detect"), 1.53, 0.15);
  EXPECT_NEAR(PhaseOf(d, "agree"), 1.676 - 1.527, 0.002);
  EXPECT_NEAR(PhaseOf(d, "elect"), 1.777 - 1.676, 0.002);
  EXPECT_NEAR(PhaseOf(d, "promote"), 1.913 - 1.777, 0.002);
  EXPECT_NEAR(PhaseOf(d, "announce"), 2.739 - 1.913, 0.002);
  EXPECT_NEAR(PhaseOf(d, "reconfigure"), 3.850 - 2.739, 0.002);
  EXPECT_NEAR(PhaseOf(d, "demote"), 20.135 - 2.739, 0.21);  // it came back at 10 s
}

TEST(FailoverPhases, ByCommand) {
  Deployment d = After(Timeline("manual"));
  EXPECT_TRUE(std::isnan(PhaseOf(d, "detect")));
  EXPECT_TRUE(std::isnan(PhaseOf(d, "agree")));
  EXPECT_NEAR(PhaseOf(d, "elect"), 0.059 - 0.012, 0.002);
  EXPECT_NEAR(PhaseOf(d, "promote"), 0.180 - 0.059, 0.002);
  EXPECT_NEAR(PhaseOf(d, "announce"), 1.096 - 0.180, 0.002);
  EXPECT_NEAR(PhaseOf(d, "reconfigure"), 2.219 - 1.096, 0.002);
  EXPECT_NEAR(PhaseOf(d, "demote"), 11.191 - 1.096, 0.21);
}

TEST(FailoverPhases, NoneBeforeAChange) {
  EXPECT_TRUE(std::isnan(PhaseOf(Course({kWhole[0], kWhole[1], kWhole[3]}), "agree")));
}

// Each mark that came late takes the two phases beside it, and no other.
TEST(FailoverPhases, ALateEventIsNoMark) {
  const std::vector<std::string> phases = {"detect",  "agree",    "elect",
                                           "promote", "announce", "reconfigure"};
  for (auto& phase : phases) EXPECT_FALSE(std::isnan(PhaseOf(Course(kWhole), phase))) << phase;
  const std::vector<std::pair<int, std::set<std::string>>> cases = {
      {0, {"detect", "agree"}},
      {3, {"elect", "promote"}},
      {4, {"promote", "announce"}},
      {6, {"reconfigure"}}};
  for (auto& [late, missing] : cases) {
    auto events = kWhole;
    events[static_cast<std::size_t>(late)].late = true;
    Deployment d = Course(events);
    for (auto& phase : phases)
      EXPECT_EQ(std::isnan(PhaseOf(d, phase)), missing.count(phase) > 0) << late << " " << phase;
  }
}

TEST(FailoverPhases, AFalseAlarmBeforeIsForgotten) {
  auto events = kWhole;
  events.insert(events.begin(), {{0.6, "+sdown", kOld}, {0.7, "-sdown", kOld}});
  EXPECT_NEAR(PhaseOf(Course(events), "agree"), 0.5, 1e-6);
}

TEST(FailoverPhases, WhatWasGivenUpCountsAsElection) {
  auto events = kWhole;
  events.insert(events.begin() + 4, {{3.1, "-failover-abort-no-good-slave", kOld},
                                     {3.2, "+try-failover", kOld},
                                     {3.5, "+elected-leader", kOld}});
  Deployment d = Course(events);
  EXPECT_NEAR(PhaseOf(d, "elect"), 1, 1e-6);
  EXPECT_NEAR(PhaseOf(d, "promote"), 0.5, 1e-6);
}

// The promotion was not heard, the new master was seen.
TEST(FailoverPhases, ALookTellsOfThePromotionToo) {
  FailoverPhases phases;
  phases.Heard(ParseSentinelEvent("+elected-leader", kOld), k1, At(3));
  phases.Changed({"failover", k1, At(0), At(4.5), At(5)});
  NodeLook look{k1, absl::OkStatus(), ReplicaInfo()};
  phases.Looked({{"redis", At(4.9), At(4.95)}, look}, look);  // before the announcement
  phases.Looked({{"redis", At(8), At(8.5)}, look}, look);
  auto seconds = phases.seconds();
  EXPECT_EQ(seconds, (std::map<std::string, double>{
                         {"promote", 1.5}, {"announce", 0.5}, {"demote", 3.5}}));
}

// Nobody watched: nothing is known.
TEST(FailoverPhases, AnUnseenChangeHasNone) {
  FailoverPhases phases;
  phases.Heard(ParseSentinelEvent("+sdown", kOld), k1, At(1));
  phases.Heard(ParseSentinelEvent("+odown", kOld), k1, At(2));
  phases.Changed({"unseen", k1, At(0), At(4.5), std::nullopt});
  EXPECT_TRUE(phases.seconds().empty());
}

}  // namespace
