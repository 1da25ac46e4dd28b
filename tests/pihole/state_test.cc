// From what DNS and the API say to one word.
#include "exporters/pihole/state.h"

#include <set>

#include <gtest/gtest.h>

namespace {

using enum ProbeOutcome;

struct Row {
  const char* state;  // "": absent
  StateFacts facts;
};

constexpr auto kOn = Blocking::kEnabled, kOff = Blocking::kDisabled;

// resolve, blocked, uncached, answered, useful, api, blocking
const Row kMatrix[] = {
    {"ok", {kPassed, kPassed, kPassed, true, true, ApiState::kOk, kOn}},
    {"ok", {kPassed, kPassed, kPassed, true, true, ApiState::kDisabled, {}}},
    // FTL stopped, host up: both refused
    {"stopped", {kConnectionRefused, kConnectionRefused, kConnectionRefused, false, false,
                 ApiState::kUnreachable, {}}},
    {"stopped",
     {kConnectionRefused, kConnectionRefused, {}, false, false, ApiState::kDisabled, {}}},
    // host gone
    {"host_down", {kTimeout, kTimeout, kTimeout, false, false, ApiState::kNoConnection, {}}},
    {"host_down", {kUnreachable, kUnreachable, {}, false, false, ApiState::kUnreachable, {}}},
    {"host_down", {kUnreachable, kUnreachable, {}, false, false, {}, {}}},
    // FTL frozen: connections are taken, nothing is answered
    {"hung", {kTimeout, kTimeout, kTimeout, false, false, ApiState::kTimeout, {}}},
    {"dns_dead", {kConnectionRefused, {}, {}, false, false, ApiState::kTimeout, {}}},
    // web server wedged
    {"api_dead_dns_alive", {kPassed, kPassed, kPassed, true, true, ApiState::kTimeout, {}}},
    {"api_dead_dns_alive", {kPassed, kPassed, kPassed, true, true, ApiState::kUnreachable, {}}},
    {"api_dead_dns_alive", {kPassed, kPassed, kPassed, true, true, ApiState::kNoConnection, {}}},
    // port 53 taken by another: DNS engine failed
    {"dns_dead_api_alive",
     {kTimeout, kTimeout, kTimeout, false, false, ApiState::kOk, Blocking::kFailure}},
    {"dns_dead_api_alive", {kTimeout, kTimeout, {}, false, false, ApiState::kAuthFailed, {}}},
    {"dns_dead_api_alive", {kTimeout, kTimeout, {}, false, false, ApiState::kBadResponse, {}}},
    // gravity database broken: the API says "enabled"
    {"filtering_broken", {kPassed, kNotBlocked, kPassed, true, true, ApiState::kOk, kOn}},
    {"filtering_broken", {kPassed, kNotBlocked, kPassed, true, true, ApiState::kTimeout, {}}},
    {"filtering_broken", {kPassed, kNotBlocked, kPassed, true, true, ApiState::kDisabled, {}}},
    {"filtering_broken", {kPassed, kNodata, kPassed, true, true, ApiState::kOk, kOn}},
    {"filtering_broken", {kPassed, kNotBlocked, kTimeout, true, true, ApiState::kOk, kOn}},
    {"blocking_off", {kPassed, kNotBlocked, kPassed, true, true, ApiState::kOk, kOff}},
    // upstream dead: a warm cache goes on, stale or not
    {"upstream_dead", {kStale, kPassed, kTimeout, true, true, ApiState::kOk, kOn}},
    {"upstream_dead", {kPassed, kPassed, kTimeout, true, true, ApiState::kOk, kOn}},
    {"upstream_dead", {kPassed, kPassed, kServfail, true, true, ApiState::kOk, kOn}},
    {"upstream_dead", {kTimeout, kPassed, kTimeout, true, true, ApiState::kOk, kOn}},
    // and blocking broken, or off: names of its own still resolve, a known ad goes on unblocked
    {"upstream_dead", {kServfail, kServfail, kServfail, true, true, ApiState::kOk, kOn}},
    {"upstream_dead", {kStale, kNotBlocked, kTimeout, true, true, ApiState::kOk, kOn}},
    {"upstream_dead", {kPassed, kTimeout, kTimeout, true, true, ApiState::kOk, kOn}},
    {"upstream_dead", {kTimeout, kTimeout, kTimeout, true, true, ApiState::kOk, kOff}},
    {"upstream_dead", {kServfail, kNodata, kTimeout, true, true, ApiState::kOk, kOff}},
    // but an ad that is proven not to be blocked, while that is off, is what was wanted
    {"blocking_off", {kStale, kNotBlocked, kTimeout, true, true, ApiState::kOk, kOff}},
    {"blocking_off", {kTimeout, kNotBlocked, kTimeout, true, true, ApiState::kOk, kOff}},
    {"dns_dead", {kNxdomain, kNxdomain, kPassed, true, false, {}, kOff}},
    // over its rate limit, or a stranger on port 53
    {"dns_dead_api_alive", {kRefused, kRefused, kRefused, true, false, ApiState::kOk, kOn}},
    {"dns_dead", {kRefused, kRefused, kRefused, true, false, ApiState::kDisabled, {}}},
    {"dns_dead_api_alive",
     {kServfail, kServfail, kServfail, true, false, ApiState::kOk, Blocking::kFailure}},
    {"dns_dead", {kServfail, kServfail, kServfail, true, false, ApiState::kUnreachable, {}}},
    {"dns_dead", {kNxdomain, kNxdomain, kPassed, true, false, {}, {}}},
    // only the ad gets no answer: nobody knows whether it is blocked
    {"", {kPassed, kTimeout, kPassed, true, true, ApiState::kOk, kOn}},
    {"", {kPassed, kRefused, kPassed, true, true, ApiState::kDisabled, {}}},
    {"blocking_off", {kPassed, kTimeout, kPassed, true, true, ApiState::kOk, kOff}},
    // not let in: DNS is still reported
    {"api_denied", {kPassed, kPassed, kPassed, true, true, ApiState::kAuthFailed, {}}},
    {"api_denied", {kPassed, kPassed, kPassed, true, true, ApiState::kTotpRequired, {}}},
    {"api_denied", {kPassed, kPassed, kPassed, true, true, ApiState::kSeatsExhausted, {}}},
    {"api_denied", {kPassed, kPassed, kPassed, true, true, ApiState::kRateLimited, {}}},
    {"api_denied", {kPassed, kPassed, kPassed, true, true, ApiState::kTlsError, {}}},
    {"api_denied", {kPassed, kPassed, kPassed, true, true, ApiState::kRedirect, {}}},
    {"api_denied", {kPassed, kPassed, kPassed, true, true, ApiState::kHttpError, {}}},
    {"api_denied", {kPassed, kPassed, kPassed, true, true, ApiState::kBadResponse, {}}},
    {"dns_dead", {kTimeout, kTimeout, kTimeout, false, false, ApiState::kDisabled, {}}},
    {"dns_dead", {kTimeout, kTimeout, kTimeout, false, false, {}, {}}},
};

TEST(PiholeState, Matrix) {
  int i = 0;
  std::set<std::string_view> seen;
  for (auto& [name, facts] : kMatrix) {
    auto state = StateOf(facts);
    std::string_view said = state ? PiholeStateName(*state) : "";
    EXPECT_EQ(said, name) << "row " << i;
    seen.insert(said);
    ++i;
  }
  for (auto state : kPiholeStates) EXPECT_TRUE(seen.count(state)) << state;
}

TEST(PiholeState, AbsentBeforeTheFirstLookAndForFaultsOfOurOwn) {
  StateFacts facts;
  facts.api = ApiState::kOk;
  EXPECT_FALSE(StateOf(facts));
  facts.resolve = kOurs;
  EXPECT_FALSE(StateOf(facts));
}

}  // namespace
