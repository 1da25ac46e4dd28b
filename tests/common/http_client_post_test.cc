#include <gtest/gtest.h>

#include "common/http_client.h"
#include "tests/common/peer.h"
#include "tests/common/post_peer.h"

using namespace std::chrono_literals;

namespace {

TEST(HttpClientPost, SendsJson) {
  std::string request;
  auto peer = std::make_unique<Peer>([&](const Socket& s) {
    request = ReadPost(s);
    Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Deadline::In(5s));
  });
  std::string at = "127.0.0.1:" + std::to_string(peer->port());
  auto reply = HttpClient().Post("http://" + at + "/v3/x", R"({"a":1})", Deadline::In(5s), "token");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->code, 200);
  EXPECT_EQ(reply->body, "ok");
  peer = nullptr;  // its thread wrote the request
  EXPECT_EQ(request, "POST /v3/x HTTP/1.1\r\nHost: " + at +
                         "\r\nUser-Agent: sentinel-exporter\r\nAccept: */*\r\n"
                         "Content-Type: application/json\r\nAuthorization: token\r\n"
                         "Content-Length: 7\r\n\r\n{\"a\":1}");
}

TEST(HttpClientPost, TakesTurnsWithGetOnOneConnection) {
  Peer peer([](const Socket& s) {
    for (std::string request; !(request = ReadPost(s)).empty();) {
      bool authorized = request.find("Authorization") != request.npos;
      std::string body = request.substr(0, request.find(' ')) + (authorized ? "!" : "") +
                         request.substr(request.find("\r\n\r\n") + 4);
      std::string length = "Content-Length: " + std::to_string(body.size());
      Send(s, "HTTP/1.1 200 OK\r\n" + length + "\r\n\r\n" + body, Deadline::In(5s));
    }
  });
  HttpClient client;
  std::string url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.Post(url, "{}", Deadline::In(5s), "t")->body, "POST!{}");
    EXPECT_EQ(client.Get(url, Deadline::In(5s))->body, "GET");
    EXPECT_EQ(client.Post(url, "", Deadline::In(5s))->body, "POST");
  }
  EXPECT_EQ(peer.connections(), 1);
}

TEST(HttpClientPost, LongBodiesArriveWithoutAskingFirst) {
  std::atomic<std::size_t> arrived = 0;
  Peer peer([&](const Socket& s) {
    arrived = ReadPost(s).size();
    Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Deadline::In(5s));
  });
  std::string url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/";
  auto reply = HttpClient().Post(url, std::string(3 << 20, 'x'), Deadline::In(10s));
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_GT(arrived, 3u << 20);
}

TEST(HttpClientPost, SurvivesAServerThatClosedAKeptConnection) {
  Peer peer([](const Socket& s) {
    if (!ReadPost(s).empty())
      Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Deadline::In(5s));
  });
  HttpClient client;
  std::string url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/";
  for (int i = 0; i < 5; ++i) {
    auto reply = client.Post(url, "{}", Deadline::In(5s));
    EXPECT_TRUE(reply.ok()) << reply.status();
  }
  EXPECT_EQ(peer.connections(), 5);
}

TEST(HttpClientPost, FailsAsGetDoes) {
  int port = Listen("127.0.0.1", 0, 1).port;
  std::string at = "http://127.0.0.1:" + std::to_string(port);
  auto refused = HttpClient().Post(at + "/p?token=secret", "{}", Deadline::In(5s), "secret");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(std::string(refused.status().message()), "POST " + at + "/p: refused");

  Peer silent([](const Socket& s) { AwaitClose(s); });
  Peer cut([](const Socket& s) {
    ReadPost(s);
    Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", Deadline::In(5s));
  });
  auto url = [](const Peer& peer) { return "http://127.0.0.1:" + std::to_string(peer.port()); };
  Instant begin = Clock::now();
  // A server that does not even take the whole request.
  for (std::size_t size : {std::size_t(2), std::size_t(32 << 20)}) {
    auto late = HttpClient().Post(url(silent), std::string(size, '1'), Deadline::In(200ms));
    EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded) << late.status();
  }
  EXPECT_LT(Clock::now() - begin, 2s);
  auto half = HttpClient().Post(url(cut), "{}", Deadline::In(5s));
  EXPECT_EQ(half.status().code(), absl::StatusCode::kDataLoss) << half.status();
}

}  // namespace
