// The eye on HAProxy against sockets that play its part, well and badly. The real one is in
// tests/postgres-ha-lab.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "exporters/postgres-ha/haproxy.h"
#include "tests/common/peer.h"
#include "tests/postgres-ha/replay.h"

using namespace std::chrono_literals;

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// As the socket says it.
const char kAnswer[] =
    "# pxname,svname,status,type,scur,\nprimary,pg1,UP,2,3,\nprimary,pg2,DOWN,2,0,\n\n";

// A Unix socket in a directory of its own. Calls `serve` for each connection, one after the other.
class SocketPeer {
 public:
  explicit SocketPeer(std::function<void(const Socket&)> serve, int backlog = 16)
      : serve_(std::move(serve)) {
    char name[] = "/tmp/haproxy-test.XXXXXX";
    directory_ = mkdtemp(name);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path().copy(at.sun_path, sizeof at.sun_path - 1);
    EXPECT_EQ(bind(listener_.fd(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(listener_.fd(), backlog), 0);
    if (serve_) thread_ = std::thread([this] { Run(); });
  }
  ~SocketPeer() {
    stopping_ = true;
    shutdown(listener_.fd(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    std::filesystem::remove_all(directory_);
  }
  std::string path() const { return directory_ + "/stats.sock"; }
  std::string url() const { return "unix:" + path(); }
  int connections() const { return connections_; }

 private:
  void Run() {
    while (!stopping_) {
      Socket s(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!s.open()) continue;
      ++connections_;
      serve_(s);
    }
  }

  Socket listener_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string directory_;
  std::function<void(const Socket&)> serve_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

std::string Command(const Socket& s) {
  std::string text;
  Receive(s, text, Deadline::In(5s), [](const std::string& t) { return t.ends_with('\n'); });
  return text;
}

// Takes the command and answers.
std::function<void(const Socket&)> Answering(const std::string& text) {
  return [text](const Socket& s) {
    Command(s);
    Send(s, text, Deadline::In(5s));
  };
}

// An eye, and the page of its board.
struct Eye {
  explicit Eye(const std::string& url, const std::string& password = "") {
    DataSetOptions options = TwoSites();
    const std::string user = password.empty() ? "" : "me";
    options.sites[0].haproxies = {{url, "primary", "replicas", user, password}};
    board = std::make_shared<DataSetBoard>(DataSet(options));
    eye = std::make_unique<HaproxyEye>(board, "on-premise", options.sites[0].haproxies[0]);
  }
  absl::Status Look(Duration patience = 5s) {
    Instant begin = Clock::now();
    Next next = eye->Look(Deadline::In(patience));
    took = Clock::now() - begin;
    EXPECT_GE(next.at, begin + 1s);
    EXPECT_LE(next.at, Clock::now() + 1s);
    EXPECT_EQ(next.fd, -1);
    return next.status;
  }
  std::string Page() const {
    Samples samples;
    board->Show(Now::Read(), samples);
    return RenderPage({&samples}, Format::kText);
  }
  // The error of a look, which the page shows as a HAProxy that is down, without servers.
  std::string Fails(absl::StatusCode code, Duration patience = 5s) {
    absl::Status status = Look(patience);
    EXPECT_EQ(status.code(), code) << status;
    std::string page = Page();
    EXPECT_THAT(page, Not(HasSubstr("postgres_ha_haproxy_server")));
    std::size_t up = page.find("\npostgres_ha_haproxy_up{");
    EXPECT_NE(up, page.npos);
    EXPECT_EQ(page.substr(page.find("} ", up) + 2, 2), "0\n");
    return std::string(status.message());
  }

  std::shared_ptr<DataSetBoard> board;
  std::unique_ptr<HaproxyEye> eye;
  Duration took{};
};

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

std::string Reply(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

// A statistics page, and the last request for it.
struct Http {
  explicit Http(const std::string& status, const std::string& body = kAnswer)
      : peer([this, status, body](const Socket& s) {
          request = ReadRequest(s);
          Send(s, Reply(status, body), Deadline::In(5s));
        }) {}
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(peer.port()) + path;
  }
  std::string request;
  Peer peer;
};

TEST(HaproxyHttp, AsksForTheCsvOfThePage) {
  Http http("200 OK");
  const std::pair<const char*, const char*> paths[] = {{"/;csv", "/;csv"},
                                                       {"/", "/;csv"},
                                                       {"", "/;csv"},
                                                       {"/stats", "/stats;csv"},
                                                       {"/haproxy?stats", "/haproxy?stats;csv"},
                                                       {"/x;csv;norefresh", "/x;csv;norefresh"}};
  for (auto& [given, asked] : paths) {
    Eye eye(http.url(given));
    ASSERT_TRUE(eye.Look().ok()) << given;
    EXPECT_THAT(http.request, HasSubstr("GET " + std::string(asked) + " HTTP/1.1\r\n"));
    EXPECT_THAT(http.request, Not(HasSubstr("Authorization")));
    EXPECT_THAT(eye.Page(), HasSubstr(",haproxy=\"127.0.0.1:" + std::to_string(http.peer.port()) +
                                      "\"} 1\n"));
    EXPECT_THAT(eye.Page(), HasSubstr("proxy=\"primary\",server=\"pg1\"} 3\n"));
  }
}

TEST(HaproxyHttp, SendsThePassword) {
  Http http("200 OK");
  EXPECT_TRUE(Eye(http.url("/"), "secret").Look().ok());
  EXPECT_THAT(http.request, HasSubstr("Authorization: Basic bWU6c2VjcmV0\r\n"));
}

TEST(HaproxyHttp, SaysWhatItAnswers) {
  using absl::StatusCode;
  for (auto& [status, code, says] :
       {std::tuple("401 Unauthorized", StatusCode::kPermissionDenied, "401: denied"),
        {"403 Forbidden", StatusCode::kPermissionDenied, "403: denied"},
        {"302 Found", StatusCode::kDataLoss, "answers 302"},
        {"404 Not Found", StatusCode::kDataLoss, "answers 404"},
        {"503 Service Unavailable", StatusCode::kDataLoss, "answers 503"}}) {
    Http http(status, "<html>secret</html>");
    EXPECT_THAT(Eye(http.url("/"), "secret").Fails(code),
                AllOf(HasSubstr(http.url("/;csv")), HasSubstr(says), Not(HasSubstr("secret"))));
  }
  Http page("200 OK", "<!DOCTYPE HTML><html>");
  EXPECT_THAT(Eye(page.url("/")).Fails(absl::StatusCode::kDataLoss),
              HasSubstr("begins with '<!DOCTYPE HTML><html>'"));
}

TEST(HaproxyHttp, RefusesAndHangs) {
  int port = Listen("127.0.0.1", 0, 1).port;
  EXPECT_THAT(Eye("http://127.0.0.1:" + std::to_string(port)).Fails(absl::StatusCode::kUnavailable),
              HasSubstr("refused"));
  Peer hung([](const Socket& s) { AwaitClose(s); });
  Eye eye("http://127.0.0.1:" + std::to_string(hung.port()));
  eye.Fails(absl::StatusCode::kDeadlineExceeded, 200ms);
  EXPECT_LT(eye.took, 400ms);
}

TEST(HaproxyHttp, AnswersWithoutEnd) {
  Http http("200 OK", std::string(2 << 20, 'x'));
  Eye(http.url("/")).Fails(absl::StatusCode::kDataLoss);
}

}  // namespace
