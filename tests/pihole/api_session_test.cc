#include "exporters/pihole/api_session.h"

#include <gtest/gtest.h>

#include "tests/common/testing/files.h"
#include "tests/common/testing/seconds.h"
#include "tests/pihole/fake_pihole.h"

// A session against the fake Pi-hole: what it takes, and what it leaves alone.

using namespace std::chrono_literals;

namespace {

const std::string kAgent = "sentinel-pihole-exporter/1 (abc)";

// One process of an exporter, as its Pi-hole sees it.
struct Client {
  explicit Client(const FakePihole& fake, std::string password = "secret", std::string sid = "",
                  std::string agent = kAgent) {
    options.url = fake.Url();
    options.password = std::move(password);
    options.timeout = 2s;
    Begin(sid, agent);
  }
  void Begin(const std::string& sid, const std::string& agent = kAgent) {
    SessionMeans means{agent, sid, [this](const std::string& s) { kept.push_back(s); },
                       [this] { return At(now); }, [] { return 0.0; }};
    client.emplace(options, agent);
    session.emplace(*client, options, means);
  }
  absl::Status Get(Duration limit = 5s) {
    return session->Get("/api/stats/summary", Deadline::In(limit)).status();
  }
  ApiOptions options;
  double now = 1e6;  // seconds
  std::vector<std::string> kept;
  std::optional<ApiClient> client;
  std::optional<ApiSession> session;
};

long long Logins(const FakePihole& fake, const std::string& result = "right") {
  return fake.Count({"logins", result});
}
long long Seats(const FakePihole& fake) { return fake.Count({"seats"}); }
long long Requests(const FakePihole& fake) { return fake.Count({"requests_total"}); }

TEST(ApiSession, LogsInOnceAndGivesItsSeatBack) {
  FakePihole fake(R"({"password": "secret"})");
  Client c(fake);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(c.Get().ok());
  EXPECT_EQ(c.client->state(), ApiState::kOk);
  EXPECT_EQ(Logins(fake), 1);
  EXPECT_EQ(Seats(fake), 1);
  EXPECT_EQ(fake.Count({"connections", "http"}), 1);
  EXPECT_EQ(c.kept, std::vector<std::string>{c.session->sid()});
  auto traffic = c.client->TakeTraffic();
  EXPECT_EQ(traffic.logins["ok"], 1);
  EXPECT_EQ(traffic.requests[200], 22);  // 20, the login, and whose seats there are
  EXPECT_EQ(traffic.requests[401], 1);   // /api/auth, before it
  c.session->Leave(Deadline::In(1s));
  EXPECT_EQ(Seats(fake), 0);
  EXPECT_EQ(c.kept.back(), "");
}

TEST(ApiSession, NeedsNoSeatWithoutAPassword) {
  FakePihole fake;
  for (std::string password : {"", "useless"}) {
    Client c(fake, password);
    EXPECT_TRUE(c.Get().ok());
    EXPECT_EQ(c.session->sid(), "");
    c.session->Leave(Deadline::In(1s));
  }
  EXPECT_EQ(Logins(fake), 0);
  EXPECT_EQ(fake.Count({"requests", "POST /api/auth"}), 0);
  EXPECT_EQ(fake.Count({"requests", "DELETE /api/auth"}), 0);
}

TEST(ApiSession, TakesTheSeatOfAKilledProcessAgain) {
  FakePihole fake(R"({"password": "secret"})");
  Client c(fake);
  EXPECT_TRUE(c.Get().ok());
  for (int i = 0; i < 5; ++i) {
    c.Begin(c.kept.back());  // the process was killed, and starts again with what it kept
    EXPECT_TRUE(c.Get().ok());
  }
  EXPECT_EQ(Logins(fake), 1);
  EXPECT_EQ(fake.Count({"seats_most"}), 1);
}

TEST(ApiSession, KeepsASeatOverACleanRestartOfThePihole) {
  FakePihole fake(R"({"password": "secret"})");
  Client c(fake);
  EXPECT_TRUE(c.Get().ok());
  fake.Stop();
  EXPECT_FALSE(c.Get().ok());
  EXPECT_EQ(c.client->state(), ApiState::kUnreachable);
  fake.Start();
  EXPECT_TRUE(c.Get().ok());
  EXPECT_EQ(Logins(fake), 0);  // of this process of the fake
  EXPECT_EQ(Seats(fake), 1);
}

TEST(ApiSession, LogsInOnceAndTriesAgainWhenItsSeatIsGone) {
  FakePihole fake(R"({"password": "secret"})");
  Client c(fake);
  EXPECT_TRUE(c.Get().ok());
  for (int i = 1; i <= 5; ++i) {
    fake.Tell(R"({"logout": true})");
    EXPECT_TRUE(c.Get().ok());  // the same request, not the next one
    EXPECT_EQ(Logins(fake), 1 + i);
    EXPECT_EQ(Seats(fake), 1);
  }
  fake.Kill();
  fake.Start();
  EXPECT_TRUE(c.Get().ok());
  EXPECT_EQ(Logins(fake), 1);
}

TEST(ApiSession, ARefusedOwnSessionIsNoReasonToHammer) {
  FakePihole fake(R"({"password": "secret", "faults": {"/api/stats/summary": "401"}})");
  Client c(fake);
  EXPECT_EQ(c.Get().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(c.client->state(), ApiState::kAuthFailed);
  const auto logins = Logins(fake);
  EXPECT_LE(logins, 2);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(c.Get().ok());
  EXPECT_EQ(Logins(fake), logins);
}

TEST(ApiSession, AWrongPasswordIsTriedEverMoreSlowly) {
  // A fourth wrong one within a second would be too many for it.
  FakePihole fake(R"({"password": "another", "login_seconds": 0.55})");
  Client c(fake);
  double waits[] = {60, 120, 240, 480, 960, 1440, 1440};
  long long tries = 0;
  for (double wait : waits) {
    EXPECT_EQ(c.Get().code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(c.client->state(), ApiState::kAuthFailed);
    EXPECT_EQ(Logins(fake, "wrong"), ++tries);
    c.now += wait - 1;
    auto requests = Requests(fake);
    EXPECT_EQ(c.Get().code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(Requests(fake), requests);  // it does not even ask
    EXPECT_EQ(c.client->state(), ApiState::kAuthFailed);
    c.now += 1;
  }
  EXPECT_EQ(c.client->TakeTraffic().logins["refused"], tries);
}

TEST(ApiSession, TriesAtOnceWhenThePasswordFileChanged) {
  TemporaryDirectory directory;
  FakePihole fake(R"({"password": "secret"})");
  Client c(fake, "");
  c.options.password_file = directory / "password";
  c.Begin("");
  auto denied = c.Get();  // there is no such file
  EXPECT_EQ(denied.code(), absl::StatusCode::kUnauthenticated);
  WriteText(directory / "password", "wrong\n");
  EXPECT_EQ(c.Get().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(c.Get().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Logins(fake, "wrong"), 1);
  WriteText(directory / "password", "secret\n");
  EXPECT_TRUE(c.Get().ok());
  EXPECT_EQ(Logins(fake), 1);
}

TEST(ApiSession, SaysThatAPasswordIsMissing) {
  FakePihole fake(R"({"password": "secret"})");
  Client c(fake, "");
  auto status = c.Get();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_NE(status.message().find("password_file"), std::string::npos) << status;
  EXPECT_EQ(c.client->state(), ApiState::kAuthFailed);
  EXPECT_EQ(fake.Count({"requests", "POST /api/auth"}), 0);
}

TEST(ApiSession, UnderstandsBothKindsOf429) {
  struct Case { std::string state; ApiState expected; double wait; };
  for (auto& [state, expected, wait] : {Case{"seats-full", ApiState::kSeatsExhausted, 60},
                                        Case{"rate-limited", ApiState::kRateLimited, 10}}) {
    FakePihole fake(R"({"password": "secret"})");
    fake.Become(state);
    Client c(fake);
    EXPECT_EQ(c.Get().code(), absl::StatusCode::kUnavailable) << state;
    EXPECT_EQ(c.client->state(), expected);
    fake.Become("normal");
    c.now += wait - 1;
    EXPECT_EQ(c.Get().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(c.client->state(), expected);
    c.now += 1;
    EXPECT_TRUE(c.Get().ok());
    EXPECT_EQ(Seats(fake), 1);
  }
}

TEST(ApiSession, NeedsAnAppPasswordWhereASecondFactorIsAskedFor) {
  FakePihole fake(R"({"password": "secret", "app_password": "app", "totp": "123456"})");
  Client c(fake);
  auto status = c.Get();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_NE(status.message().find("app password"), std::string::npos) << status;
  EXPECT_EQ(c.client->state(), ApiState::kTotpRequired);
  EXPECT_EQ(Seats(fake), 0);
  Client app(fake, "app");
  EXPECT_TRUE(app.Get().ok());
}

TEST(ApiSession, GivesBackItsOrphansAndNobodyElses) {
  FakePihole fake(R"({"password": "secret", "foreign_seats": 3})");
  std::vector<std::unique_ptr<Client>> killed;
  for (std::string agent : {kAgent, kAgent, std::string("curl/7.88.1"),
                            std::string("sentinel-pihole-exporter/1 (other)"), kAgent + " "}) {
    killed.push_back(std::make_unique<Client>(fake, "secret", "", agent));
    killed.back()->client->Ask({"POST", "/api/auth", R"({"password":"secret"})"},
                               Deadline::In(5s)).IgnoreError();
  }
  EXPECT_EQ(Seats(fake), 5);
  Client c(fake);
  EXPECT_TRUE(c.Get().ok());
  // Ours, the others', and that of the agent whose blank HTTP does not carry.
  auto seats = Seats(fake);
  EXPECT_EQ(seats, 3);
  EXPECT_EQ(fake.Count({"requests", "DELETE /api/auth"}), 0);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(c.Get().ok());
  EXPECT_EQ(Seats(fake), seats);
  c.session->Leave(Deadline::In(1s));
  EXPECT_EQ(Seats(fake), seats - 1);
}

TEST(ApiSession, FollowsNoRedirect) {
  FakePihole fake(R"({"password": "secret", "redirect": "pi3.hole"})");
  Client c(fake);
  EXPECT_EQ(c.Get().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(c.client->state(), ApiState::kRedirect);
  EXPECT_EQ(Requests(fake), 1);
}

TEST(ApiSession, ALoginWithoutAnAnswerIsNotRepeatedAtOnce) {
  FakePihole fake(R"({"password": "secret", "login_seconds": 2})");
  Client c(fake);
  EXPECT_EQ(c.Get(300ms).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(c.client->state(), ApiState::kBadResponse);  // it answered before
  EXPECT_EQ(c.client->TakeTraffic().logins["no_answer"], 1);
  EXPECT_TRUE(c.session->shut_out());
  auto requests = Requests(fake);
  EXPECT_FALSE(c.Get(300ms).ok());
  EXPECT_EQ(c.client->state(), ApiState::kBadResponse);
  EXPECT_LE(Requests(fake), requests + 1);  // the login itself is counted when it is over
  fake.Tell(R"({"login_seconds": 0})");
  c.now += 60;
  EXPECT_TRUE(c.Get().ok());
  // The seat that nobody was told of was given back.
  EXPECT_EQ(Seats(fake), 1);
}

TEST(ApiSession, KeepsASeatThatCouldNotBeGivenBack) {
  FakePihole fake(R"({"password": "secret"})");
  Client c(fake);
  EXPECT_TRUE(c.Get().ok());
  fake.Freeze();
  c.session->Leave(Deadline::In(100ms));
  EXPECT_EQ(c.kept.back(), c.session->sid());
  EXPECT_NE(c.session->sid(), "");
  fake.Thaw();
  c.Begin(c.kept.back());
  EXPECT_TRUE(c.Get().ok());
  c.session->Leave(Deadline::In(5s));
  EXPECT_EQ(Seats(fake), 0);
}

TEST(ApiSession, ShowsNoSecretInAnyError) {
  FakePihole fake(R"({"password": "hush-right"})");
  for (std::string fault :
       {"normal", "half", "not-http", "reset", "html", "500", "404", "endless"}) {
    fake.Tell(R"({"faults": {"/api/auth": ")" + fault + R"("}})");
    Client c(fake, "hush-wrong", "hush-sid");
    auto status = c.Get();
    EXPECT_FALSE(status.ok()) << fault;
    EXPECT_EQ(status.ToString().find("hush"), std::string::npos) << status;
    EXPECT_NE(status.message().find(fake.Url()), std::string::npos) << status;
  }
}

}  // namespace
