#include <random>

#include "tests/common/testing/sanitizer.h"
#include "tests/pihole/api_polls.h"

// 1,000 polls, 15 s apart by the session's clock, while Pi-hole and exporter end and start again.

using namespace std::chrono_literals;

namespace {

// An exporter whose process ends and starts; `kept` is what stands in its state file.
struct Exporter {
  explicit Exporter(const FakePihole& f) : fake(f), polls(f) { Start(); }
  void Start() {
    SessionMeans means;
    means.user_agent = "sentinel-pihole-exporter/1 (abc)";
    means.sid = kept;
    means.keep = [this](const std::string& sid) {
      if (keeps) kept = sid;
    };
    means.clock = [this] { return Clock::now() + polls.later; };
    polls.poll = std::make_unique<ApiPoll>(polls.pihole, polls.all, means);
  }
  void Terminate() {  // SIGTERM
    polls.poll->Leave(Deadline::In(1s));
    EXPECT_EQ(fake.Count({"seats"}), 0);
    Start();
  }
  void Kill() { Start(); }  // SIGKILL

  const FakePihole& fake;
  Polls polls;
  std::string kept;
  bool keeps = true;
};

TEST(ApiSeats, NeverMoreThanOneInAThousandPollsWithRestarts) {
  FakePihole fake(R"({"password": "secret", "foreign_seats": 2})");
  Exporter exporter(fake);
  std::minstd_rand random(6);
  int restarts = 0, bad = 0, most = 0;
  auto note = [&] { most = std::max(most, static_cast<int>(fake.Count({"seats_most"}))); };
  const int n = kSlower > 1 ? 100 : 1000;
  for (int i = 0; i < n; ++i) {
    exporter.polls.later += 15s;
    switch (random() % 50) {
      case 0: exporter.Terminate(); break;
      case 1: exporter.Kill(); break;
      case 2: note(), fake.Stop(), fake.Start(); break;
      case 3: note(), fake.Kill(), fake.Start(); break;
      case 4: fake.Tell(R"({"logout": true})"); break;  // as when its password is set anew
      default: --restarts;
    }
    ++restarts;
    bad += exporter.polls.Poll().state != ApiState::kOk;
    ASSERT_EQ(fake.Count({"seats"}), 1) << i;
  }
  note();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(bad, 0);
  EXPECT_GE(restarts, n / 20);
  exporter.Terminate();
  std::printf("%d polls, %d restarts, at most %d seat, none at the end\n", n, restarts, most);
}

// Killed after each login, before its SID is on the disk: what such a process leaves is there until
// the next login, and no longer.
TEST(ApiSeats, OfAProcessKilledInTheMiddleOfALoginLastUntilTheNextOne) {
  FakePihole fake(R"({"password": "secret"})");
  Exporter exporter(fake);
  exporter.keeps = false;
  for (int i = 0; i < 20; ++i) {
    exporter.polls.later += 15s;
    EXPECT_EQ(exporter.polls.Poll().state, ApiState::kOk);
    EXPECT_EQ(fake.Count({"seats"}), 1);
    exporter.Kill();
  }
  EXPECT_EQ(fake.Count({"seats_most"}), 2);  // for the moment between the login and giving back
}

// Something takes our seat away again and again.
TEST(ApiSeats, AreNotTakenAgainAndAgainWhenTheyAlwaysVanish) {
  FakePihole fake(R"({"password": "secret"})");
  Exporter exporter(fake);
  for (int i = 0; i < 240; ++i) {  // an hour
    exporter.polls.later += 15s;
    exporter.polls.Poll();
    fake.Tell(R"({"logout": true})");
  }
  EXPECT_GE(fake.Count({"logins", "right"}), 12);
  EXPECT_LE(fake.Count({"logins", "right"}), 3 * 12);
}

}  // namespace
