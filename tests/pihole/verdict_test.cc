// The verdict on the Pi-holes: what evidence makes of ha_*, states and counts.
#include "exporters/pihole/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pihole/replay.h"

namespace {

using enum ProbeOutcome;

void Feed(Piholes& piholes, const PiholeEvidence& e) {
  piholes.Step(e, {e.end, kOrigin + Seconds(e.end - At(0))});
}

std::string Up(const Piholes& piholes, double at, const std::string& scope) {
  return ValueOf(piholes, at, "ha_service_up{service=\"dns\",scope=\"" + scope + "\"}");
}
std::string State(const Piholes& piholes, double at, const std::string& pihole) {
  for (auto state : kPiholeStates) {
    std::string series = "pihole_state{pihole=\"" + pihole + "\",state=\"";
    if (ValueOf(piholes, at, series + std::string(state) + "\"}") == "1") return std::string(state);
  }
  return "";
}

TEST(PiholesVerdict, NothingIsKnownBeforeTheFirstLook) {
  Piholes piholes(ThreePiholes());
  EXPECT_EQ(Up(piholes, 0, "pihole1"), "");
  EXPECT_EQ(Up(piholes, 0, "all"), "");
  EXPECT_EQ(State(piholes, 0, "pihole1"), "");
  EXPECT_TRUE(Lines(piholes, 0, "pihole_resolving").empty());
  EXPECT_TRUE(Lines(piholes, 0, "pihole_dns_up").empty());
  EXPECT_EQ(ValueOf(piholes, 0, "pihole_configured"), "3");
}

// Each of the four states in which an API alone stays green is down after two looks.
TEST(PiholesVerdict, GreenLiesAreCaughtWithinTwoLooks) {
  struct Case {
    const char* name;
    Outcomes outcomes;
    const char* state;
    ApiState api;
    std::optional<Blocking> blocking;
    const char* up;
  };
  const Outcomes unblocked{{"blocked", kNotBlocked}, {"blocked_aaaa", kNotBlocked}};
  const Case cases[] = {
      {"gravity.db unreadable", unblocked, "filtering_broken", ApiState::kOk, Blocking::kEnabled,
       "0"},
      {"port 53 taken", Each(kTimeout), "dns_dead_api_alive", ApiState::kOk, Blocking::kFailure,
       "0"},
      {"upstream dead", {{"resolve", kStale}, {"uncached", kTimeout}, {"tcp", kStale}},
       "upstream_dead", ApiState::kOk, Blocking::kEnabled, "0"},
      {"old gravity", {{"blocked", kNotBlocked}}, "filtering_broken", ApiState::kOk,
       Blocking::kEnabled, "0"},
  };
  for (auto& c : cases) {
    Piholes piholes(ThreePiholes({"a", "b"}));
    Feed(piholes, Dns(0, "a"));
    Feed(piholes, Dns(0, "b"));
    Feed(piholes, Api(0.1, "a", ApiState::kOk, Blocking::kEnabled));
    EXPECT_EQ(State(piholes, 1, "a"), "ok") << c.name;
    Feed(piholes, Dns(15, "a", c.outcomes));
    Feed(piholes, Api(15.1, "a", c.api, c.blocking));
    Feed(piholes, Dns(16, "a", c.outcomes));
    EXPECT_EQ(State(piholes, 17, "a"), c.state) << c.name;
    EXPECT_EQ(Up(piholes, 17, "a"), c.up) << c.name;
    EXPECT_EQ(Up(piholes, 17, "b"), "1") << c.name;
    EXPECT_EQ(Up(piholes, 17, "all"), "1") << c.name;
    EXPECT_EQ(piholes.pace(), Pace::kFast);
  }
}

// What is counted agrees with what is said of each, whatever the word for it.
// Since when is of the switch, not of the last hiccup of the upstream.
TEST(PiholesVerdict, BlockingIsOffSinceItWasSwitchedOff) {
  Piholes piholes(ThreePiholes({"a"}));
  for (int i = 0; i < 20; ++i) {
    Outcomes outcomes{{"blocked", kNotBlocked}, {"blocked_aaaa", kNotBlocked}};
    if (i % 3 == 1) outcomes["resolve"] = outcomes["uncached"] = kTimeout;
    Feed(piholes, Api(15 * i, "a", ApiState::kOk, Blocking::kDisabled));
    Feed(piholes, Dns(15 * i + 1, "a", outcomes));
    EXPECT_EQ(State(piholes, 15 * i + 2, "a"), "blocking_off") << i;
  }
  const std::string since =
      ValueOf(piholes, 300, "pihole_state_since_timestamp_seconds{pihole=\"a\"}");
  EXPECT_NEAR(std::stod(since), kOrigin + 1, 0.1);
}

TEST(PiholesVerdict, CountsWhoResolvesAndWhoBlocks) {
  struct Case {
    Outcomes outcomes;
    const char* state;
    const char* resolving;  // and pihole_dns_up
    const char* filtering;
  };
  const Outcomes dead_upstream{{"resolve", kServfail}, {"blocked", kServfail},
                               {"blocked_aaaa", kServfail}, {"uncached", kServfail}};
  const Case cases[] = {
      {{}, "ok", "1", "1"},
      {{{"uncached", kTimeout}}, "upstream_dead", "1", "1"},
      {{{"blocked", kTimeout}, {"blocked_aaaa", kNotBlocked}}, "filtering_broken", "1", "0"},
      {{{"blocked", kTimeout}}, "", "1", "0"},
      {dead_upstream, "upstream_dead", "0", "0"},  // and blocking broken
      {Each(kRefused), "dns_dead_api_alive", "0", "0"},
      {Each(kServfail), "dns_dead_api_alive", "0", "0"},
      {Each(kNxdomain), "dns_dead_api_alive", "0", "0"},
  };
  for (auto& c : cases) {
    Piholes piholes(ThreePiholes({"a"}));
    Feed(piholes, Dns(0, "a", c.outcomes));
    Feed(piholes, Api(0.1, "a", ApiState::kOk, Blocking::kEnabled));
    const std::string state = State(piholes, 1, "a");
    EXPECT_EQ(state, c.state);
    EXPECT_EQ(ValueOf(piholes, 1, "pihole_dns_up{pihole=\"a\"}"), c.resolving) << state;
    EXPECT_EQ(ValueOf(piholes, 1, "pihole_resolving"), c.resolving) << state;
    EXPECT_EQ(ValueOf(piholes, 1, "pihole_filtering"), c.filtering) << state;
  }
}

TEST(PiholesVerdict, AnOutageOfAllIsOneOfEveryOne) {
  Piholes piholes(ThreePiholes({"a", "b"}));
  for (auto* name : {"a", "b"}) Feed(piholes, Dns(0, name));
  EXPECT_EQ(Up(piholes, 1, "all"), "1");
  for (double at : {15, 16, 17}) {
    Feed(piholes, Dns(at, "a", Each(kConnectionRefused)));
    Feed(piholes, Dns(at + 0.5, "b"));
  }
  EXPECT_EQ(Up(piholes, 18, "a"), "0");
  EXPECT_EQ(Up(piholes, 18, "all"), "1");
  EXPECT_EQ(ValueOf(piholes, 18, "pihole_resolving"), "1");
  EXPECT_EQ(ValueOf(piholes, 18, "pihole_filtering"), "1");
  for (double at : {30, 31, 32, 33, 34})
    for (auto* name : {"a", "b"}) Feed(piholes, Dns(at, name, Each(kConnectionRefused)));
  EXPECT_EQ(Up(piholes, 35, "all"), "0");
  EXPECT_EQ(ValueOf(piholes, 35, "pihole_resolving"), "0");
  for (double at : {40, 41, 42})
    for (auto* name : {"a", "b"}) Feed(piholes, Dns(at, name));
  EXPECT_EQ(Up(piholes, 43, "all"), "1");
  EXPECT_EQ(ValueOf(piholes, 43, "ha_outages_total{service=\"dns\",scope=\"all\"}"), "1");
  EXPECT_EQ(piholes.pace(), Pace::kCalm);
}

// All eyes look at once when one Pi-hole begins to fail, whatever has failed there for long.
TEST(PiholesVerdict, HurriesWithEachNewFailureOfWhatDecides) {
  Piholes piholes(ThreePiholes({"a", "b"}));
  auto look = [&](double at, const Outcomes& outcomes) {
    Feed(piholes, Dns(at, "a", outcomes));
    Feed(piholes, Dns(at + 0.1, "b"));
    return piholes.pace();
  };
  EXPECT_EQ(look(0, {{"tcp", kTimeout}, {"local", kNxdomain}}), Pace::kCalm);
  const Outcomes no_upstream{{"uncached", kServfail}};
  EXPECT_EQ(look(15, no_upstream), Pace::kFast);
  EXPECT_EQ(look(300, no_upstream), Pace::kFast);
  EXPECT_EQ(look(330, no_upstream), Pace::kCalm);
  EXPECT_EQ(look(345, {{"uncached", kServfail}, {"blocked", kTimeout}}), Pace::kFast);
  EXPECT_EQ(look(346, no_upstream), Pace::kCalm);
  EXPECT_EQ(look(347, {}), Pace::kCalm);
}

TEST(PiholesVerdict, BoundsOfAnOutageHoldTheTruth) {
  Piholes piholes(ThreePiholes({"a"}));
  Feed(piholes, Dns(0, "a"));
  Feed(piholes, Dns(15, "a", Each(kTimeout)));
  Feed(piholes, Dns(16, "a", Each(kTimeout)));
  Feed(piholes, Dns(17, "a"));
  Feed(piholes, Dns(18, "a"));
  const std::string of = "{service=\"dns\",scope=\"a\"}";
  // Began after 0, found at 15; last failed at 16, over at 17.
  EXPECT_NEAR(std::stod(ValueOf(piholes, 19, "ha_last_outage_low_seconds" + of)), 1, 0.01);
  EXPECT_NEAR(std::stod(ValueOf(piholes, 19, "ha_last_outage_high_seconds" + of)), 17, 0.01);
}

// Three intervals after the last look nothing of it is said any more.
TEST(PiholesVerdict, NothingStale) {
  Piholes piholes(ThreePiholes({"a"}));
  Feed(piholes, Dns(0, "a"));
  Feed(piholes, Api(0.1, "a", ApiState::kOk, Blocking::kEnabled));
  for (auto* name : {"pihole_dns_up", "pihole_state{", "pihole_resolving", "pihole_api_up",
                     "pihole_blocking_state", "probe=\"resolve\",transport"}) {
    EXPECT_FALSE(Lines(piholes, 40, name).empty()) << name;
    EXPECT_TRUE(Lines(piholes, 60, name).empty()) << name;
  }
  EXPECT_EQ(Up(piholes, 60, "a"), "");
  EXPECT_EQ(ValueOf(piholes, 60, "ha_look_interval_seconds{service=\"dns\",scope=\"a\"}"), "15");
}

TEST(PiholesVerdict, AFaultOfOurOwnChangesNothing) {
  Piholes piholes(ThreePiholes({"a"}));
  Feed(piholes, Dns(0, "a"));
  for (double at : {15, 16, 17, 18}) Feed(piholes, Dns(at, "a", Each(kOurs)));
  EXPECT_EQ(Up(piholes, 19, "a"), "1");
  EXPECT_EQ(ValueOf(piholes, 19, "ha_short_failures_total{service=\"dns\",scope=\"a\"}"), "0");
}

TEST(PiholesVerdict, AFaultOfOurOwnDoesNotSilenceAPihole) {
  Piholes piholes(ThreePiholes({"a"}));
  Feed(piholes, Dns(0, "a"));
  Feed(piholes, Dns(15, "a", Each(kOurs)));
  EXPECT_EQ(State(piholes, 16, "a"), "ok");
}

// Whoever notices first is down for a moment, and the others are looked at at once.
TEST(PiholesVerdict, OurOwnDeadNetworkIsNoOutageOfAllOfThem) {
  Piholes piholes(ThreePiholes({"a", "b"}));
  for (auto* name : {"a", "b"}) Feed(piholes, Dns(0, name));
  Feed(piholes, Unsent(15, "a"));
  EXPECT_EQ(State(piholes, 15.1, "a"), "host_down");
  EXPECT_EQ(piholes.pace(), Pace::kFast);
  for (double at : {15.1, 16.1, 17.1, 18.1})
    for (auto* name : {"b", "a"}) Feed(piholes, Unsent(at, name));
  EXPECT_EQ(State(piholes, 19, "a"), "");
  EXPECT_EQ(State(piholes, 19, "b"), "ok");  // by its last answer
  EXPECT_EQ(ValueOf(piholes, 19, "pihole_resolving"), "1");
  for (double at = 30; at < 600; at += 15)
    for (auto* name : {"a", "b"}) Feed(piholes, Unsent(at, name));
  for (auto* name : {"a", "b", "all"}) {
    EXPECT_EQ(Up(piholes, 600, name), "") << name;
    EXPECT_EQ(ValueOf(piholes, 600, std::string("ha_outages_total{service=\"dns\",scope=\"") +
                                        name + "\"}"), "0");
  }
  EXPECT_TRUE(Lines(piholes, 600, "pihole_dns_up").empty());
  EXPECT_TRUE(Lines(piholes, 600, "pihole_state{").empty());
  EXPECT_TRUE(Lines(piholes, 600, "pihole_resolving").empty());
  for (auto* name : {"a", "b"}) Feed(piholes, Dns(600, name));
  EXPECT_EQ(Up(piholes, 601, "all"), "1");
  EXPECT_EQ(State(piholes, 601, "a"), "ok");
}

// One that alone has no route, or no name, is down: others are reached from here.
TEST(PiholesVerdict, OneWithoutARouteIsDown) {
  Piholes piholes(ThreePiholes({"a", "b"}));
  for (double at : {0, 1, 2}) {
    Feed(piholes, Unsent(at, "a"));
    Feed(piholes, Dns(at, "b"));
  }
  EXPECT_EQ(State(piholes, 3, "a"), "host_down");
  EXPECT_EQ(Up(piholes, 3, "a"), "0");
  EXPECT_EQ(Up(piholes, 3, "all"), "1");
}

TEST(PiholesVerdict, AllReasonsStartAtZero) {
  Piholes piholes(ThreePiholes({"a"}));
  Feed(piholes, Dns(0, "a", {{"tcp", kTimeout}}));
  const std::string failures = "pihole_probe_failures_total{pihole=\"a\",probe=\"tcp\",reason=\"";
  for (auto reason : kProbeFailures)
    EXPECT_EQ(ValueOf(piholes, 1, failures + std::string(reason) + "\"}"),
              reason == "timeout" ? "1" : "0");
  EXPECT_EQ(Up(piholes, 1, "a"), "1");  // TCP is not mandatory
}

TEST(PiholesVerdict, OneThatIsRemovedVanishesAndTheOthersStay) {
  Piholes piholes(ThreePiholes({"a", "b"}));
  for (double at : {0, 1, 2}) {
    Feed(piholes, Dns(at, "a"));
    Feed(piholes, Dns(at, "b", Each(kTimeout)));
  }
  Feed(piholes, {{"api b", At(2), At(2)}, SeatLook{"b", "", "secret-sid"}});
  EXPECT_EQ(piholes.sid("b"), "secret-sid");
  int before = piholes.targets_revision();
  piholes.Configure(ThreePiholes({"a", "c"}));
  EXPECT_GT(piholes.targets_revision(), before);
  EXPECT_TRUE(Lines(piholes, 3, "\"b\"").empty());
  EXPECT_EQ(piholes.sid("b"), "");
  EXPECT_EQ(Up(piholes, 3, "a"), "1");
  EXPECT_EQ(Up(piholes, 3, "c"), "");
  Feed(piholes, Dns(4, "b"));  // of an eye that has not ended yet
  EXPECT_TRUE(Lines(piholes, 5, "\"b\"").empty());
}

TEST(PiholesVerdict, FactsAreTakenBackAndDamagedOnesChangeNothing) {
  Piholes first(ThreePiholes({"a"}));
  Feed(first, Dns(0, "a"));
  for (double at : {15, 16}) Feed(first, Dns(at, "a", Each(kTimeout)));
  for (double at : {17, 18}) Feed(first, Dns(at, "a"));
  Feed(first, {{"api a", At(18), At(18)}, SeatLook{"a", "", "c2lk+/="}});
  const std::string facts = first.Facts(NowAt(19));
  Piholes second(ThreePiholes({"a"}));
  ASSERT_NE(second.user_agent(), first.user_agent());
  ASSERT_TRUE(second.Restore(facts, NowAt(20)).ok());
  EXPECT_EQ(second.sid("a"), "c2lk+/=");
  EXPECT_EQ(second.user_agent(), first.user_agent());
  EXPECT_EQ(Lines(second, 20, "ha_last_outage_start").size(), 2u);  // of a, and of all
  EXPECT_EQ(second.Stories().size(), 2u);
  for (auto& bad : {facts.substr(0, facts.size() / 2), std::string("{}"), std::string("[]")}) {
    Piholes third(ThreePiholes({"a"}));
    const std::string agent = third.user_agent();
    EXPECT_FALSE(third.Restore(bad, NowAt(20)).ok()) << bad;
    EXPECT_EQ(third.sid("a"), "");
    EXPECT_EQ(third.user_agent(), agent);
    EXPECT_TRUE(third.Stories().empty());
  }
}

TEST(PiholesVerdict, SeatsAreNoSamples) {
  Piholes piholes(ThreePiholes({"a"}));
  Feed(piholes, Dns(0, "a"));
  Feed(piholes, {{"api a", At(1), At(1)}, SeatLook{"a", "", "secret-sid"}});
  EXPECT_TRUE(Lines(piholes, 2, "secret-sid").empty());
}

}  // namespace
