#include <algorithm>
#include <random>

#include "tests/common/testing/sanitizer.h"
#include "tests/pihole-lab/program.h"

// What pihole-exporter costs a Pi-hole, as the Pi-hole counts it.

using namespace std::chrono_literals;

namespace {

long long Polls(const FakePihole& fake) { return fake.Count({"requests", "GET /api/history"}); }

// Sixteen Pi-holes, because each is polled once a second and no faster.
struct Farm {
  explicit Farm(int n) {
    for (int i = 0; i < n; ++i) {
      fakes.push_back(
          std::make_unique<FakePihole>(R"({"password": "secret", "foreign_seats": 2})"));
      yaml += EntryOf("pi" + std::to_string(i), *fakes.back());
    }
    yaml += "intervals: {dns: 1s, fast: 1s, slow: 1s, rare: 1s, drift: 1s}\n";
  }
  // Waits until each was polled so often since its counts were reset.
  bool Polled(long long times) const {
    return std::all_of(fakes.begin(), fakes.end(), [&](auto& fake) {
      return Eventually(30, [&] { return Polls(*fake) >= times; });
    });
  }
  void ExpectSeats(long long of_each) const {
    for (auto& fake : fakes) EXPECT_EQ(fake->Count({"seats"}), of_each);
  }
  void Note() {
    for (auto& fake : fakes) {
      polls += Polls(*fake);
      most = std::max(most, fake->Count({"seats_most"}));
      fake->ResetCounts();
    }
  }
  std::vector<std::unique_ptr<FakePihole>> fakes;
  std::string yaml = "piholes:\n";
  long long polls = 0, most = 0;
};

TEST(PiholeSeatsLab, NeverMoreThanOneInAThousandPollsWithRestarts) {
  Farm farm(16);
  PiholeProgram program(farm.yaml);
  std::minstd_rand random(6);
  int restarts = 0;
  for (const Deadline end = Deadline::In(300s); farm.polls < 1000 && !end.Over(); ++restarts) {
    ASSERT_TRUE(farm.Polled(1)) << program.Log();
    farm.ExpectSeats(1);
    farm.Note();
    FakePihole& fake = *farm.fakes[random() % farm.fakes.size()];
    switch (random() % 4) {
      case 0:
        program.Terminate();
        farm.ExpectSeats(0);
        program.Start();
        break;
      case 1:
        program.Kill();
        farm.ExpectSeats(1);
        program.Start();
        break;
      case 2: fake.Stop(), fake.Start(); break;
      default: fake.Kill(), fake.Start();
    }
  }
  ASSERT_TRUE(farm.Polled(1));
  farm.Note();
  EXPECT_EQ(farm.most, 1);
  program.Terminate();
  farm.ExpectSeats(0);
  std::printf("%lld polls, %d restarts, at most %lld seat, none at the end\n", farm.polls, restarts,
              farm.most);
  EXPECT_GE(farm.polls, kSlower > 1 ? 100 : 1000);
}

// It cannot keep its session: each start takes a seat, and gives back the one of the start before,
// or of a login that was under way when it was killed. Never those of others.
TEST(PiholeSeatsLab, WithoutAStateDirectoryKilledOnesTakeNoMoreThanTheirSeat) {
  FakePihole fake(R"({"password": "secret", "foreign_seats": 2, "login_seconds": 0.3})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fake), false);
  for (int kills = 0; kills < 6; ++kills) {
    ASSERT_TRUE(Eventually(10, [&] { return Polls(fake) >= 1; })) << program.Log();
    EXPECT_EQ(fake.Count({"seats"}), 1);
    fake.ResetCounts();
    program.Kill();
    program.Start();
    if (kills % 2 == 0) continue;
    ASSERT_TRUE(Eventually(10, [&] { return fake.Count({"requests", "POST /api/auth"}) >= 1; }));
    program.Kill();
    program.Start();
  }
  ASSERT_TRUE(Eventually(10, [&] { return Polls(fake) >= 1; })) << program.Log();
  EXPECT_EQ(fake.Count({"seats"}), 1);
  EXPECT_LE(fake.Count({"seats_most"}), 3);  // one that is left, one under way, the new one
  program.Terminate();
  EXPECT_EQ(fake.Count({"seats"}), 0);
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
