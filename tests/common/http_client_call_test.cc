#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "common/http_client.h"
#include "tests/common/peer.h"
#include "tests/common/post_peer.h"
#include "tests/common/testing/sanitizer.h"

using namespace std::chrono_literals;

namespace {

const std::string kReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string UrlOf(int port, const std::string& path = "/") {
  return "http://127.0.0.1:" + std::to_string(port) + path;
}

// What a peer is sent by `call`, made with `options`.
std::string Sent(HttpCall call, HttpOptions options = {}) {
  std::string request;
  {
    Peer peer([&](const Socket& s) {
      request = ReadPost(s);
      Send(s, kReply, Deadline::In(5s));
    });
    call.url = UrlOf(peer.port(), call.url);
    EXPECT_TRUE(HttpClient(std::move(options)).Ask(call, Deadline::In(5s)).ok());
  }
  return request;
}

TEST(HttpCall, SaysMethodAndHeaders) {
  HttpOptions options;
  options.user_agent = "agent/1 (x)";
  std::string request = Sent({"DELETE", "/p", "", {"X-Key: a=b", "Host: pi.hole"}}, options);
  EXPECT_EQ(request, "DELETE /p HTTP/1.1\r\nHost: pi.hole\r\nUser-Agent: agent/1 (x)\r\n"
                     "Accept: */*\r\nX-Key: a=b\r\n\r\n");
  request = Sent({"POST", "/p", "{}", {"X-Key: a"}});
  EXPECT_NE(request.find("X-Key: a\r\n"), request.npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\n{}")) << request;
}

TEST(HttpCall, NoMethodIsLeftBehind) {
  std::vector<std::string> methods;
  {
    Peer peer([&](const Socket& s) {
      for (std::string r; !(r = ReadPost(s)).empty(); Send(s, kReply, Deadline::In(5s)))
        methods.push_back(r.substr(0, r.find(' ')) + r.substr(r.find("\r\n\r\n") + 4));
    });
    HttpClient client;
    for (std::string method : {"GET", "DELETE", "POST", "DELETE", "GET", "POST"})
      EXPECT_TRUE(client.Ask({method, UrlOf(peer.port()), "{}"}, Deadline::In(5s)).ok());
  }
  EXPECT_EQ(methods, (std::vector<std::string>{"GET", "DELETE", "POST{}", "DELETE", "GET",
                                               "POST{}"}));
}

TEST(HttpCall, TakesNoHeaderOfTwoLines) {
  HttpClient client;
  for (std::string bad : {std::string("X: a\r\nY: b"), std::string("X: a\n"), std::string("X: \r"),
                          std::string("X: \0", 4)}) {
    auto reply = client.Ask({"GET", "http://127.0.0.1:1/", "", {bad}}, Deadline::In(5s));
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kInvalidArgument) << reply.status();
    EXPECT_EQ(reply.status().message().find("Y: b"), std::string::npos);
  }
}

TEST(HttpCall, MayBoundItsOwnAnswer) {
  Peer peer([](const Socket& s) {
    ReadRequest(s);
    Send(s, "HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'), Deadline::In(5s));
  });
  HttpOptions options;
  options.max_bytes = 1000;
  HttpClient client(options);
  HttpCall call{"GET", UrlOf(peer.port())};
  EXPECT_EQ(client.Ask(call, Deadline::In(5s)).status().code(), absl::StatusCode::kDataLoss);
  call.max_bytes = 2000;
  EXPECT_TRUE(client.Ask(call, Deadline::In(5s)).ok());
}

TEST(HttpCall, ShowsNoSecretInAnError) {
  int refused = Listen("127.0.0.1", 0, 1).port;
  Peer cut([](const Socket& s) {
    ReadPost(s);
    Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", Deadline::In(5s));
  });
  Peer silent([](const Socket& s) { AwaitClose(s); });
  Peer garbage([](const Socket& s) { Send(s, "garbage", Deadline::In(5s)); });
  for (int port : {refused, cut.port(), silent.port(), garbage.port()}) {
    HttpCall call{"POST", UrlOf(port, "/p?auth=hush1"), "{\"password\":\"hush2\"}", {"X: hush3"}};
    auto status = HttpClient().Ask(call, Deadline::In(100ms)).status();
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.ToString().find("hush"), std::string::npos) << status;
  }
}

// Listens, and has its queue of connections full: the next one gets no answer at all.
struct Unreachable {
  Listener listener = Listen("127.0.0.1", 0, 0);
  std::vector<Socket> waiting;
  Unreachable() {
    for (int i = 0; i < 3; ++i) {
      Socket s(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(static_cast<uint16_t>(listener.port));
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      connect(s.fd(), reinterpret_cast<sockaddr*>(&to), sizeof to);
      waiting.push_back(std::move(s));
    }
  }
};

TEST(HttpClientConnected, TellsASilentServerFromASilentNetwork) {
  Peer silent([](const Socket& s) { AwaitClose(s); });
  HttpClient asked;
  auto status = asked.Get(UrlOf(silent.port()), Deadline::In(200ms)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_NE(status.message().find("no complete answer"), std::string::npos) << status;
  EXPECT_TRUE(asked.connected());

  Unreachable nobody;
  HttpClient unheard;
  status = unheard.Get(UrlOf(nobody.listener.port), Deadline::In(200ms)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_NE(status.message().find("no connection"), std::string::npos) << status;
  EXPECT_FALSE(unheard.connected());

  int port = Listen("127.0.0.1", 0, 1).port;
  HttpClient refused;
  EXPECT_EQ(refused.Get(UrlOf(port), Deadline::In(5s)).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_FALSE(refused.connected());
}

TEST(HttpClientConnected, KnowsAKeptConnectionToo) {
  Peer once([](const Socket& s) {
    ReadRequest(s);
    Send(s, kReply, Deadline::In(5s));
    ReadRequest(s);  // the second one is never answered
    AwaitClose(s);
  });
  HttpClient client;
  EXPECT_TRUE(client.Get(UrlOf(once.port()), Deadline::In(5s)).ok());
  EXPECT_TRUE(client.connected());
  EXPECT_FALSE(client.Get(UrlOf(once.port()), Deadline::In(100ms)).ok());
  EXPECT_TRUE(client.connected());
  EXPECT_EQ(once.connections(), 1);
}

// Writes each line of an answer as a segment of its own, with Nagle's algorithm on.
void AnswerInPieces(const Socket& s) {
  while (!ReadRequest(s).empty()) {
    Send(s, "HTTP/1.1 200 OK\r\n", Deadline::In(5s));
    for (int i = 0; i < 16; ++i) Send(s, "X-Header: value\r\n", Deadline::In(5s));
    Send(s, "Content-Length: 2\r\n\r\n", Deadline::In(5s));
    Send(s, "ok", Deadline::In(5s));
  }
}

double SecondsOf8Requests(bool quick_ack) {
  Peer peer(AnswerInPieces);
  HttpOptions options;
  options.quick_ack = quick_ack;
  HttpClient client(options);
  EXPECT_TRUE(client.Get(UrlOf(peer.port()), Deadline::In(5s)).ok());
  for (int i = 0; i < 24; ++i) {  // Linux acknowledges the first segments of a connection at once
    EXPECT_TRUE(client.Get(UrlOf(peer.port()), Deadline::In(5s)).ok());
  }
  Instant begin = Clock::now();
  for (int i = 0; i < 8; ++i)
    EXPECT_TRUE(client.Get(UrlOf(peer.port()), Deadline::In(5s)).ok());
  EXPECT_EQ(peer.connections(), 1);
  return Seconds(Clock::now() - begin);
}

TEST(HttpClientQuickAck, SparesTheDelayOfEachAnswerOverAKeptConnection) {
  double without = SecondsOf8Requests(false), with = SecondsOf8Requests(true);
  RecordProperty("milliseconds_without", static_cast<int>(1000 * without));
  std::printf("8 requests: %.1f ms without, %.1f ms with quick_ack\n", 1e3 * without, 1e3 * with);
  EXPECT_GT(without, 8 * 0.035);
  EXPECT_LT(with, 8 * 0.020 * kSlower);
}

}  // namespace
