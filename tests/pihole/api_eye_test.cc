#include "exporters/pihole/api_eye.h"
#include "exporters/pihole/api_poll.h"

#include <gtest/gtest.h>

#include "common/config.h"
#include "tests/pihole/fake_pihole.h"

// When the eye polls, and what it hands to the board.

using namespace std::chrono_literals;

namespace {

struct Watch {
  explicit Watch(const FakePihole& fake) {
    Fields fields = Fields::FromText(
        "test.yml", "piholes: [{name: pi, dns: 127.0.0.1, api: {url: '" + fake.Url() +
                        "', password: secret}}]");
    auto read = ReadPiholes(fields);
    EXPECT_TRUE(read.ok()) << read.status();
    options = *std::move(read);
    board = std::make_shared<PiholesBoard>(Piholes(options));
    Hooks hooks;
    hooks.save = [this](std::string facts) { saved = std::move(facts); };
    board->SetHooks(hooks);
    Open();
  }
  void Open() { eye = MakeApiEye(board, options.piholes[0], options); }
  Next Look() { return eye->Look(Deadline::In(ApiPoll::LookDeadline(options.piholes[0].api))); }
  std::string sid() {
    return board->With([](const Piholes& p) { return p.sid("pi"); });
  }
  std::string saved;
  PiholesOptions options;
  std::shared_ptr<PiholesBoard> board;
  std::unique_ptr<Collector> eye;
};

TEST(ApiEye, LooksEachIntervalAndNotTwiceWithinTwoSeconds) {
  FakePihole fake(R"({"password": "secret"})");
  Watch watch(fake);
  const Instant begin = Clock::now();
  Next next = watch.Look();
  EXPECT_TRUE(next.status.ok()) << next.status;
  EXPECT_GE(next.at, begin + 15s);
  EXPECT_LE(next.at, Clock::now() + 15s);
  const auto asked = fake.Count({"requests_total"});
  for (int i = 0; i < 5; ++i) {  // as when the board pokes
    next = watch.Look();
    EXPECT_TRUE(next.status.ok());
    EXPECT_GE(next.at, begin + 2s);
    EXPECT_LE(next.at, Clock::now() + 2s);  // soon, but not now
  }
  EXPECT_EQ(fake.Count({"requests_total"}), asked);
}

TEST(ApiEye, KeepsItsSeatOnTheBoardAndOnTheDisk) {
  FakePihole fake(R"({"password": "secret"})");
  Watch watch(fake);
  // Another eye is looking, and its look is not over: a seat does not wait for that.
  watch.board->Begin("dns pi", Deadline::In(1h));
  watch.Look();
  const std::string sid = watch.sid();
  EXPECT_NE(sid, "");
  EXPECT_NE(watch.saved.find(sid), std::string::npos) << watch.saved;
  watch.Open();  // the eye that follows, after a reload
  EXPECT_TRUE(watch.Look().status.ok());
  EXPECT_EQ(watch.sid(), sid);
  EXPECT_EQ(fake.Count({"logins", "right"}), 1);
  watch.eye->Leave(Deadline::In(1s));
  EXPECT_EQ(watch.sid(), "");
  EXPECT_EQ(watch.saved.find(sid), std::string::npos) << watch.saved;
  EXPECT_EQ(fake.Count({"seats"}), 0);
}

TEST(ApiEye, TakesItsSeatWithAnotherProcess) {
  FakePihole fake(R"({"password": "secret"})");
  Watch killed(fake);
  killed.Look();
  Watch next(fake);
  EXPECT_TRUE(next.board->Restore(killed.saved, Now::Read()).ok());
  EXPECT_EQ(next.sid(), killed.sid());
  EXPECT_TRUE(next.Look().status.ok());
  EXPECT_EQ(fake.Count({"logins", "right"}), 1);
  EXPECT_EQ(fake.Count({"seats_most"}), 1);
}

TEST(ApiEye, GivesBackWhatAnotherProcessLeftWithoutASid) {
  FakePihole fake(R"({"password": "secret"})");
  Watch killed(fake);
  killed.Look();
  // Killed before its SID was on the disk, but not its name.
  std::string saved = killed.saved;
  saved.replace(saved.find(killed.sid()), killed.sid().size(), "unknown");
  Watch next(fake);
  EXPECT_TRUE(next.board->Restore(saved, Now::Read()).ok());
  EXPECT_TRUE(next.Look().status.ok());
  EXPECT_EQ(fake.Count({"seats"}), 1);
}

TEST(ApiEye, SaysWhyItFails) {
  FakePihole fake(R"({"password": "another"})");
  Watch watch(fake);
  Next next = watch.Look();
  EXPECT_EQ(next.status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_NE(next.status.message().find("wrong password"), std::string::npos) << next.status;
  Samples out;
  watch.board->Show(Now::Read(), out);
  std::string page = RenderPage({&out}, Format::kText);
  EXPECT_NE(page.find("pihole_api_state{pihole=\"pi\",state=\"auth_failed\"} 1"), page.npos);
}

}  // namespace
