#include "exporters/pihole/auth_answer.h"

#include "tests/pihole/recorded_answers.h"

namespace {

TEST(ReadAuth, TellsWhetherWeAreLetIn) {
  struct Case { std::string name; bool valid, totp, sid; };
  for (auto& c : {Case{"auth_get_nosid", false, false, false},
                  Case{"nopw_auth", true, false, false},
                  Case{"auth_get_sid", true, false, true},
                  Case{"auth_totp_nosid", false, true, false},
                  Case{"killed_sid_lost", false, false, false},
                  Case{"auth_logout_twice", false, false, false}}) {
    auto auth = ReadAuth(RecordedText("v6/" + c.name + ".json"));
    ASSERT_TRUE(auth.ok()) << c.name << auth.status();
    EXPECT_EQ(auth->valid, c.valid) << c.name;
    EXPECT_EQ(auth->totp, c.totp) << c.name;
    EXPECT_EQ(!auth->sid.empty(), c.sid) << c.name;
  }
  EXPECT_EQ(ReadAuth(RecordedText("v6/auth_get_sid.json"))->sid, "JeeHEvEEQ9T5DNJCDrcH7w=");
}

TEST(ReadAuth, TakesNothingElse) {
  for (std::string body : {"", "[]", "{}", "null", "{\"session\":{}}",
                           "{\"session\":{\"valid\":1}}", "{\"session\":[true]}", "<html>",
                           "{\"session\":{\"valid\":true,\"sid\":\"a\\r\\nX: y\"}}"})
    EXPECT_EQ(ReadAuth(body).status().code(), absl::StatusCode::kDataLoss) << body;
  std::string long_sid = "{\"session\":{\"valid\":true,\"sid\":\"" + std::string(129, 'a') + "\"}}";
  EXPECT_FALSE(ReadAuth(long_sid).ok());
  // A SID that is not valid is none.
  EXPECT_EQ(ReadAuth("{\"session\":{\"valid\":false,\"sid\":\"x\"}}")->sid, "");
}

TEST(ReadLogin, KnowsEveryOutcome) {
  struct Case { int code; std::string name; ApiState state; bool sid = false; };
  for (auto& c :
       {Case{200, "auth_login_ok", ApiState::kOk, true},
        Case{200, "auth_login_app", ApiState::kOk, true},
        // "password incorrect", but no password is set
        Case{200, "auth_pw_given_but_none_set", ApiState::kOk, false},
        Case{401, "auth_login_wrong", ApiState::kAuthFailed},
        Case{401, "auth_login_empty", ApiState::kAuthFailed},
        Case{401, "auth_wrong_pw_while_seats_full", ApiState::kAuthFailed},
        Case{400, "auth_login_badjson", ApiState::kHttpError},
        Case{400, "auth_login_nopassfield", ApiState::kHttpError},
        Case{400, "auth_totp_missing", ApiState::kTotpRequired},
        Case{401, "auth_totp_wrong", ApiState::kTotpRequired},
        Case{429, "auth_seats_exceeded", ApiState::kSeatsExhausted},
        Case{429, "auth_rate_limited", ApiState::kRateLimited}}) {
    LoginAnswer login = ReadLogin(c.code, RecordedText("v6/" + c.name + ".json"));
    EXPECT_EQ(login.state, c.state) << c.name;
    EXPECT_EQ(!login.sid.empty(), c.sid) << c.name;
  }
  EXPECT_EQ(ReadLogin(200, "{}").state, ApiState::kBadResponse);
  EXPECT_EQ(ReadLogin(200, "<html>").state, ApiState::kBadResponse);
  EXPECT_EQ(ReadLogin(308, "").state, ApiState::kRedirect);
  EXPECT_EQ(ReadLogin(500, "").state, ApiState::kHttpError);
  EXPECT_EQ(ReadLogin(429, "").state, ApiState::kRateLimited);
}

}  // namespace
