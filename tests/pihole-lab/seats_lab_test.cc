#include <random>

#include "tests/common/testing/sanitizer.h"
#include "tests/pihole-lab/program.h"

// What pihole-exporter costs a Pi-hole, as the Pi-hole counts it.

using namespace std::chrono_literals;

namespace {

long long Polls(const FakePihole& fake) { return fake.Count({"requests", "GET /api/history"}); }

// Waits for so many further polls.
bool Further(const FakePihole& fake, long long polls) {
  const long long before = Polls(fake);
  return Eventually(30, [&] { return Polls(fake) >= before + polls; });
}

TEST(PiholeSeatsLab, NeverMoreThanOneInAThousandPollsWithRestarts) {
  FakePihole fake(R"({"password": "secret", "foreign_seats": 2})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fake) +
                        "intervals: {dns: 1s, fast: 50ms, slow: 1s, rare: 1s, drift: 1s}\n");
  std::minstd_rand random(6);
  long long polls = 0, most = 0;
  int restarts = 0;
  auto note = [&] {
    polls += Polls(fake);
    most = std::max(most, fake.Count({"seats_most"}));
    fake.ResetCounts();
  };
  const Deadline end = Deadline::In(90s);
  for (; polls < 1000 && !end.Over(); ++restarts) {
    ASSERT_TRUE(Further(fake, 10 + random() % 20)) << program.Log();
    EXPECT_EQ(fake.Count({"seats"}), 1);
    note();
    switch (random() % 4) {
      case 0:
        program.Terminate();
        EXPECT_EQ(fake.Count({"seats"}), 0) << program.Log();
        program.Start();
        break;
      case 1:
        program.Kill();
        EXPECT_EQ(fake.Count({"seats"}), 1);
        program.Start();
        break;
      case 2: fake.Stop(), fake.Start(); break;
      default: fake.Kill(), fake.Start();
    }
  }
  ASSERT_TRUE(Further(fake, 5));
  note();
  EXPECT_EQ(most, 1);
  program.Terminate();
  EXPECT_EQ(fake.Count({"seats"}), 0);
  std::printf("%lld polls, %d restarts, at most %lld seat, none at the end\n", polls, restarts,
              most);
  EXPECT_GE(polls, kSlower > 1 ? 100 : 1000);
}

// Within 15 s of the fast loop, at its real pace: 5 requests over 1 connection, and no login.
TEST(PiholeSeatsLab, FiveRequestsAndNoLoginInFifteenSeconds) {
  FakePihole fake(R"({"password": "secret"})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fake));
  program.Await(10, "the first poll", [](const Page& page) {
    return page.Is("pihole_api_up", {{"pihole", "pi"}}, 1);
  });
  ASSERT_TRUE(Eventually(10, [&] { return fake.Count({"requests", "GET /api/domains"}) == 1; }));
  const Instant begin = Clock::now();
  fake.ResetCounts();
  for (int i = 0; i < 50; ++i) program.Scrape();  // those ask nothing
  ASSERT_TRUE(Eventually(20, [&] { return fake.Count({"requests_total"}) >= 5; }));
  EXPECT_GT(Clock::now() - begin, 13s);
  ASSERT_TRUE(Eventually(10, [&] { return fake.Count({"connections_open"}) == 0; }));  // idle
  Json counts = fake.Counts();
  auto count = [&](JsonView v) { return v.Integer().value_or(0); };
  std::printf("in 15 s: %lld requests, %lld connections, %zu logins\n",
              count(counts.view()["requests_total"]), count(counts.view()["connections"]["http"]),
              counts.view()["logins"].Members().size());
  EXPECT_EQ(count(counts.view()["requests_total"]), 5);
  EXPECT_EQ(count(counts.view()["connections"]["http"]), 1);
  EXPECT_EQ(count(counts.view()["connections_most_open"]), 1);
  EXPECT_EQ(counts.view()["logins"].Members().size(), 0u);
}

TEST(PiholeSeatsLab, NothingShowsASecret) {
  FakePihole fake(R"({"password": "hush-mine"})");
  FakePihole denied(R"({"password": "hush-other"})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fake, "hush-mine") +
                        EntryOf("denied", denied, "hush-wrong"));
  Page page = program.Await(10, "both polls", [](const Page& p) {
    return p.Is("pihole_api_up", {{"pihole", "pi"}}, 1) &&
           p.Is("pihole_api_state", {{"pihole", "denied"}, {"state", "auth_failed"}}, 1);
  });
  // The SID stands in the state directory, for the owner alone, and nowhere else.
  const std::string before = "\"sid\":\"";
  ASSERT_TRUE(Eventually(10, [&] { return program.StateFiles().find(before) != before.npos; }));
  std::string sid = program.StateFiles();
  sid = sid.substr(sid.find(before) + before.size());
  sid = sid.substr(0, sid.find('"'));
  ASSERT_GT(sid.size(), 10u);
  for (std::string secret : {sid, std::string("hush")}) {
    EXPECT_EQ(page.body.find(secret), std::string::npos);
    EXPECT_EQ(program.Log().find(secret), std::string::npos) << program.Log();
  }
}

}  // namespace
