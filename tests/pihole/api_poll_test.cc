#include "tests/pihole/api_polls.h"

// What a poll asks, and what a fault of a part or of all of it comes to.

using namespace std::chrono_literals;

namespace {

const std::string kPassword = R"({"password": "secret"})";

TEST(ApiPoll, KnowsEverythingAfterTheFirst) {
  FakePihole fake(kPassword);
  Polls polls(fake);
  ApiLook look = polls.Poll();
  EXPECT_EQ(look.state, ApiState::kOk) << polls.status;
  EXPECT_EQ(Known(*look.snapshot).size(), kAllParts);
  ASSERT_TRUE(look.snapshot->config.value);
  EXPECT_EQ(look.snapshot->config.value->count("domains"), 1u);
  EXPECT_EQ(look.snapshot->seats_max.value ? *look.snapshot->seats_max.value : 0, 16);
  EXPECT_EQ(look.traffic.logins["ok"], 1);
  EXPECT_LT(polls.took, 2s);
}

TEST(ApiPoll, ComparesWhatItIsTold) {
  FakePihole fake(kPassword);
  Polls polls(fake);
  polls.all.drift.components = {"groups", "dns_hosts"};
  ApiLook look = polls.Poll();
  ASSERT_TRUE(look.snapshot->config.value);
  std::set<std::string> compared;
  for (auto& [component, items] : *look.snapshot->config.value) compared.insert(component);
  EXPECT_EQ(compared, (std::set<std::string>{"dns_hosts", "groups"}));
  EXPECT_EQ(fake.Count({"requests", "GET /api/domains"}), 0);  // which stalls DNS
}

// 1 MiB is enough for what is asked for every minute; not for what somebody collected over years.
TEST(ApiPoll, ReadsLargeAnswersForTheDrift) {
  FakePihole fake(R"({"password": "secret", "drift": {"lists": "collect"}})");
  Polls polls(fake);
  ApiLook look = polls.Poll();
  ASSERT_TRUE(look.snapshot->config.value) << polls.status;
  ASSERT_EQ(look.snapshot->config.value->count("lists"), 1u);
  EXPECT_GT(look.snapshot->config.value->at("lists").items.size(), 5000u);
  EXPECT_FALSE(look.snapshot->lists.value);
}

TEST(ApiPoll, CountsWhyThereIsNoAnswer) {
  FakePihole fake(R"({"faults": {"/api/history": "half"}})");
  Polls polls(fake);
  EXPECT_EQ(polls.Poll().traffic.errors, (std::map<ApiState, double>{{ApiState::kBadResponse, 1}}));
  fake.Stop();
  EXPECT_EQ(polls.Poll().traffic.errors, (std::map<ApiState, double>{{ApiState::kUnreachable, 1}}));
}

TEST(ApiPoll, AsksFiveThingsOverOneConnectionAndNoLoginWhenFast) {
  FakePihole fake(kPassword);
  Polls polls(fake);
  polls.Poll();
  fake.ResetCounts();
  for (int i = 0; i < 3; ++i) {
    polls.later += 15s;  // but for the login, and before a slow one is due
    EXPECT_EQ(polls.Poll().state, ApiState::kOk);
  }
  EXPECT_EQ(fake.Count({"requests_total"}), 15);
  EXPECT_EQ(fake.Count({"logins", "right"}), 0);
  EXPECT_EQ(fake.Count({"connections", "http"}), 0);  // the one it has
  EXPECT_EQ(fake.Count({"connections_open"}), 1);
  for (std::string path : {"info/metrics", "stats/summary", "dns/blocking", "stats/upstreams",
                           "history"})
    EXPECT_EQ(fake.Count({"requests", "GET /api/" + path}), 3) << path;
}

TEST(ApiPoll, AsksTheRestLessOften) {
  FakePihole fake(kPassword);
  Polls polls(fake);
  polls.Poll();
  fake.ResetCounts();
  for (int i = 1; i <= 20; ++i, polls.later += 15s) polls.Poll();  // almost five minutes
  EXPECT_EQ(fake.Count({"requests", "GET /api/history"}), 20);
  EXPECT_EQ(fake.Count({"requests", "GET /api/info/ftl"}), 4);
  EXPECT_EQ(fake.Count({"requests", "GET /api/auth/sessions"}), 4);
  EXPECT_EQ(fake.Count({"requests", "GET /api/info/version"}), 0);
  EXPECT_EQ(fake.Count({"requests", "GET /api/domains"}), 0);
  polls.Poll();
  EXPECT_EQ(fake.Count({"requests", "GET /api/info/version"}), 1);
  EXPECT_EQ(fake.Count({"requests", "GET /api/domains"}), 1);
  EXPECT_EQ(fake.Count({"logins", "right"}), 0);
  EXPECT_EQ(fake.Count({"requests", "GET /api/teleporter"}), 0);
}

TEST(ApiPoll, NeverAsksForManyRules) {
  FakePihole fake(kPassword);
  Polls polls(fake);
  polls.all.drift.max_domain_rules = 1;
  ApiLook look = polls.Poll();
  EXPECT_EQ(look.state, ApiState::kOk);
  EXPECT_EQ(fake.Count({"requests", "GET /api/domains"}), 0);
  EXPECT_EQ(look.snapshot->config.value->count("domains"), 0u);
  EXPECT_EQ(look.snapshot->config.value->count("groups"), 1u);
  // Nor when it is not known how many there are: -2 says that their database cannot be read.
  const std::string three = R"({"ftl": {"database": {"domains": {"allowed": 1, "denied": 1},)"
                            R"("regex": {"denied": 1}}}})";
  for (std::string untold : {std::string(R"("faults": {"/api/info/ftl": "500"})"),
                             std::string(R"("recorded": "corruptgravity")"),
                             std::string(R"("bodies": {"/api/info/ftl": {"ftl": {}}})"),
                             R"("bodies": {"/api/info/ftl": )" + three + "}"}) {
    FakePihole other(R"({"password": "secret", )" + untold + "}");
    Polls others(other);
    EXPECT_EQ(others.Poll().state, ApiState::kOk) << untold;
    EXPECT_EQ(other.Count({"requests", "GET /api/domains"}), 0) << untold;
  }
}

TEST(ApiPoll, AFaultOfOneAnswerCostsItsPartAlone) {
  FakePihole fake(kPassword);
  const std::set<std::string> all = Known(*Polls(fake).Poll().snapshot);
  for (std::string fault : {"500", "404", "half", "html", "not-json", "empty", "empty-array",
                            "deep", "endless", "not-http", "reset"}) {
    for (std::string path : {"/api/stats/summary", "/api/info/version", "/api/lists"}) {
      if (fault == "reset") continue;  // says how the whole of it is
      fake.Tell(R"({"state": "normal"})");
      Polls polls(fake);
      polls.Poll();
      fake.Tell(R"({"faults": {")" + path + R"(": ")" + fault + R"("}})");
      polls.later += 5min;
      ApiLook look = polls.Poll();
      auto expected = all;
      expected.erase(path);
      EXPECT_EQ(look.snapshot->paths.size(), 17u);
      for (auto& [other, part] : look.snapshot->paths) EXPECT_EQ(*part.value, other != path);
      EXPECT_EQ(Known(*look.snapshot), expected) << fault << path;
      EXPECT_EQ(look.state, ApiState::kOk) << fault << path << polls.status;
      polls.poll->Leave(Deadline::In(1s));
    }
  }
}

// A login in the middle of it takes a slow Pi-hole longer than a poll may take.
TEST(ApiPoll, ASlowLoginBetweenTheQuestionsForDriftEndsNothing) {
  for (std::string path : {"/api/groups", "/api/clients"}) {
    FakePihole fake(kPassword);
    Polls polls(fake);
    polls.pihole.api.timeout = 500ms;
    ApiLook look = polls.Poll();
    fake.Tell(R"({"login_seconds": 1.2, "lost_at": ")" + path + R"("})");
    polls.later += 5min;
    EXPECT_EQ(polls.StateName(), "ok") << path << polls.status;
    EXPECT_EQ(fake.Count({"logins", "right"}), 2);
    polls.later += 15s;
    look = polls.Poll();
    EXPECT_EQ(look.state, ApiState::kOk) << polls.status;
    EXPECT_TRUE(look.snapshot->seats_max.value) << path;
  }
}

TEST(ApiPoll, ASlowAnswerInNineteenPiecesIsAnAnswer) {
  FakePihole fake(R"({"password": "secret", "slow_seconds": 0.02})");
  Polls polls(fake);
  polls.Poll();
  fake.Tell(R"({"faults": {"/api/history": "slow"}})");
  ApiLook look = polls.Poll();
  EXPECT_EQ(look.state, ApiState::kOk) << polls.status;
  EXPECT_GE(polls.took, 300ms);
  EXPECT_TRUE(look.snapshot->history.value);
}

// A fault that says how the whole Pi-hole is ends the poll; what was known stays, with its time.
TEST(ApiPoll, AFaultOfTheWholeEndsThePoll) {
  struct Case { std::string switches, state; };
  for (auto& [switches, state] :
       {Case{R"({"api": "wedge"})", "timeout"}, Case{R"({"api": "hang"})", "timeout"},
        Case{R"({"api": "closed"})", "unreachable"}, Case{R"({"api": "reset"})", "unreachable"},
        Case{R"({"redirect": "pi3.hole"})", "redirect"}}) {
    FakePihole fake(kPassword);
    Polls polls(fake);
    polls.pihole.api.timeout = 500ms;
    ApiLook before = polls.Poll();
    EXPECT_EQ(before.state, ApiState::kOk);
    fake.ResetCounts();
    fake.Tell(switches);
    ApiLook look = polls.Poll();
    EXPECT_EQ(ApiStateName(look.state), state) << switches << polls.status;
    EXPECT_LT(polls.took, 2s) << switches;
    EXPECT_LE(fake.Count({"requests_total"}), 2);  // a kept connection may have been closed
    EXPECT_EQ(look.snapshot->history.at, before.snapshot->history.at);
    EXPECT_EQ(look.snapshot->history.value, before.snapshot->history.value);
    fake.Become("normal");
    polls.later += 15s;
    EXPECT_EQ(polls.StateName(), "ok") << switches << polls.status;
  }
}

TEST(ApiPoll, GarbageEverywhereIsItsState) {
  struct Case { std::string api, state; };
  for (auto& [api, state] : {Case{"500", "http_error"}, Case{"html", "bad_response"},
                             Case{"not-http", "bad_response"}, Case{"half", "bad_response"},
                             Case{"endless", "bad_response"}, Case{"404", "http_error"},
                             Case{"missing", "bad_response"}}) {
    FakePihole fake(R"({"api": ")" + api + R"("})");  // from the first request on
    Polls polls(fake);
    EXPECT_EQ(polls.StateName(), state) << api << polls.status;
    EXPECT_TRUE(Known(*polls.Poll().snapshot).empty());
    fake.Tell(R"({"api": "normal"})");
    EXPECT_EQ(polls.StateName(), "ok") << api << polls.status;
    fake.Tell(R"({"api": ")" + api + R"("})");  // and later
    EXPECT_EQ(polls.StateName(), state) << api << polls.status;
    EXPECT_EQ(Known(*polls.Poll().snapshot).count("/api/history"), 0u);
    fake.Tell(R"({"api": "normal"})");
    polls.later += 5min;
    EXPECT_EQ(polls.StateName(), "ok") << api << polls.status;
  }
}

TEST(ApiPoll, TellsStoppedFromHung) {
  FakePihole fake(kPassword);
  Polls polls(fake);
  polls.pihole.api.timeout = 300ms;
  EXPECT_EQ(polls.StateName(), "ok");
  fake.Freeze();
  EXPECT_EQ(polls.StateName(), "timeout");
  EXPECT_NE(polls.status.message().find(fake.Url()), std::string::npos);
  EXPECT_EQ(polls.StateName(), "timeout");
  fake.Thaw();
  fake.Stop();
  EXPECT_EQ(polls.StateName(), "unreachable");
  fake.Start();
  EXPECT_EQ(polls.StateName(), "ok") << polls.status;
}

TEST(ApiPoll, AskWhetherItIsAliveWhileWeAreNotLetIn) {
  for (auto [state, expected] : {std::pair("wrong-password", "auth_failed"),
                                 std::pair("seats-full", "seats_exhausted"),
                                 std::pair("rate-limited", "rate_limited"),
                                 std::pair("totp", "totp_required")}) {
    FakePihole fake(kPassword);
    fake.Become(state);
    Polls polls(fake);
    polls.pihole.api.timeout = 500ms;
    EXPECT_EQ(polls.StateName(), expected) << polls.status;
    fake.ResetCounts();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(polls.StateName(), expected) << polls.status;
    EXPECT_EQ(fake.Count({"requests_total"}), 3);
    EXPECT_EQ(fake.Count({"requests", "GET /api/info/login"}), 3);
    fake.Freeze();
    EXPECT_EQ(polls.StateName(), "timeout");
    fake.Thaw();
    fake.Become("normal");
    polls.later += 10min;
    EXPECT_EQ(polls.StateName(), "ok") << state << polls.status;
  }
}

TEST(ApiPoll, CountsWhatItAsks) {
  FakePihole fake(kPassword);
  Polls polls(fake);
  auto traffic = polls.Poll().traffic;
  double asked = 0;
  for (auto& [code, n] : traffic.requests) asked += n;
  EXPECT_EQ(asked, fake.Count({"requests_total"}));
  EXPECT_EQ(traffic.seconds.size(), asked);
  traffic = polls.Poll().traffic;
  EXPECT_EQ(traffic.requests, (std::map<int, double>{{200, 5}}));
  fake.Stop();
  traffic = polls.Poll().traffic;
  EXPECT_EQ(traffic.requests, (std::map<int, double>{{0, 1}}));
  EXPECT_TRUE(traffic.seconds.empty());
}

TEST(ApiPoll, SpeaksTlsWithAPiholesOwnCa) {
  FakePihole fake(kPassword, true);
  Polls polls(fake);
  EXPECT_EQ(polls.StateName(), "tls_error");
  polls.pihole.api.ca_file = fake.ca_file();
  polls.pihole.api.server_name = "pi.hole";
  polls.poll = nullptr;
  EXPECT_EQ(polls.StateName(), "ok") << polls.status;
  fake.Tell(R"({"renew_certificates": true})");
  fake.Tell(R"({"api": "closed"})");
  EXPECT_EQ(polls.StateName(), "unreachable");
  fake.Tell(R"({"api": "normal"})");
  EXPECT_EQ(polls.StateName(), "ok") << polls.status;
  EXPECT_EQ(fake.Count({"ports_most_open"}), 1);
  EXPECT_EQ(fake.Count({"connections_most_open"}), 1);
  EXPECT_EQ(fake.Count({"connections", "http"}), 0);
}

}  // namespace
