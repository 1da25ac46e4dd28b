// From what DNS and the API say to one word.
#include "exporters/pihole/state.h"

#include <set>

#include <gtest/gtest.h>

namespace {

using enum ProbeOutcome;

struct Row {
  const char* state;
  StateFacts facts;
};

// resolve, blocked, local, uncached, answered, api, blocking
const Row kMatrix[] = {
    {"ok", {kPassed, kPassed, {}, kPassed, true, ApiState::kOk, Blocking::kEnabled}},
    {"ok", {kPassed, kPassed, {}, kPassed, true, ApiState::kDisabled, {}}},
    // FTL stopped, host up: both refused
    {"stopped", {kConnectionRefused, kConnectionRefused, {}, kConnectionRefused, false,
                 ApiState::kUnreachable, {}}},
    {"stopped", {kConnectionRefused, kConnectionRefused, {}, {}, false, ApiState::kDisabled, {}}},
    // host gone
    {"host_down", {kTimeout, kTimeout, {}, kTimeout, false, ApiState::kNoConnection, {}}},
    {"host_down", {kUnreachable, kUnreachable, {}, {}, false, ApiState::kUnreachable, {}}},
    {"host_down", {kUnreachable, kUnreachable, {}, {}, false, {}, {}}},
    // FTL frozen: connections are taken, nothing is answered
    {"hung", {kTimeout, kTimeout, {}, kTimeout, false, ApiState::kTimeout, {}}},
    // web server wedged
    {"api_dead_dns_alive", {kPassed, kPassed, {}, kPassed, true, ApiState::kTimeout, {}}},
    {"api_dead_dns_alive", {kPassed, kPassed, {}, kPassed, true, ApiState::kUnreachable, {}}},
    {"api_dead_dns_alive", {kPassed, kPassed, {}, kPassed, true, ApiState::kNoConnection, {}}},
    // port 53 taken by another: DNS engine failed
    {"dns_dead_api_alive",
     {kTimeout, kTimeout, {}, kTimeout, false, ApiState::kOk, Blocking::kFailure}},
    {"dns_dead_api_alive", {kTimeout, kTimeout, {}, {}, false, ApiState::kAuthFailed, {}}},
    // gravity database broken: the API says "enabled"
    {"filtering_broken",
     {kPassed, kNotBlocked, {}, kPassed, true, ApiState::kOk, Blocking::kEnabled}},
    {"filtering_broken", {kPassed, kNotBlocked, {}, kPassed, true, ApiState::kTimeout, {}}},
    {"filtering_broken", {kPassed, kNotBlocked, {}, kPassed, true, ApiState::kDisabled, {}}},
    {"blocking_off", {kPassed, kNotBlocked, {}, kPassed, true, ApiState::kOk, Blocking::kDisabled}},
    // upstream dead: a warm cache goes on, stale or not
    {"upstream_dead", {kStale, kPassed, {}, kTimeout, true, ApiState::kOk, Blocking::kEnabled}},
    {"upstream_dead", {kPassed, kPassed, {}, kTimeout, true, ApiState::kOk, Blocking::kEnabled}},
    {"upstream_dead", {kPassed, kPassed, {}, kServfail, true, ApiState::kOk, Blocking::kEnabled}},
    {"upstream_dead", {kTimeout, kPassed, {}, kTimeout, true, ApiState::kOk, Blocking::kEnabled}},
    // not let in: DNS is still reported
    {"api_denied", {kPassed, kPassed, {}, kPassed, true, ApiState::kAuthFailed, {}}},
    {"api_denied", {kPassed, kPassed, {}, kPassed, true, ApiState::kTotpRequired, {}}},
    {"api_denied", {kPassed, kPassed, {}, kPassed, true, ApiState::kSeatsExhausted, {}}},
    {"api_denied", {kPassed, kPassed, {}, kPassed, true, ApiState::kRateLimited, {}}},
    {"api_denied", {kPassed, kPassed, {}, kPassed, true, ApiState::kTlsError, {}}},
    {"dns_dead", {kTimeout, kTimeout, {}, kTimeout, false, ApiState::kDisabled, {}}},
    {"dns_dead", {kTimeout, kTimeout, {}, kTimeout, false, {}, {}}},
};

TEST(PiholeState, Matrix) {
  int i = 0;
  std::set<std::string_view> seen;
  for (auto& [name, facts] : kMatrix) {
    auto state = StateOf(facts);
    ASSERT_TRUE(state) << i;
    EXPECT_EQ(PiholeStateName(*state), name) << "row " << i;
    seen.insert(PiholeStateName(*state));
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
