#include <gtest/gtest.h>

#include "common/http_client.h"
#include "tests/common/peer.h"
#include "tests/common/testing/files.h"
#include "tests/common/tls_peer.h"

using namespace std::chrono_literals;

namespace {

const std::string kReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// The certificate that stands for the system's CAs: OpenSSL takes them from this variable. It is
// read once, by the first client that needs it.
const Certificate& SystemCa() {
  static const Certificate ca("IP:127.0.0.1");
  setenv("SSL_CERT_FILE", ca.cert_file(), 1);
  return ca;
}

std::function<void(const Socket&)> Serve(const Certificate& own, std::string reply = kReply,
                                         const Certificate* client_ca = nullptr) {
  return [&own, reply, client_ca](const Socket& s) {
    TlsSession tls(s, own, client_ca);
    if (!tls.ok()) {  // the alert is lost if we close with the request unread
      shutdown(s.fd(), SHUT_WR);
      return AwaitClose(s);
    }
    while (!tls.Answer(reply).empty() && reply == kReply) {
    }
  };
}

absl::StatusOr<HttpReply> Get(int port, HttpOptions options) {
  SystemCa();
  return HttpClient(std::move(options))
      .Get("https://127.0.0.1:" + std::to_string(port) + "/", Deadline::In(10s));
}
absl::StatusOr<HttpReply> Get(const Peer& peer, HttpOptions options = {}) {
  return Get(peer.port(), std::move(options));
}

HttpOptions Trusting(const Certificate& ca) {
  HttpOptions options;
  options.ca_file = ca.cert_file();
  return options;
}

TEST(HttpClientTls, TrustsTheGivenCa) {
  Certificate own("IP:127.0.0.1");
  Peer peer(Serve(own));
  auto reply = Get(peer, Trusting(own));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->body, "ok");
}

TEST(HttpClientTls, TrustsTheSystemsCas) {
  Peer peer(Serve(SystemCa()));
  for (int i = 0; i < 3; ++i) {
    auto reply = Get(peer);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->body, "ok");
  }
}

TEST(HttpClientTls, KeepsItsConnection) {
  Certificate own("IP:127.0.0.1");
  Peer peer(Serve(own));
  HttpClient client(Trusting(own));
  for (int i = 0; i < 5; ++i) {
    auto reply = client.Get("https://127.0.0.1:" + std::to_string(peer.port()), Deadline::In(5s));
    EXPECT_TRUE(reply.ok()) << reply.status();
  }
  EXPECT_EQ(peer.connections(), 1);
}

TEST(HttpClientTls, WhoCannotBeVerifiedIsDenied) {
  Certificate stranger("IP:127.0.0.1"), elsewhere("DNS:other.example"),
      expired("IP:127.0.0.1", -60);
  struct Case { const Certificate& own; HttpOptions options; std::string what; };
  for (const Case& c : {Case{stranger, {}, "self-signed"}, Case{stranger, Trusting(SystemCa()), ""},
                        Case{elsewhere, Trusting(elsewhere), "127.0.0.1"},
                        Case{expired, Trusting(expired), "expired"}}) {
    Peer peer(Serve(c.own));
    auto reply = Get(peer, c.options);
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kPermissionDenied) << reply.status();
    EXPECT_NE(std::string(reply.status().message()).find(c.what), std::string::npos)
        << reply.status();
  }
}

TEST(HttpClientTls, MayExpectAnotherNameThanTheUrls) {
  Certificate own("DNS:pi.hole");
  std::string request;
  auto peer = std::make_unique<Peer>([&](const Socket& s) {
    TlsSession tls(s, own);
    request = tls.Answer(kReply);
    if (!tls.ok()) AwaitClose(s);
  });
  HttpOptions options = Trusting(own);
  EXPECT_EQ(Get(*peer, options).status().code(), absl::StatusCode::kPermissionDenied);
  options.server_name = "other.example";
  EXPECT_EQ(Get(*peer, options).status().code(), absl::StatusCode::kPermissionDenied);
  options.server_name = "pi.hole";
  auto reply = Get(*peer, options);
  EXPECT_TRUE(reply.ok()) << reply.status();
  std::string host = "Host: 127.0.0.1:" + std::to_string(peer->port()) + "\r\n";
  int port = peer->port();
  peer = nullptr;  // its thread wrote the request
  EXPECT_NE(request.find(host), request.npos) << request;
  auto status = Get(port, options).status();
  EXPECT_NE(status.message().find("https://127.0.0.1:"), std::string::npos) << status;
}

TEST(HttpClientTls, ReadsARenewedCaFile) {
  Certificate old("IP:127.0.0.1"), renewed("IP:127.0.0.1");
  Peer peer(Serve(renewed));
  TemporaryDirectory directory;
  HttpOptions options;
  options.ca_file = directory / "ca.pem";
  WriteText(options.ca_file, ReadText(old.cert_file()));
  HttpClient client(options);
  std::string url = "https://127.0.0.1:" + std::to_string(peer.port()) + "/";
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(client.Get(url, Deadline::In(5s)).status().code(),
              absl::StatusCode::kPermissionDenied);
  WriteText(options.ca_file, ReadText(renewed.cert_file()));
  auto reply = client.Get(url, Deadline::In(5s));
  EXPECT_TRUE(reply.ok()) << reply.status();
}

TEST(HttpClientTls, SkipsVerificationOnlyWhenTold) {
  Certificate own("DNS:elsewhere", -60);
  Peer peer(Serve(own));
  EXPECT_EQ(Get(peer).status().code(), absl::StatusCode::kPermissionDenied);
  HttpOptions options;
  options.skip_verification = true;
  auto reply = Get(peer, options);
  EXPECT_TRUE(reply.ok()) << reply.status();
}

TEST(HttpClientTls, ShowsItsCertificate) {
  Certificate own("IP:127.0.0.1"), client("DNS:client");
  Peer peer(Serve(own, kReply, &client));
  HttpOptions options = Trusting(own);
  auto reply = Get(peer, options);
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kPermissionDenied) << reply.status();
  options.cert_file = client.cert_file();
  options.key_file = client.key_file();
  reply = Get(peer, options);
  EXPECT_TRUE(reply.ok()) << reply.status();
}

TEST(HttpClientTls, UnusableFilesAreTheConfigurationsFault) {
  Certificate own("IP:127.0.0.1");
  Peer peer(Serve(own));
  HttpOptions options;
  options.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(Get(peer, options).status().code(), absl::StatusCode::kInvalidArgument);
  options = Trusting(own);
  options.cert_file = options.key_file = "/nonexistent/cert.pem";
  EXPECT_EQ(Get(peer, options).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HttpClientTls, ACutStreamIsDataLoss) {
  Certificate own("IP:127.0.0.1");
  for (std::string reply : {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo",
                            "HTTP/1.1 200 OK\r\n"}) {
    Peer cut(Serve(own, reply));
    auto got = Get(cut, Trusting(own));
    EXPECT_EQ(got.status().code(), absl::StatusCode::kDataLoss) << reply << got.status();
  }
}

TEST(HttpClientTls, APeerWithoutTlsIsUnavailable) {
  Peer plain([](const Socket& s) {
    std::string hello;
    Receive(s, hello, Deadline::In(5s), [](auto& t) { return !t.empty(); });
    Send(s, "HTTP/1.1 400 Bad Request\r\n\r\n", Deadline::In(5s));
  });
  EXPECT_EQ(Get(plain).status().code(), absl::StatusCode::kUnavailable);
  Peer closing([](const Socket&) {});
  EXPECT_EQ(Get(closing).status().code(), absl::StatusCode::kUnavailable);
}

TEST(HttpClientTls, ASilentHandshakeEndsAtTheDeadline) {
  Peer peer([](const Socket& s) { AwaitClose(s); });
  Instant begin = Clock::now();
  auto reply = HttpClient().Get("https://127.0.0.1:" + std::to_string(peer.port()) + "/",
                                Deadline::In(300ms));
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDeadlineExceeded) << reply.status();
  EXPECT_LT(Clock::now() - begin, 1500ms);
}

}  // namespace
