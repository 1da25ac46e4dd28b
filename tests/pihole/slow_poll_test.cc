#include "tests/common/testing/sanitizer.h"
#include "tests/pihole/api_polls.h"

// A Pi-hole behind a slow link, or with one answer that never comes: what can be had is had.

using namespace std::chrono_literals;

namespace {

const char* const kPaths[] = {
    "info/metrics", "stats/summary", "dns/blocking", "stats/upstreams", "history", "info/ftl",
    "auth/sessions", "info/messages", "lists", "info/version", "info/database", "info/sensors",
    "info/system", "groups", "clients", "config", "domains"};

// Each answer takes more than half of its timeout.
TEST(SlowPoll, HasEverythingInTurnsAndIsWell) {
  FakePihole fake(R"({"password": "secret", "api": "slow", "slow_seconds": 0.011})");
  Polls polls(fake);
  polls.pihole.api.timeout = 300ms * kSlower;
  ApiLook look;
  for (int i = 0; i < 8; ++i, polls.later += 15s) {
    look = polls.Poll();
    EXPECT_EQ(look.state, ApiState::kOk) << polls.status;
    EXPECT_GT(polls.took, 400ms) << "that was not slow";
    // A login, two timeouts, and what was begun by then.
    EXPECT_LT(polls.took, (3 + 2 + 5) * polls.pihole.api.timeout);
  }
  EXPECT_EQ(Known(*look.snapshot).size(), kAllParts);
  EXPECT_TRUE(look.snapshot->seats_max.value);
  for (std::string path : kPaths)
    EXPECT_GE(fake.Count({"requests", "GET /api/" + path}), 1) << path;
  // What would be too old soon has its turn more often.
  EXPECT_GE(fake.Count({"requests", "GET /api/history"}), 2);
  EXPECT_EQ(fake.Count({"requests", "GET /api/info/system"}), 1);
}

// Wherever it stands in the order.
TEST(SlowPoll, OneAnswerThatNeverComesCostsItsPartAlone) {
  for (std::string path : {"/api/info/metrics", "/api/history", "/api/lists", "/api/info/system",
                           "/api/clients"}) {
    FakePihole fake(R"({"password": "secret"})");
    Polls polls(fake);
    polls.pihole.api.timeout = 300ms * kSlower;
    polls.Poll();
    fake.Tell(R"({"faults": {")" + path + R"(": "hang"}})");
    polls.later += 5min;
    polls.Poll();  // the first of it may be the one, and then nothing is known of the others
    ApiLook look;
    for (int i = 0; i < 3; ++i) {
      polls.later += 15s;
      look = polls.Poll();
      EXPECT_EQ(look.state, ApiState::kOk) << path << i << polls.status;
    }
    auto known = Known(*look.snapshot);
    EXPECT_EQ(known.count(path), 0u);
    EXPECT_EQ(known.size() + (path != "/api/clients"), kAllParts) << path;
    ASSERT_TRUE(look.snapshot->config.value);
    EXPECT_EQ(look.snapshot->config.value->count("groups"), 1u);
    EXPECT_EQ(look.snapshot->config.value->count("clients"), path == "/api/clients" ? 0u : 1u);
  }
}

}  // namespace
