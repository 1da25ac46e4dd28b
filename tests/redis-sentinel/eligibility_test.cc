#include "exporters/redis-sentinel/eligibility.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/redis-sentinel/recorded.h"

using namespace std::chrono_literals;

namespace {

MonitoredMaster Master(bool s_down = false, Milliseconds down = 0ms) {
  MonitoredMaster m;
  m.down_after = 1500ms;
  m.flags.s_down = s_down;
  if (s_down) m.s_down = down;
  return m;
}

MonitoredReplica Replica() {
  MonitoredReplica r;
  r.run_id = "a";
  r.priority = 100;
  r.last_ok_ping = 5s;
  r.info_age = 5s;
  return r;
}

struct Case {
  const char* what;
  void (*change)(MonitoredReplica&);
  Eligibility expected, when_master_is_down;  // for 2 s
};

constexpr auto kEligible = Eligibility::kEligible;

const Case kCases[] = {
    {"at its best", [](auto&) {}, kEligible, kEligible},
    {"s_down", [](auto& r) { r.flags.s_down = true; }, Eligibility::kDown, Eligibility::kDown},
    {"o_down", [](auto& r) { r.flags.o_down = true; }, Eligibility::kDown, Eligibility::kDown},
    {"disconnected", [](auto& r) { r.flags.disconnected = true; }, Eligibility::kDisconnected,
     Eligibility::kDisconnected},
    {"ping 5.001 s", [](auto& r) { r.last_ok_ping = 5001ms; }, Eligibility::kNoPing,
     Eligibility::kNoPing},
    {"priority 0", [](auto& r) { r.priority = 0; }, Eligibility::kPriorityZero,
     Eligibility::kPriorityZero},
    {"priority 1", [](auto& r) { r.priority = 1; }, kEligible, kEligible},
    {"info 5.001 s", [](auto& r) { r.info_age = 5001ms; }, kEligible, Eligibility::kInfoOld},
    {"info 30 s", [](auto& r) { r.info_age = 30s; }, kEligible, Eligibility::kInfoOld},
    {"info 30.001 s", [](auto& r) { r.info_age = 30001ms; }, Eligibility::kInfoOld,
     Eligibility::kInfoOld},
    {"no info yet", [](auto& r) { r.run_id = "", r.info_age = 0ms; }, Eligibility::kInfoOld,
     Eligibility::kInfoOld},
    {"link down 15 s", [](auto& r) { r.link_down = 15s; }, kEligible, kEligible},
    {"link down 15.001 s", [](auto& r) { r.link_down = 15001ms; }, Eligibility::kLinkDown,
     kEligible},
    {"link down 17 s", [](auto& r) { r.link_down = 17s; }, Eligibility::kLinkDown, kEligible},
    {"link down 17.001 s", [](auto& r) { r.link_down = 17001ms; }, Eligibility::kLinkDown,
     Eligibility::kLinkDown},
    {"link never up", [](auto& r) { r.link_down = -1s; }, kEligible, kEligible},
    // The first test that fails is the reason.
    {"all", [](auto& r) {
       r.flags.s_down = r.flags.disconnected = true, r.priority = 0;
       r.last_ok_ping = r.info_age = r.link_down = 1h;
     }, Eligibility::kDown, Eligibility::kDown},
    {"all but down", [](auto& r) {
       r.flags.disconnected = true, r.priority = 0;
       r.last_ok_ping = r.info_age = r.link_down = 1h;
     }, Eligibility::kDisconnected, Eligibility::kDisconnected},
    {"all but connected", [](auto& r) {
       r.priority = 0, r.last_ok_ping = r.info_age = r.link_down = 1h;
     }, Eligibility::kNoPing, Eligibility::kNoPing},
    {"all but ping", [](auto& r) { r.priority = 0, r.info_age = r.link_down = 1h; },
     Eligibility::kPriorityZero, Eligibility::kPriorityZero},
    {"info and link", [](auto& r) { r.info_age = r.link_down = 1h; }, Eligibility::kInfoOld,
     Eligibility::kInfoOld},
};

TEST(Eligibility, FollowsTheRule) {
  for (const Case& c : kCases) {
    MonitoredReplica replica = Replica();
    c.change(replica);
    EXPECT_EQ(EligibilityOf(replica, Master()), c.expected) << c.what;
    EXPECT_EQ(EligibilityOf(replica, Master(true, 2s)), c.when_master_is_down) << c.what;
  }
}

TEST(Eligibility, HasNames) {
  EXPECT_EQ(EligibilityName(kEligible), "eligible");
  EXPECT_EQ(EligibilityName(Eligibility::kDown), "down");
  EXPECT_EQ(EligibilityName(Eligibility::kLinkDown), "link_down");
  EXPECT_EQ(kIneligibleReasons.size(), 6u);
}

using Words = std::vector<std::string>;

// What a recorded Sentinel thinks of its replicas, in the order of their addresses.
Words Judge(const std::string& file, double at, const std::string& from) {
  auto masters = ParseMasters(RecordedAt(file, at, from, "MASTERS"));
  auto replicas = ParseReplicas(RecordedAt(file, at, from, "REPLICAS"));
  if (!masters.ok() || !replicas.ok() || masters->empty()) return {};
  std::sort(replicas->begin(), replicas->end(), [](auto& a, auto& b) { return a.name < b.name; });
  Words recorded;
  for (auto& r : *replicas)
    recorded.emplace_back(EligibilityName(EligibilityOf(r, masters->at(0))));
  return recorded;
}

// Of 10.88.0.11 to 13 those that were replicas.
TEST(RecordedFailover, NamesWhoCouldBePromoted) {
  struct { double at; std::string from; Words expected; } moments[] = {
      {0.05, "13", {"eligible", "eligible"}},
      {4.54, "12", {"eligible", "eligible"}},
      {4.56, "13", {"eligible", "eligible"}},  // it is being promoted
      {5.55, "12", {"disconnected", "eligible"}},
      {7.04, "11", {"down", "eligible"}},
      // The old master came back, and reports the role of a master: the rule does not mind.
      {13.14, "13", {"eligible", "eligible"}},
      {23.09, "12", {"eligible", "eligible"}},
  };
  for (auto& m : moments) {
    SCOPED_TRACE(m.from + " at " + std::to_string(m.at));
    EXPECT_EQ(Judge("failover.jsonl", m.at, m.from + ":26379"), m.expected);
  }
}

// States in which nothing can be promoted, or nobody may: CKQUORUM knows of one of them.
TEST(RecordedBlocked, NamesTheReason) {
  struct { double at; std::string from; Words expected; bool quorum; } moments[] = {
      {1, "s1", {"priority_zero", "priority_zero"}, true},
      {2, "s1", {"eligible", "eligible"}, false},  // the two other Sentinels are frozen
      // All Sentinels were frozen for 20 s, and the master died meanwhile: in TILT, and after it
      // when they aborted the failover with no-good-slave.
      {3, "s1", {"link_down", "link_down"}, true},
      {3.5, "s1", {"link_down", "link_down"}, true},
      {3.5, "s2", {"link_down", "link_down"}, true},
      {4, "s1", {"down", "down"}, true},    // both replicas were killed,
      {4.5, "s1", {"down", "down"}, true},  // and then the master
  };
  for (auto& m : moments) {
    SCOPED_TRACE(m.from + " at " + std::to_string(m.at));
    EXPECT_EQ(Judge("blocked.jsonl", m.at, m.from), m.expected);
    auto check = ParseCkquorum(RecordedAt("blocked.jsonl", m.at, m.from, "CKQUORUM"));
    ASSERT_TRUE(check.ok()) << check.status();
    EXPECT_EQ(check->quorum && check->majority, m.quorum);
    EXPECT_EQ(check->usable_sentinels, m.quorum ? 3 : 1);
  }
}

}  // namespace
