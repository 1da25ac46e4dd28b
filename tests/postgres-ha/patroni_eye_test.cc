// The eye on a Patroni that answers well, badly, or not at all.
#include "exporters/postgres-ha/patroni_eye.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/guarded.h"
#include "tests/common/peer.h"
#include "tests/postgres-ha/replay.h"

using namespace std::chrono_literals;

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const char kCluster[] =
    R"({"members":[{"name":"pg1","role":"leader","state":"running","timeline":1},)"
    R"({"name":"pg2","role":"replica","state":"running","timeline":1}]})";
const char kPromoted[] =
    R"({"members":[{"name":"pg1","role":"replica","state":"running","timeline":1},)"
    R"({"name":"pg2","role":"leader","state":"running","timeline":2}]})";
const char kHang[] = "hang";  // instead of an answer
const char kError[] = "error";

// A Patroni as its REST interface is: HTTP/1.0, one answer for each connection. What it answers may
// change; it hangs until it is told to thaw, or is given up.
class FakePatroni {
 public:
  FakePatroni() {
    state_.With([](State& s) {
      s.answers = {{"/cluster", kCluster}, {"/config", "{}"}, {"/history", "[[1,100,\"x\"]]"},
                   {"/patroni", "{\"dcs_last_seen\":1795368288}"}, {"/liveness", ""}};
    });
  }
  void Answer(const std::string& path, const std::string& body) {
    state_.With([&](State& s) { s.answers[path] = body; });
  }
  void Thaw() { thawed_ = true; }
  // What was asked since the last call.
  std::vector<std::string> Asked() {
    return state_.With([](State& s) { return std::exchange(s.asked, {}); });
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(peer_.port()); }

 private:
  struct State {
    std::map<std::string, std::string> answers;
    std::vector<std::string> asked;
  };
  void Serve(const Socket& s) {
    std::string request = ReadRequest(s);
    if (request.empty()) return;
    std::string path = request.substr(4, request.find(' ', 4) - 4);
    std::string body = state_.With([&](State& state) {
      state.asked.push_back(path);
      return state.answers[path];
    });
    Deadline limit = Deadline::In(20s);
    while (body == kHang && !thawed_ && !limit.Over())
      if (limit.AtMost(5ms).Wait(s.fd(), POLLIN | POLLHUP) != 0) return;
    std::string code = body == kError ? "500 Internal Server Error" : "200 OK";
    Send(s, "HTTP/1.0 " + code + "\r\n\r\n" + body, Deadline::In(5s));
  }

  Guarded<State> state_;
  std::atomic<bool> thawed_{false};
  Peer peer_{[this](const Socket& s) { Serve(s); }};
};

// An eye on it, and the board it posts on.
struct Watch {
  FakePatroni patroni;
  std::shared_ptr<DataSetBoard> board = std::make_shared<DataSetBoard>(DataSet(TwoSites()));
  PatroniEye eye;

  explicit Watch(Duration wait_out = 60s, const std::string& member = "pg1")
      : eye(board, {"on-premise", member}, patroni.url(), Options(wait_out), 2s) {}
  static HttpOptions Options(Duration wait_out) {
    HttpOptions options;
    options.wait_out = wait_out;
    return options;
  }
  // pg1 answers by SQL now, or does not.
  void Sql(bool answers) {
    Evidence e = SqlEvidence("pg1", 0, 0, answers ? Primary(1000) : Failed(Answer::kTimeout));
    e.begin = e.end = Clock::now();
    board->Post(std::move(e));
  }
  // One look, which must be over at its deadline.
  absl::Status Look(Duration deadline = 2s) {
    Instant begin = Clock::now();
    auto status = eye.Look(Deadline(begin + deadline)).status;
    EXPECT_LT(Clock::now() - begin, deadline + 1s);
    return status;
  }
  std::string Page() {
    Samples samples;
    board->Show(Now::Read(), samples);
    return RenderPage({&samples}, Format::kText);
  }
};

const char kPaused[] = "postgres_ha_patroni_paused{";
const char kTtl[] = "postgres_ha_patroni_ttl_seconds{";
const char kPromotions[] = "postgres_ha_patroni_promotions{";
const char kSeen[] = "postgres_ha_patroni_dcs_last_seen_timestamp_seconds{";

TEST(PatroniEye, AsksTheClusterInEachLookAndTheRestNowAndThen) {
  Watch watch;
  watch.Sql(true);
  EXPECT_TRUE(watch.Look().ok());
  EXPECT_THAT(watch.patroni.Asked(), ElementsAre("/cluster", "/config", "/history", "/patroni"));
  std::string page = watch.Page();
  for (auto* series : {kPaused, kTtl, kPromotions, kSeen}) EXPECT_THAT(page, HasSubstr(series));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(watch.Look().ok());
  EXPECT_THAT(watch.patroni.Asked(), ElementsAre("/cluster", "/cluster", "/cluster"));
}

TEST(PatroniEye, AsksNothingThatRunsSqlUnlessSqlAnswers) {
  for (bool known : {true, false}) {
    Watch watch(60s, known ? "pg1" : "");
    EXPECT_TRUE(watch.Look().ok());
    watch.Sql(!known);  // what does not answer, or is not known to be this one
    EXPECT_TRUE(watch.Look().ok());
    EXPECT_THAT(watch.patroni.Asked(),
                ElementsAre("/cluster", "/config", "/history", "/cluster"));
    EXPECT_THAT(watch.Page(), Not(HasSubstr(kSeen)));
  }
}

TEST(PatroniEye, AChangeOfLeaderMakesTheRestDue) {
  Watch watch;
  EXPECT_TRUE(watch.Look().ok());
  watch.patroni.Answer("/cluster", kPromoted);
  watch.patroni.Answer("/history", "[[1,100,\"x\"],[2,200,\"x\"]]");
  watch.patroni.Asked();
  EXPECT_TRUE(watch.Look().ok());
  EXPECT_TRUE(watch.Look().ok());
  EXPECT_THAT(watch.patroni.Asked(), ElementsAre("/cluster", "/config", "/history", "/cluster",
                                                 "/config", "/history"));
  EXPECT_THAT(watch.Page(), HasSubstr("promotions{pg_cluster=\"sentinel\",target_site=\"on-premise"
                                      "\"} 2\n"));
}

// A list without a leader, as after an outage of the store, is no change.
TEST(PatroniEye, AnEmptyListIsNoChangeOfLeader) {
  Watch watch;
  for (auto* list : {kCluster, "{\"members\":[]}", kCluster}) {
    watch.patroni.Answer("/cluster", list);
    EXPECT_TRUE(watch.Look().ok());
  }
  EXPECT_THAT(watch.patroni.Asked(), ElementsAre("/cluster", "/config", "/history", "/cluster",
                                                 "/cluster"));
}

TEST(PatroniEye, AnErrorOfAnExtraLeavesTheRestAndShows) {
  for (std::string broken : {"/config", "/history", "/patroni"}) {
    for (auto* answer : {"<html>garbage</html>", kError, ""}) {
      SCOPED_TRACE(broken + " " + answer);
      Watch watch;
      watch.Sql(true);
      watch.patroni.Answer(broken, answer);
      auto status = watch.Look();
      EXPECT_TRUE(absl::IsDataLoss(status)) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr(broken.substr(1)));
      std::string page = watch.Page();
      EXPECT_THAT(page, HasSubstr(kPaused));
      EXPECT_EQ(page.find(kTtl) != page.npos, broken != "/config");
      EXPECT_EQ(page.find("promotions{") != page.npos, broken != "/history");
      EXPECT_EQ(page.find(kSeen) != page.npos, broken != "/patroni");
      watch.patroni.Answer(broken, broken == "/history" ? "[[1,100,\"x\"]]" : "{}");
      watch.patroni.Asked();
      EXPECT_TRUE(watch.Look().ok());  // it is asked again, and all is well
      EXPECT_THAT(watch.patroni.Asked(), ElementsAre("/cluster", broken));
    }
  }
}

// One question at a time: nothing else is asked until the silent one is answered.
TEST(PatroniEye, ASilentExtraIsTheOnlyRequestUntilItIsAnswered) {
  for (std::string silent : {"/config", "/history", "/patroni"}) {
    SCOPED_TRACE(silent);
    Watch watch;
    watch.Sql(true);
    watch.patroni.Answer(silent, kHang);
    auto status = watch.Look(200ms);
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(silent));
    EXPECT_THAT(watch.Page(), HasSubstr(kPaused));  // of this look
    EXPECT_EQ(watch.patroni.Asked().back(), silent);
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(absl::IsDeadlineExceeded(watch.Look(50ms)));
    watch.patroni.Thaw();
    EXPECT_TRUE(watch.Look().ok() || watch.Look().ok());
    auto asked = watch.patroni.Asked();
    ASSERT_FALSE(asked.empty());
    EXPECT_EQ(asked[0], "/cluster");
    EXPECT_THAT(asked, Not(testing::Contains(silent)));  // it is left alone
  }
}

// It is given up in the end, and the cluster's facts come again.
TEST(PatroniEye, ASilentExtraIsWaitedOutAndLeftAlone) {
  for (std::string silent : {"/config", "/history", "/patroni"}) {
    SCOPED_TRACE(silent);
    Watch watch(150ms);
    watch.Sql(true);
    watch.patroni.Answer(silent, kHang);
    EXPECT_FALSE(watch.Look(200ms).ok());
    EXPECT_EQ(watch.patroni.Asked().back(), silent);
    Deadline limit = Deadline::In(10s);
    bool again = false;
    while (!again && !limit.Over()) {
      watch.Sql(true);
      again = watch.Look(300ms).ok();
    }
    EXPECT_TRUE(again);
    EXPECT_THAT(watch.patroni.Asked(), Not(testing::Contains(silent)));
    EXPECT_THAT(watch.Page(), HasSubstr(kPaused));
  }
}

// Its store is down: /cluster hangs, and what lives on is asked alone.
TEST(PatroniEye, ASilentClusterLeavesLivenessAndTheStoresLastSign) {
  Watch watch(100ms);
  watch.patroni.Answer("/cluster", kHang);
  EXPECT_TRUE(absl::IsDeadlineExceeded(watch.Look(100ms)));
  EXPECT_THAT(watch.patroni.Asked(), ElementsAre("/cluster"));
  Deadline limit = Deadline::In(10s);
  std::vector<std::string> asked;
  while (asked.empty() && !limit.Over()) {
    watch.Sql(true);
    EXPECT_TRUE(absl::IsDeadlineExceeded(watch.Look(200ms)));
    asked = watch.patroni.Asked();
  }
  EXPECT_THAT(asked, ElementsAre("/liveness", "/patroni"));
  EXPECT_THAT(watch.Page(), HasSubstr(kSeen));
  EXPECT_THAT(watch.Page(), Not(HasSubstr(kPaused)));
}

TEST(PatroniEye, ARefusedOneIsNotAskedForMore) {
  int port = Listen("127.0.0.1", 0, 1).port;
  auto board = std::make_shared<DataSetBoard>(DataSet(TwoSites()));
  PatroniEye eye(board, {"on-premise", "pg1"}, "http://127.0.0.1:" + std::to_string(port), {}, 2s);
  EXPECT_TRUE(absl::IsUnavailable(eye.Look(Deadline::In(1s)).status));
}

// A silent Patroni must not hold up what others saw meanwhile.
TEST(PatroniEye, HoldsNothingBack) {
  Watch watch;
  watch.patroni.Answer("/cluster", kHang);
  std::thread silent([&] { watch.Look(2s).IgnoreError(); });
  Deadline limit = Deadline::In(1500ms);
  while (watch.patroni.Asked().empty() && !limit.Over()) limit.AtMost(5ms).Wait(-1, 0);
  watch.Sql(true);
  EXPECT_THAT(watch.Page(), HasSubstr("postgres_ha_member_up{pg_cluster=\"sentinel\",target_site="
                                      "\"on-premise\",member=\"pg1\"} 1"));
  EXPECT_FALSE(limit.Over());
  watch.patroni.Thaw();
  silent.join();
}

}  // namespace
