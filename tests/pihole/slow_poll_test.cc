#include "common/net.h"
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
  FakePihole fake(R"({"password": "secret", "api": "slow", "slow_seconds": 0.025})");
  Polls polls(fake);
  polls.pihole.api.timeout = 800ms * kSlower;
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

// The connections that it does not accept fill its backlog. That is no sign of a dead host.
TEST(HungPoll, StaysHungWhenItTakesNoMoreConnections) {
  FakePihole fake(R"({"password": "secret"})");
  Polls polls(fake), later(fake);
  polls.pihole.api.timeout = later.pihole.api.timeout = 200ms * kSlower;
  EXPECT_EQ(polls.StateName(), "ok") << polls.status;
  fake.Freeze();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(polls.StateName(), "timeout") << polls.status;
  std::vector<Socket> waiting;
  for (bool full = false; !full && waiting.size() < 1000;) {
    auto socket = Dial("127.0.0.1", fake.http_port(), Deadline::In(200ms * kSlower));
    full = !socket.ok();
    if (!full) waiting.push_back(*std::move(socket));
  }
  for (int i = 0; i < 2; ++i) EXPECT_EQ(polls.StateName(), "timeout") << polls.status;
  EXPECT_EQ(later.StateName(), "no_connection") << later.status;  // it cannot know
  waiting.clear();
  fake.Thaw();
  bool ok = false;  // it has to look after all who waited, first
  for (int i = 0; i < 50 && !ok; ++i) ok = polls.StateName() == "ok";
  EXPECT_TRUE(ok) << polls.status;
}

}  // namespace
