// The eye on HAProxy's socket against peers that play its part, well and badly. The real one is in
// tests/postgres-ha-lab.
#include <fstream>

#include "tests/postgres-ha/haproxy_peer.h"

using namespace std::chrono_literals;

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

int Descriptors() {
  int n = 0;
  for (auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) n += entry.exists();
  return n;
}

TEST(HaproxySocket, AsksForServersAndShowsThem) {
  std::string asked;
  SocketPeer peer([&](const Socket& s) {
    asked = Command(s);
    Send(s, kAnswer, Deadline::In(5s));
  });
  Eye eye(peer.url());
  ASSERT_TRUE(eye.Look().ok());
  EXPECT_EQ(asked, "show stat -1 4 -1\n");
  EXPECT_THAT(eye.Page(), HasSubstr("haproxy=\"" + peer.path() + "\"} 1\n"));
  EXPECT_THAT(eye.Page(), HasSubstr("proxy=\"primary\",server=\"pg1\"} 3\n"));
  ASSERT_TRUE(eye.Look().ok());
  EXPECT_EQ(peer.connections(), 2);
}

TEST(HaproxySocket, TakesAnAnswerInPieces) {
  SocketPeer peer([](const Socket& s) {
    Command(s);
    for (char c : std::string(kAnswer)) Send(s, std::string(1, c), Deadline::In(5s));
  });
  EXPECT_TRUE(Eye(peer.url()).Look().ok());
}

TEST(HaproxySocket, SaysThatThereIsNone) {
  std::string path;
  {
    SocketPeer gone(nullptr);
    path = gone.path();
  }
  EXPECT_EQ(Eye("unix:" + path).Fails(absl::StatusCode::kUnavailable),
            "connect " + path + ": No such file or directory");
}

TEST(HaproxySocket, SaysThatItIsRefused) {
  SocketPeer peer(nullptr);
  const std::string file = peer.path() + ".file";
  std::ofstream(file) << "not a socket";
  EXPECT_EQ(Eye("unix:" + file).Fails(absl::StatusCode::kUnavailable),
            "connect " + file + ": refused");
}

TEST(HaproxySocket, SaysThatThePathIsTooLong) {
  EXPECT_THAT(Eye("unix:/" + std::string(107, 'x')).Fails(absl::StatusCode::kInvalidArgument),
              HasSubstr("107 letters at most"));
  EXPECT_THAT(Eye("unix:/" + std::string(106, 'x')).Fails(absl::StatusCode::kUnavailable),
              HasSubstr("No such file"));
}

TEST(HaproxySocket, ClosesInTheMiddle) {
  const std::string answer = kAnswer;
  // In a line, at the end of one, before the end of the list, and right away.
  for (std::string part : {answer.substr(0, 50), answer.substr(0, answer.find("primary,pg2")),
                           answer.substr(0, answer.size() - 1), std::string()}) {
    SocketPeer peer(Answering(part));
    EXPECT_THAT(Eye(peer.url()).Fails(absl::StatusCode::kDataLoss),
                AllOf(HasSubstr(peer.path()),
                      HasSubstr(part.empty() ? "the answer is empty" : "breaks off")));
  }
}

// Not even the command is taken: it may or may not fit before the peer is gone.
TEST(HaproxySocket, ClosesAtOnce) {
  SocketPeer peer([](const Socket&) {});
  auto status = Eye(peer.url()).Look();
  EXPECT_TRUE(absl::IsDataLoss(status) || absl::IsUnavailable(status)) << status;
}

TEST(HaproxySocket, AnswersNonsense) {
  SocketPeer peer(Answering("Unknown command: 'show stat'\n\n"));
  EXPECT_EQ(Eye(peer.url()).Fails(absl::StatusCode::kDataLoss),
            peer.url() + ": not HAProxy's statistics as CSV: it begins with 'Unknown command: "
                         "'show stat''");
}

TEST(HaproxySocket, AnswersWithoutEnd) {
  SocketPeer peer([](const Socket& s) {
    Command(s);
    const std::string line = "primary,pg1,UP,2,3,\n";
    while (Send(s, line, Deadline::In(5s))) {}
  });
  Eye eye(peer.url());
  EXPECT_THAT(eye.Fails(absl::StatusCode::kDataLoss), HasSubstr("longer than 1 MiB"));
}

// The deadline is one for the whole look, whatever trickles in.
TEST(HaproxySocket, Dribbles) {
  SocketPeer peer([](const Socket& s) {
    Command(s);
    while (Send(s, "#", Deadline::In(5s))) Deadline::In(5ms).Wait(-1, 0);
  });
  Eye eye(peer.url());
  EXPECT_THAT(eye.Fails(absl::StatusCode::kDeadlineExceeded, 200ms),
              AllOf(HasSubstr(peer.path()), HasSubstr("no answer in time")));
  EXPECT_GE(eye.took, 200ms);
  EXPECT_LT(eye.took, 400ms);
}

TEST(HaproxySocket, AnswersButNeverCloses) {
  SocketPeer peer([](const Socket& s) {
    Send(s, kAnswer, Deadline::In(5s));
    AwaitClose(s);
  });
  Eye eye(peer.url());
  eye.Fails(absl::StatusCode::kDeadlineExceeded, 200ms);
  EXPECT_LT(eye.took, 400ms);
}

// It takes connections, as the kernel does for a frozen process, until its queue is full.
TEST(HaproxySocket, Hangs) {
  SocketPeer peer(nullptr, 2);
  Eye eye(peer.url());
  int before = Descriptors();
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(eye.Fails(absl::StatusCode::kDeadlineExceeded, 100ms), HasSubstr("no answer"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(eye.Fails(absl::StatusCode::kDeadlineExceeded, 100ms),
                HasSubstr("busy, it takes no connection"));
    EXPECT_GE(eye.took, 100ms);
    EXPECT_LT(eye.took, 300ms);
  }
  EXPECT_EQ(Descriptors(), before);
}

// Room in the queue comes before the deadline.
TEST(HaproxySocket, WaitsForItsTurn) {
  std::atomic<bool> go{false};
  SocketPeer peer(
      [&](const Socket& s) {
        while (!go) Deadline::In(1ms).Wait(-1, 0);
        Command(s);
        Send(s, kAnswer, Deadline::In(5s));
      },
      0);
  Eye hung(peer.url()), eye(peer.url());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(hung.Look(50ms).ok());
  std::thread later([&] {
    Deadline::In(100ms).Wait(-1, 0);
    go = true;
  });
  EXPECT_TRUE(eye.Look().ok());
  later.join();
}

TEST(HaproxySocket, LeavesNoDescriptorBehind) {
  SocketPeer peer(Answering(kAnswer));
  Eye eye(peer.url()), none("unix:/nonexistent/stats.sock");
  ASSERT_TRUE(eye.Look().ok());
  int before = Descriptors();
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(eye.Look().ok());
    EXPECT_FALSE(none.Look().ok());
  }
  EXPECT_NEAR(Descriptors(), before, 1);  // the peer may not have closed its last one yet
}

}  // namespace
