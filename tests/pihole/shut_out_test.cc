#include "tests/pihole/api_polls.h"

// While no login may be tried, /api/info/login says how the Pi-hole is.

using namespace std::chrono_literals;

namespace {

std::optional<Blocking> BlockingOf(const ApiLook& look) {
  auto& answer = look.snapshot->blocking.value;
  return answer ? std::optional(answer->blocking) : std::nullopt;
}

TEST(ShutOut, ALoginWithoutAnAnswerDoesNotMakeALivingApiADeadOne) {
  FakePihole fake(R"({"password": "secret", "faults": {"POST /api/auth": "half"}})");
  Polls polls(fake);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(polls.StateName(), "bad_response") << polls.status;
    EXPECT_NE(polls.status.message().find(i ? "login got no answer" : "POST"), std::string::npos)
        << polls.status;
    EXPECT_EQ(fake.Count({"requests", "POST /api/auth"}), 1);
    EXPECT_GE(fake.Count({"requests", "GET /api/info/login"}), 2 + i);
  }
  // One request each time.
  fake.ResetCounts();
  polls.Poll();
  EXPECT_EQ(fake.Count({"requests_total"}), 1);
  fake.Stop();
  EXPECT_EQ(polls.StateName(), "unreachable") << polls.status;
  fake.Start();
  EXPECT_EQ(polls.StateName(), "bad_response") << polls.status;
  polls.pihole.api.timeout = 500ms;
  fake.Freeze();
  EXPECT_EQ(polls.StateName(), "timeout") << polls.status;
  fake.Thaw();
  fake.Tell(R"({"faults": {}})");
  polls.later += 1h;
  EXPECT_EQ(polls.StateName(), "ok") << polls.status;
  EXPECT_EQ(fake.Count({"seats"}), 1);  // that of the first login was given back
}

TEST(ShutOut, TellsWhenTheDnsEngineFailed) {
  FakePihole fake(R"({"password": "another"})");
  Polls polls(fake);
  EXPECT_EQ(BlockingOf(polls.Poll()), std::nullopt);
  fake.Tell(R"({"recorded": "dnsfailed"})");
  ApiLook look = polls.Poll();
  EXPECT_EQ(look.state, ApiState::kAuthFailed);
  EXPECT_EQ(BlockingOf(look), Blocking::kFailure);
  EXPECT_EQ(look.snapshot->blocking.interval, 15s);
  fake.Tell(R"({"recorded": "nopw"})");
  EXPECT_EQ(BlockingOf(polls.Poll()), std::nullopt);  // whether it blocks we are not told
}

// It is another program by now, or moved.
TEST(ShutOut, AnAnswerThatIsNoneReplacesTheStateToo) {
  FakePihole fake(R"({"password": "another"})");
  Polls polls(fake);
  EXPECT_EQ(polls.StateName(), "auth_failed");
  fake.Tell(R"({"redirect": "pi3.hole"})");
  EXPECT_EQ(polls.StateName(), "redirect") << polls.status;
  fake.Tell(R"({"redirect": "", "api": "500"})");
  EXPECT_EQ(polls.StateName(), "http_error") << polls.status;
  fake.Tell(R"({"api": "normal"})");
  EXPECT_EQ(polls.StateName(), "auth_failed") << polls.status;
}

}  // namespace
