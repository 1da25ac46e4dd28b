#include "common/http_client.h"

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "common/http_server.h"
#include "tests/common/isolated.h"
#include "tests/common/name_server.h"
#include "tests/common/peer.h"

using namespace std::chrono_literals;

namespace {

std::string UrlOf(const Peer& peer, const std::string& path = "/") {
  return "http://127.0.0.1:" + std::to_string(peer.port()) + path;
}

// A peer that answers each connection's requests with `reply` and then closes.
std::function<void(const Socket&)> Once(std::string reply) {
  return [reply](const Socket& s) {
    if (!ReadRequest(s).empty()) Send(s, reply, Deadline::In(10s));
  };
}

absl::StatusOr<HttpReply> Get(const Peer& peer, HttpOptions options = {},
                              Duration timeout = 10s) {
  return HttpClient(std::move(options)).Get(UrlOf(peer), Deadline::In(timeout));
}

TEST(HttpClient, GetsReplies) {
  for (int code : {200, 204, 301, 401, 404, 500, 503}) {
    std::string body = code == 204 ? "" : "body";
    Peer peer(Once("HTTP/1.1 " + std::to_string(code) +
                   " X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body));
    auto reply = Get(peer);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->code, code);
    EXPECT_EQ(reply->body, body);
  }
}

TEST(HttpClient, TakesEveryFraming) {
  for (std::string rest : {"Content-Length: 4\r\n\r\nbody", "\r\nbody",
                           "Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
                           "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX: y\r\n\r\n"}) {
    for (std::string start : {"HTTP/1.1 200 OK\r\n", "HTTP/1.0 200\r\n", "HTTP/1.1 200 OK\n",
                              "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"}) {
      if (start[7] == '0' && rest[0] == 'T') continue;  // no chunks in 1.0
      Peer peer(Once(start + rest));
      auto reply = Get(peer);
      ASSERT_TRUE(reply.ok()) << start << rest << reply.status();
      EXPECT_EQ(reply->code, 200);
      EXPECT_EQ(reply->body, "body") << start << rest;
    }
  }
}

TEST(HttpClient, WhatIsNotWholeIsDataLoss) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (std::string answer :
       {ok, ok + "Content-Length: 4",
        ok + "Content-Length: 4\r\n", ok + "Content-Length: 4\r\n\r\n",
        ok + "Content-Length: 4\r\n\r\nbod", ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nbody",
        ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n",
        ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nbody",
        std::string("HTTP/1.1 100 Continue\r\n\r\n"), std::string("<html>hello</html>"),
        std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string("\x15\x03\x01\x00\x02\x02\x0a"),
        std::string("HTTP/9.9 200 OK\r\n\r\nbody"), std::string("HTTP/1.1 9 OK\r\n\r\nbody"),
        ok + "Content-Length: x\r\n\r\nbody"}) {
    Peer peer(Once(answer));
    auto reply = Get(peer);
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kDataLoss)
        << answer << reply.status() << (reply.ok() ? reply->body : "");
  }
}

TEST(HttpClient, ClosingWithoutAWordIsUnavailable) {
  for (std::string answer : {"", "HTTP/1.1 200 O"}) {
    Peer peer(Once(answer));
    EXPECT_EQ(Get(peer).status().code(), absl::StatusCode::kUnavailable);
  }
  Peer reset([](const Socket& s) {
    ReadRequest(s);
    linger hard{1, 0};
    setsockopt(s.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  });
  EXPECT_EQ(Get(reset).status().code(), absl::StatusCode::kUnavailable);
}

TEST(HttpClient, BoundsTheAnswer) {
  HttpOptions small;
  small.max_bytes = 1000;
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  Peer exact(Once(ok + "\r\n" + std::string(1000, 'x')));
  EXPECT_EQ(Get(exact, small)->body.size(), 1000u);
  for (std::string answer :
       {ok + "\r\n" + std::string(1001, 'x'), ok + "Content-Length: 1001\r\n\r\n",
        ok + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x'),
        ok + "X: " + std::string(70'000, 'x') + "\r\n\r\n",
        ok + "X: " + std::string(200'000, 'x'), "HTTP/1.1 200 " + std::string(200'000, 'x')}) {
    Peer peer(Once(answer));
    auto reply = Get(peer, small);
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kDataLoss)
        << answer.substr(0, 60) << reply.status();
  }
}

// Sends `head`, then `piece` again and again until the client is gone.
std::function<void(const Socket&)> Endless(std::string head, std::string piece, Duration pause) {
  return [=](const Socket& s) {
    ReadRequest(s);
    Deadline end = Deadline::In(20s);
    bool there = Send(s, head, end);
    while (there && !end.Over()) {
      Deadline::In(pause).Wait(s.fd(), 0);
      there = Send(s, piece, end);
    }
  };
}

TEST(HttpClient, EndlessHeadersEnd) {
  Peer lines(Endless("HTTP/1.1 200 OK\r\n", "X-A: " + std::string(1000, 'b') + "\r\n", 0s));
  auto reply = Get(lines);
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDataLoss) << reply.status();
  EXPECT_NE(std::string(reply.status().message()).find("too long"), std::string::npos);
  Peer continues(Endless("", "HTTP/1.1 100 Continue\r\n\r\n", 0s));
  reply = Get(continues);
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDataLoss) << reply.status();
}

TEST(HttpClient, NothingOutlivesItsDeadline) {
  Peer silent([](const Socket& s) { AwaitClose(s); });
  Peer dribbled_headers(Endless("HTTP/1.1 200 OK\r\nX: ", "x", 20ms));
  Peer dribbled_body(Endless("HTTP/1.1 200 OK\r\n\r\n", "x", 20ms));
  Peer stuck([](const Socket& s) {
    Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", Deadline::In(5s));
    AwaitClose(s);
  });
  for (const Peer* peer : {&silent, &dribbled_headers, &dribbled_body, &stuck}) {
    Instant begin = Clock::now();
    auto reply = Get(*peer, {}, 300ms);
    Duration took = Clock::now() - begin;
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded) << reply.status();
    EXPECT_GE(took, 290ms);
    EXPECT_LT(took, 1500ms);
  }
  Instant begin = Clock::now();
  EXPECT_EQ(Get(silent, {}, -1s).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(Clock::now() - begin, 1s);
}

TEST(HttpClient, WaitsOutWhatTheServerHasNotAnswered) {
  std::atomic<bool> thaw = false;
  std::atomic<int> requests = 0;
  Peer peer([&](const Socket& s) {
    while (!ReadRequest(s).empty()) {
      ++requests;
      Deadline limit = Deadline::In(20s);
      while (!thaw && !limit.Over()) limit.AtMost(5ms).Wait(-1, 0);
      Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(requests),
           Deadline::In(5s));
    }
  });
  HttpOptions options;
  options.wait_out = 60s;
  HttpClient client(options);
  std::string url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/";
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(absl::IsDeadlineExceeded(client.Get(url, Deadline::In(30ms)).status()));
  EXPECT_EQ(requests, 1);
  EXPECT_EQ(peer.connections(), 1);
  thaw = true;
  auto reply = client.Get(url, Deadline::In(5s));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->body, "2");  // never the answer to the old question
  EXPECT_EQ(peer.connections(), 1);
}

TEST(HttpClient, GivesUpWaitingOut) {
  std::atomic<int> requests = 0;
  Peer peer([&](const Socket& s) {
    ReadRequest(s);
    ++requests;
    AwaitClose(s);
  });
  HttpOptions options;
  options.wait_out = 100ms;
  HttpClient client(options);
  std::string url = "http://127.0.0.1:" + std::to_string(peer.port()) + "/";
  Deadline limit = Deadline::In(10s);
  while (requests < 2 && !limit.Over())
    EXPECT_TRUE(absl::IsDeadlineExceeded(client.Get(url, Deadline::In(50ms)).status()));
  EXPECT_EQ(requests, 2);
}

TEST(HttpClient, KeepsItsConnection) {
  Peer peer([](const Socket& s) {
    while (!ReadRequest(s).empty()) {
      Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Deadline::In(5s));
    }
  });
  HttpClient client;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(client.Get(UrlOf(peer, "/" + std::to_string(i)), Deadline::In(5s)).ok());
  }
  EXPECT_EQ(peer.connections(), 1);
}

TEST(HttpClient, SurvivesAServerThatClosedAKeptConnection) {
  Peer peer(Once("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  HttpClient client;
  for (int i = 0; i < 5; ++i) {
    auto reply = client.Get(UrlOf(peer), Deadline::In(5s));
    EXPECT_TRUE(reply.ok()) << reply.status();
  }
  EXPECT_EQ(peer.connections(), 5);
}

TEST(HttpClient, SendsAPlainRequest) {
  std::string request;
  auto peer = std::make_unique<Peer>([&](const Socket& s) {
    request = ReadRequest(s);
    Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Deadline::In(5s));
  });
  HttpOptions options;
  options.user = "me";
  options.password = "hunter:2";
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  auto reply = HttpClient(options).Get(UrlOf(*peer, "/a?b=c"), Deadline::In(5s));
  unsetenv("http_proxy");
  EXPECT_TRUE(reply.ok()) << reply.status();
  std::string host = "Host: 127.0.0.1:" + std::to_string(peer->port());
  peer = nullptr;  // its thread wrote the request
  EXPECT_EQ(request, "GET /a?b=c HTTP/1.1\r\n" + host +
                         "\r\nAuthorization: Basic bWU6aHVudGVyOjI=\r\n"
                         "User-Agent: sentinel-exporter\r\nAccept: */*\r\n\r\n");
}

TEST(HttpClient, RefusedIsUnavailable) {
  int port = Listen("127.0.0.1", 0, 1).port;
  std::string at = "127.0.0.1:" + std::to_string(port);
  auto reply = HttpClient().Get("http://u:secret@" + at + "/p?token=secret", Deadline::In(5s));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(std::string(reply.status().message()), "GET http://" + at + "/p: refused");
}

TEST(HttpClient, RefusesUrlsItCannotUse) {
  for (const std::string& url :
       {std::string(), std::string("127.0.0.1:80"), std::string("ftp://127.0.0.1/"),
        std::string("file:///etc/passwd"), std::string("http://"),
        std::string("http://b\xC3\xBC" "cher.example/"),
        std::string("http://127.0.0.1:99999/"), std::string("http://u:secret@h o/"),
        std::string("http://127.0.0.1/\0x", 19), std::string("gopher://secret@h/")}) {
    auto reply = HttpClient().Get(url, Deadline::In(5s));
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kInvalidArgument) << url << reply.status();
    EXPECT_EQ(std::string(reply.status().message()).find("secret"), std::string::npos);
  }
}

TEST(HttpClient, AnUnreachableNameIsUnavailable) {
  auto reply = HttpClient().Get("http://a..b/", Deadline::In(5s));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnavailable) << reply.status();
}

TEST(HttpClient, ReadsOurOwnServer) {
  auto server = HttpServer::Start("127.0.0.1:0", [](const HttpRequest& r) {
    return HttpResponse{200, "text/plain", r.path + std::string(100'000, 'x')};
  });
  ASSERT_TRUE(server.ok()) << server.status();
  HttpClient client;
  for (int i = 0; i < 20; ++i) {
    auto reply = client.Get("http://localhost:" + std::to_string((*server)->port()) + "/p",
                            Deadline::In(5s));
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->body, "/p" + std::string(100'000, 'x'));
  }
}

ISOLATED_TEST(HttpClientIsolated, TheNameIsOurs) {
  NameServer server;
  server.Set("127.0.0.9");
  Listener listener = Listen("127.0.0.9", 0, 8);
  std::thread([fd = listener.socket.fd()] {
    while (true) {
      Socket s(accept(fd, nullptr, nullptr));
      ReadRequest(s);
      Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Deadline::In(5s));
    }
  }).detach();
  std::string port = ":" + std::to_string(listener.port);
  HttpClient client;
  for (std::string name : {"a.example", "A.Example", "b.example."}) {
    int before = server.queries;
    auto reply = client.Get("http://" + name + port + "/", Deadline::In(5s));
    if (!reply.ok()) std::cerr << name << ": " << reply.status() << '\n';
    CHECK_THAT(reply.ok());
    CHECK_THAT(server.queries <= before + 1);  // ours, and none of curl's
  }
  server.mode = NameServer::Mode::kSilent;
  Instant begin = Clock::now();
  auto late = client.Get("http://c.example" + port + "/", Deadline::In(300ms));
  CHECK_THAT(absl::IsDeadlineExceeded(late.status()));
  CHECK_THAT(Clock::now() - begin < 1500ms);
}

ISOLATED_TEST(HttpClientIsolated, OurOwnLackOfDescriptorsIsNotTheTargetsFault) {
  Listener listener = Listen("127.0.0.1", 0, 8);
  std::string url = "http://127.0.0.1:" + std::to_string(listener.port) + "/";
  HttpClient client;
  CHECK_THAT(absl::IsDeadlineExceeded(client.Get(url, Deadline::In(50ms)).status()));
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 100;
  setrlimit(RLIMIT_NOFILE, &limit);
  while (dup(0) >= 0) {
  }
  auto reply = client.Get(url, Deadline::In(1s));
  if (!absl::IsResourceExhausted(reply.status())) std::cerr << reply.status() << '\n';
  CHECK_THAT(absl::IsResourceExhausted(reply.status()));
  CHECK_THAT(absl::IsResourceExhausted(HttpClient().Get(url, Deadline::In(1s)).status()));
}

}  // namespace
