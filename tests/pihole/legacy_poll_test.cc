#include "tests/pihole/api_polls.h"

// A Pi-hole of version 5, and which version it is.

using namespace std::chrono_literals;

namespace {

// sha256(sha256("secret")), as its WEBPASSWORD.
const std::string kToken = "3d91b58504a6cc3a159005ee7b16c7ae503ca6ac2a6a3c893837083c236b864a";

Polls Version5(const FakePihole& fake, std::string token = "") {
  Polls polls(fake, "");
  polls.pihole.api.token = std::move(token);
  return polls;
}

TEST(LegacyPoll, IsFoundAndTakesOneRequest) {
  FakePihole fake(R"({"v5": true})");
  Polls polls = Version5(fake);
  ApiLook look = polls.Poll();
  EXPECT_EQ(look.state, ApiState::kOk) << polls.status;
  EXPECT_EQ(fake.Count({"requests", "GET /api/info/login"}), 1);
  fake.ResetCounts();
  look = polls.Poll();
  EXPECT_EQ(fake.Count({"requests_total"}), 1);
  const ApiSnapshot& s = *look.snapshot;
  EXPECT_TRUE(s.summary.value && s.blocking.value && s.replies.value && s.history.value);
  EXPECT_TRUE(s.version.value);
  EXPECT_FALSE(s.upstreams.value || s.ftl.value || s.config.value);
}

TEST(LegacyPoll, NeedsTheToken) {
  FakePihole fake(R"({"v5": true, "password": "secret"})");
  for (std::string wrong : {std::string(), kToken.substr(1), std::string("not&hexadecimal")}) {
    Polls polls = Version5(fake, wrong);
    EXPECT_EQ(polls.StateName(), "auth_failed") << polls.status;
    EXPECT_FALSE(polls.Poll().snapshot->summary.value);
    EXPECT_TRUE(wrong.empty() || polls.status.ToString().find(wrong) == std::string::npos);
  }
  Polls polls = Version5(fake, kToken);
  EXPECT_EQ(polls.StateName(), "ok") << polls.status;
  fake.Become("wrong-password");
  EXPECT_EQ(polls.StateName(), "auth_failed");
  EXPECT_EQ(polls.status.ToString().find(kToken), std::string::npos) << polls.status;
  EXPECT_FALSE(polls.Poll().snapshot->summary.value);
}

TEST(LegacyPoll, CallsItByANameThatItKnows) {
  FakePihole fake(R"({"v5": true, "host_check": true})");
  Polls polls = Version5(fake);
  EXPECT_EQ(polls.StateName(), "ok") << polls.status;
  Polls other = Version5(fake);
  other.pihole.api.mode = ApiMode::kV5;
  other.pihole.api.host_header = "ns1.example";
  EXPECT_EQ(other.StateName(), "bad_response");
  EXPECT_NE(other.status.message().find("host_header"), std::string::npos) << other.status;
}

TEST(LegacyPoll, KnowsWhenFtlIsNotRunning) {
  FakePihole fake(R"({"v5": true})");
  Polls polls = Version5(fake);
  EXPECT_EQ(polls.StateName(), "ok");
  fake.Tell(R"({"faults": {"/admin/api.php": "ftl-not-running"}})");
  ApiLook look = polls.Poll();
  EXPECT_EQ(ApiStateName(look.state), "bad_response");
  EXPECT_NE(polls.status.message().find("FTL is not running"), std::string::npos);
  EXPECT_FALSE(look.snapshot->summary.value);
}

TEST(LegacyPoll, IsNoFaultOfAPathThatVersion6Lacks) {
  FakePihole fake(R"({"v5": true})");
  Polls polls = Version5(fake);
  EXPECT_EQ(polls.StateName(), "ok");
  fake.Tell(R"({"v5": false})");  // it was upgraded
  EXPECT_NE(polls.StateName(), "ok");
  EXPECT_EQ(polls.StateName(), "ok") << polls.status;
  EXPECT_TRUE(polls.Poll().snapshot->upstreams.value);
  fake.Tell(R"({"v5": true})");
  EXPECT_NE(polls.StateName(), "ok");
  EXPECT_EQ(polls.StateName(), "ok") << polls.status;
}

TEST(LegacyPoll, IsNotLookedForWhereTheVersionIsGiven) {
  FakePihole fake(R"({"v5": true})");
  Polls polls = Version5(fake);
  polls.pihole.api.mode = ApiMode::kV6;
  EXPECT_EQ(polls.StateName(), "http_error") << polls.status;
  EXPECT_EQ(fake.Count({"requests", "GET /admin/api.php"}), 0);
}

TEST(LegacyPoll, HangsNoLongerThanItsTimeout) {
  FakePihole fake(R"({"v5": true})");
  Polls polls = Version5(fake);
  polls.pihole.api.timeout = 300ms;
  EXPECT_EQ(polls.StateName(), "ok");
  fake.Freeze();
  EXPECT_EQ(polls.StateName(), "timeout");
  EXPECT_LT(polls.took, 1500ms);
  fake.Thaw();
}

}  // namespace
