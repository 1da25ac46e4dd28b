#include "common/http_server.h"

#include <sys/resource.h>

#include <atomic>
#include <iostream>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "common/guarded.h"
#include "tests/common/loopback.h"
#include "zlib.h"

using namespace std::chrono_literals;

namespace {

const std::string kPage(200'000, 'x');

// What requests to /held wait for.
struct Gate {
  bool open = false;
  int waiting = 0;
};
Guarded<Gate>& TheGate() {
  static Guarded<Gate> gate;
  return gate;
}

HttpResponse Handle(const HttpRequest& r) {
  if (r.path == "/page") return {200, "text/plain", kPage};
  if (r.path == "/huge") return {200, "text/plain", std::string(64 << 20, 'h')};
  if (r.path == "/missing") return {404, "text/plain", "missing\n"};
  if (r.path == "/held") {
    TheGate().Change([](Gate& g) { ++g.waiting; });
    TheGate().Await(
        Clock::now() + 20s, [](Gate& g) { return g.open; }, [](Gate& g) { --g.waiting; });
    return {200, "text/plain", kPage};
  }
  return {200, "text/plain", r.method + "|" + r.path + "|" + r.accept + "|" + r.accept_encoding +
                                 "|" + r.scrape_timeout};
}

class HttpServerTest : public testing::Test {
 protected:
  // One server for all: civetweb takes two seconds to stop.
  static void SetUpTestSuite() {
    auto server = HttpServer::Start("127.0.0.1:0", Handle);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = server->release();
  }
  static void TearDownTestSuite() { delete server_; }

  static Socket Connect() {
    auto s = Dial("127.0.0.1", server_->port(), Deadline::In(10s));
    EXPECT_TRUE(s.ok()) << s.status();
    return s.ok() ? *std::move(s) : Socket();
  }
  static bool Healthy();

  static HttpServer* server_;
};
HttpServer* HttpServerTest::server_ = nullptr;

struct Reply {
  int code = 0;
  std::map<std::string, std::string> headers;
  std::string body;
};

// Reads one reply with a Content-Length; code 0 if it is not a whole one.
Reply ReadReply(const Socket& s, bool head = false) {
  std::string text;
  std::size_t end = text.npos;
  Reply reply;
  auto whole = [&](const std::string& t) {
    end = t.find("\r\n\r\n");
    if (end == t.npos) return false;
    std::size_t length = t.find("Content-Length: ");
    if (length == t.npos || length > end) return true;
    return head || t.size() >= end + 4 + std::stoul(t.substr(length + 16));
  };
  Receive(s, text, Deadline::In(10s), whole);
  if (!whole(text)) return reply;
  reply.code = std::stoi(text.substr(9, 3));
  reply.body = text.substr(end + 4);
  for (std::size_t at = text.find("\r\n"); at != end;) {
    std::size_t next = text.find("\r\n", at + 2), colon = text.find(": ", at);
    reply.headers[text.substr(at + 2, colon - at - 2)] = text.substr(colon + 2, next - colon - 2);
    at = next;
  }
  return reply;
}

Reply Ask(const Socket& s, const std::string& method, const std::string& path,
          const std::string& headers = "") {
  Send(s, method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n", Deadline::In(5s));
  return ReadReply(s, method == "HEAD");
}

bool HttpServerTest::Healthy() { return Ask(Connect(), "GET", "/-/healthy").code == 200; }

TEST_F(HttpServerTest, HandsTheRequestOver) {
  Reply r = Ask(Connect(), "GET", "/a/b?c=d",
                "Accept: text/plain\r\naccept-encoding: br\r\n"
                "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n");
  EXPECT_EQ(r.code, 200);
  EXPECT_EQ(r.body, "GET|/a/b|text/plain|br|10");
  EXPECT_EQ(r.headers["Content-Type"], "text/plain");
}

TEST_F(HttpServerTest, KeepsOneConnectionForEveryKindOfReply) {
  Socket s = Connect();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask(s, "GET", "/").body, "GET|/|||");
    Reply head = Ask(s, "HEAD", "/page");
    EXPECT_EQ(head.code, 200);
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(head.headers["Content-Length"], std::to_string(kPage.size()));
    EXPECT_EQ(Ask(s, "GET", "/missing").code, 404);
    EXPECT_EQ(Ask(s, "POST", "/").body, "POST|/|||");
    EXPECT_EQ(Ask(s, "POST", "/", "Content-Length: 0\r\n").body, "POST|/|||");
    Reply put = Ask(s, "PUT", "/");
    EXPECT_EQ(put.code, 405);
    EXPECT_EQ(put.headers["Allow"], "GET, HEAD, POST");
    EXPECT_EQ(Ask(s, "GET", "/page").body, kPage);
    EXPECT_EQ(Ask(s, "POST", "/", "Content-Length: 5\r\n\r\nhello").body, "POST|/|||");
  }
}

TEST_F(HttpServerTest, ClosesWhenAsked) {
  for (std::string request : {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                              "GET / HTTP/1.0\r\n\r\n"}) {
    Socket s = Connect();
    std::string text;
    Send(s, request, Deadline::In(5s));
    Receive(s, text, Deadline::In(10s), [](auto&) { return false; });
    EXPECT_NE(text.find("Connection: close"), text.npos);
    EXPECT_TRUE(text.ends_with("GET|/|||"));
    char c;
    EXPECT_EQ(recv(s.fd(), &c, 1, MSG_DONTWAIT), 0) << strerror(errno);
  }
  Socket s = Connect();
  for (int i = 0; i < 2; ++i) {
    Send(s, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", Deadline::In(5s));
    EXPECT_EQ(ReadReply(s).headers["Connection"], "keep-alive");
  }
}

std::string Gunzip(const std::string& text, std::size_t size) {
  std::string out(size + 1, '\0');
  z_stream z{};
  EXPECT_EQ(inflateInit2(&z, 31), Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  inflateEnd(&z);
  return out;
}

TEST_F(HttpServerTest, CompressesForThoseWhoAcceptIt) {
  Socket s = Connect();
  Reply r = Ask(s, "GET", "/page", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(r.headers["Content-Encoding"], "gzip");
  EXPECT_EQ(r.headers["Vary"], "Accept-Encoding");
  EXPECT_LT(r.body.size(), 5000u);
  EXPECT_EQ(Gunzip(r.body, kPage.size()), kPage);
  EXPECT_EQ(Ask(s, "HEAD", "/page", "Accept-Encoding: gzip\r\n").headers["Content-Length"],
            r.headers["Content-Length"]);
  EXPECT_EQ(Ask(s, "GET", "/page", "Accept-Encoding: gzip;q=0\r\n").body, kPage);
  EXPECT_EQ(Ask(s, "GET", "/", "Accept-Encoding: gzip\r\n").headers.count("Content-Encoding"), 0u);
}

TEST_F(HttpServerTest, SurvivesEveryOddity) {
  auto repeat = [](const std::string& s, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += s;
    return out;
  };
  struct Case { std::string name, request; std::vector<int> codes; };  // 0: closed without a reply
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n";
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  for (const Case& c : std::vector<Case>{
           {"junk", "\x01\x02\x03 junk\r\n\r\n", {400, 0}},
           {"zeros", std::string(1000, '\0') + "\r\n\r\n", {400, 0}},
           {"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400, 0}},
           {"no version", "GET /\r\n\r\n", {400, 505, 0}},
           {"version 9", "GET / HTTP/9.9\r\n\r\n", {505, 400, 0}},
           {"unknown method", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", {400, 405, 501, 0}},
           {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 405, 505, 0}},
           {"h2c", get + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                         "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", {200}},
           {"websocket", get + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", {200}},
           {"long header", get + "X: " + std::string(20'000, 'x') + "\r\n\r\n", {400, 413, 431, 0}},
           {"long path", "GET /" + std::string(15'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
            {200, 400, 414, 0}},
           {"200 headers", get + repeat("X-A: b\r\n", 200) + "\r\n", {200, 400, 413, 431}},
           {"chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "5\r\nhello\r\n0\r\n\r\n", {200}},
           {"bad chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "zz\r\nhello\r\n0\r\n\r\n", {200, 400}},
           {"length and chunked", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {200, 400}},
           {"bad length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", {400, 411}},
           {"negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
            {400, 411}},
           {"absolute", "GET http://x/abs HTTP/1.1\r\nHost: x\r\n\r\n", {200, 400, 0}},
           {"proxy", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", {400, 405, 0}},
           {"options", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", {405, 0}},
           {"cors", "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: http://y\r\n"
                    "Access-Control-Request-Method: GET\r\n\r\n", {405}},
           {"webdav", "PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n", {405}},
           {"upload", "PUT /evil HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nevil", {405}},
           {"delete", "DELETE /etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", {405}},
           {"traversal", "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", {200, 400, 404}},
           {"encoded traversal", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
            {200, 400, 404}},
           {"encoded zero", "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", {200, 400, 404}},
           {"authorization", get + "Authorization: Digest x\r\n\r\n", {200}}}) {
    Socket s = Connect();
    Send(s, c.request, Deadline::In(5s));
    shutdown(s.fd(), SHUT_WR);
    Reply reply = ReadReply(s);
    EXPECT_NE(std::find(c.codes.begin(), c.codes.end(), reply.code), c.codes.end())
        << c.name << ": " << reply.code;
    EXPECT_EQ(reply.body.find("root:"), reply.body.npos) << c.name;
    EXPECT_TRUE(Healthy()) << c.name;
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(HttpServerTest, AnswersALongBodyAndCloses) {
  Socket s = Connect();
  Send(s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" +
              std::string(100'000, 'x'), Deadline::In(5s));
  Reply r = ReadReply(s);
  EXPECT_EQ(r.code, 200);
  EXPECT_EQ(r.headers["Connection"], "close");
}

TEST_F(HttpServerTest, DrainWaitsForRequestsInFlight) {
  TheGate().With([](Gate& g) { g.open = false; });
  EXPECT_TRUE(server_->Drain(Deadline::In(5s)));
  Socket s = Connect();
  Send(s, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n", Deadline::In(5s));
  ASSERT_TRUE(TheGate().Await(Clock::now() + 10s, [](Gate& g) { return g.waiting == 1; },
                              [](Gate& g) { return g.waiting == 1; }));
  EXPECT_FALSE(server_->Drain(Deadline::In(50ms)));
  std::thread opener([] { TheGate().Change([](Gate& g) { g.open = true; }); });
  EXPECT_TRUE(server_->Drain(Deadline::In(10s)));
  opener.join();
  EXPECT_EQ(ReadReply(s).body, kPage);
}

TEST_F(HttpServerTest, AThousandIdleConnectionsDelayNobody) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 1100) GTEST_SKIP() << "needs 1,100 descriptors";
  std::vector<Socket> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(Connect());
  double worst = 0;
  for (int i = 0; i < 10; ++i) {
    Instant begin = Clock::now();
    EXPECT_TRUE(Healthy());
    worst = std::max(worst, Seconds(Clock::now() - begin));
  }
  std::cout << "slowest of 10 answers with 1,000 idle connections: " << worst * 1000 << " ms\n";
  EXPECT_LT(worst, 1.0);
}

TEST_F(HttpServerTest, AReaderWhoStopsCostsOneThread) {
  Socket s = Connect();
  Send(s, "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n", Deadline::In(5s));
  EXPECT_TRUE(Healthy());
  EXPECT_TRUE(server_->Drain(Deadline::In(30s)));
}

TEST_F(HttpServerTest, ServesManyAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      Socket s = Connect();
      for (int i = 0; i < 50; ++i) {
        if (Ask(s, "GET", "/page").body == kPage) ++good;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 16 * 50);
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  std::string taken = "127.0.0.1:" + std::to_string(server_->port());
  absl::Status status = HttpServer::Start(taken, Handle).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  std::string message(status.message());
  EXPECT_TRUE(message.starts_with("listen on " + taken + ": ")) << message;
  EXPECT_NE(message.find("Address already in use"), message.npos) << message;
  status = HttpServer::Start("192.0.2.1:0", Handle).status();
  EXPECT_NE(std::string(status.message()).find("Cannot assign requested address"), message.npos);
  EXPECT_EQ(HttpServer::Start("9100", Handle).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HttpServer, ListensOnAllAddresses) {
  auto server = HttpServer::Start(":0", Handle);
  ASSERT_TRUE(server.ok()) << server.status();
  auto s = Dial("127.0.0.1", (*server)->port(), Deadline::In(5s));
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(Ask(*s, "GET", "/").code, 200);
}

TEST(HttpServer, TakesANameAndIpv6WhereItCan) {
  auto local = HttpServer::Start("localhost:0", Handle);
  EXPECT_TRUE(local.ok()) << local.status();
  auto v6 = HttpServer::Start("[::1]:0", Handle);
  if (v6.ok()) {
    auto s = Dial("::1", (*v6)->port(), Deadline::In(5s));
    ASSERT_TRUE(s.ok()) << s.status();
    EXPECT_EQ(Ask(*s, "GET", "/").code, 200);
  } else {
    EXPECT_EQ(v6.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(std::string(v6.status().message()).starts_with("listen on [::1]:0: "));
  }
}

}  // namespace
