#include "common/stream.h"

#include <fstream>
#include <future>

#include <gtest/gtest.h>

#include "tests/common/peer.h"
#include "tests/common/tls_peer.h"

using namespace std::chrono_literals;

namespace {

StreamOptions To(const Peer& peer) { return {"127.0.0.1", peer.port(), {}}; }

StreamOptions TlsTo(const Peer& peer, const Certificate& ca) {
  StreamOptions o = To(peer);
  o.tls = TlsOptions();
  o.tls->ca_file = ca.cert_file();
  return o;
}

// A TLS server that answers each thing it hears with `reply`.
std::function<void(const Socket&)> Serve(const Certificate& own, std::string reply = "pong",
                                         const Certificate* client_ca = nullptr) {
  return [&own, reply, client_ca](const Socket& s) {
    TlsSession tls(s, own, client_ca);
    while (!tls.Answer(reply).empty()) {
    }
  };
}

absl::StatusOr<std::string> Read(Stream& stream, const Deadline& deadline, std::size_t size = 100) {
  std::string text(size, '\0');
  auto n = stream.Receive(text.data(), text.size(), deadline);
  if (!n.ok()) return n.status();
  return text.substr(0, *n);
}

// Connects, asks, and gives the answer.
absl::StatusOr<std::string> Ask(const StreamOptions& options) {
  Stream stream(options);
  Deadline deadline = Deadline::In(10s);
  if (auto s = stream.Connect(deadline); !s.ok()) return s;
  if (auto s = stream.Send("ping", deadline); !s.ok()) return s;
  return Read(stream, deadline);
}

void ExpectFailure(const StreamOptions& options, absl::StatusCode code, const std::string& what) {
  auto answer = Ask(options);
  EXPECT_EQ(answer.status().code(), code) << answer.status();
  std::string message(answer.status().message());
  EXPECT_NE(message.find(what), std::string::npos) << message;
  std::string name = "127.0.0.1:" + std::to_string(options.port);
  EXPECT_NE(message.find(name), std::string::npos) << message;
}

TEST(Stream, AsksAndHears) {
  Peer peer([](const Socket& s) {
    std::string heard;
    Receive(s, heard, Deadline::In(5s), [](auto& t) { return t == "ping"; });
    Send(s, "pong", Deadline::In(5s));
  });
  Stream stream(To(peer));
  EXPECT_EQ(stream.fd(), -1);
  EXPECT_EQ(stream.Send("x", Deadline::In(1s)).code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(stream.Connect(Deadline::In(5s)).ok());
  ASSERT_TRUE(stream.Send("ping", Deadline::In(5s)).ok());
  auto answer = Read(stream, Deadline::In(5s));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, "pong");
  auto end = Read(stream, Deadline::In(5s));
  EXPECT_EQ(std::string(end.status().message()), stream.name() + ": closed by the peer");
  EXPECT_EQ(end.status().code(), absl::StatusCode::kUnavailable);
}

TEST(Stream, SilenceEndsAtTheDeadlineAndNothingElse) {
  Peer peer([](const Socket& s) {
    std::string heard;
    Receive(s, heard, Deadline::In(5s), [](auto& t) { return t == "ping"; });
    Send(s, "pong", Deadline::In(5s));
    AwaitClose(s);
  });
  Stream stream(To(peer));
  ASSERT_TRUE(stream.Connect(Deadline::In(5s)).ok());
  Instant begin = Clock::now();
  auto silence = Read(stream, Deadline::In(200ms));
  EXPECT_EQ(silence.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(Clock::now() - begin, 200ms);
  EXPECT_LT(Clock::now() - begin, 1500ms);
  ASSERT_TRUE(stream.Send("ping", Deadline::In(5s)).ok());
  EXPECT_EQ(*Read(stream, Deadline::In(5s)), "pong");
}

TEST(Stream, WhoDoesNotReadEndsAtTheDeadline) {
  std::promise<void> over;
  Peer peer([ended = over.get_future().share()](const Socket&) { ended.wait(); });
  Stream stream(To(peer));
  ASSERT_TRUE(stream.Connect(Deadline::In(5s)).ok());
  Instant begin = Clock::now();
  auto sent = stream.Send(std::string(64 << 20, 'x'), Deadline::In(300ms));
  over.set_value();
  EXPECT_EQ(sent.code(), absl::StatusCode::kDeadlineExceeded) << sent;
  EXPECT_LT(Clock::now() - begin, 2s);
}

TEST(StreamTls, AsksAndHears) {
  Certificate own("DNS:localhost,IP:127.0.0.1");
  Peer peer(Serve(own));
  auto answer = Ask(TlsTo(peer, own));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, "pong");
  StreamOptions by_name = TlsTo(peer, own);
  by_name.host = "localhost";
  EXPECT_TRUE(Ask(by_name).ok());
}

TEST(StreamTls, HoldsBytesThatTheSocketNoLongerHas) {
  Certificate own("IP:127.0.0.1");
  Peer peer(Serve(own, "0123456789"));
  Stream stream(TlsTo(peer, own));
  ASSERT_TRUE(stream.Connect(Deadline::In(5s)).ok());
  ASSERT_TRUE(stream.Send("ping", Deadline::In(5s)).ok());
  EXPECT_EQ(*Read(stream, Deadline::In(5s), 4), "0123");
  EXPECT_EQ(stream.pending(), 6u);
  EXPECT_EQ(*Read(stream, Deadline(Clock::now()), 4), "4567");
  EXPECT_EQ(*Read(stream, Deadline(Clock::now())), "89");
  EXPECT_EQ(stream.pending(), 0u);
}

TEST(StreamTls, SaysWhyItDoesNotTrust) {
  Certificate stranger("IP:127.0.0.1"), elsewhere("DNS:other.example"),
      expired("IP:127.0.0.1", -60), ca("DNS:ca");
  struct Case { const Certificate& own; const Certificate& ca; std::string what; };
  for (const Case& c : {Case{stranger, ca, "of an authority that is not trusted"},
                        Case{elsewhere, elsewhere, "the certificate is not for 127.0.0.1"},
                        Case{expired, expired, "the certificate has expired"}}) {
    Peer peer(Serve(c.own));
    ExpectFailure(TlsTo(peer, c.ca), absl::StatusCode::kPermissionDenied, c.what);
    StreamOptions careless = TlsTo(peer, c.ca);
    careless.tls->verify = TlsOptions::Verify::kNone;
    EXPECT_TRUE(Ask(careless).ok()) << c.what;
  }
}

TEST(StreamTls, TheNameCanBeGivenOrLeftOut) {
  Certificate own("DNS:redis.example");
  Peer peer(Serve(own));
  StreamOptions options = TlsTo(peer, own);
  options.tls->server_name = "redis.example";
  EXPECT_TRUE(Ask(options).ok());
  options.tls->server_name = "other.example";
  ExpectFailure(options, absl::StatusCode::kPermissionDenied, "is not for other.example");
  options.tls->verify = TlsOptions::Verify::kCa;
  EXPECT_TRUE(Ask(options).ok());
}

TEST(StreamTls, ShowsItsCertificate) {
  Certificate own("IP:127.0.0.1"), client("DNS:client"), stranger("DNS:stranger");
  Peer peer(Serve(own, "pong", &client));
  StreamOptions options = TlsTo(peer, own);
  ExpectFailure(options, absl::StatusCode::kPermissionDenied,
                "the peer wants a certificate of ours, and none is configured");
  options.tls->cert_file = stranger.cert_file();
  options.tls->key_file = stranger.key_file();
  ExpectFailure(options, absl::StatusCode::kPermissionDenied,
                "the peer does not accept our certificate");
  options.tls->cert_file = client.cert_file();
  options.tls->key_file = client.key_file();
  auto answer = Ask(options);
  EXPECT_TRUE(answer.ok()) << answer.status();
}

TEST(StreamTls, FilesAreReadAgainWhenTheyChanged) {
  Certificate own("IP:127.0.0.1"), client("DNS:client");
  Peer peer(Serve(own, "pong", &client));
  StreamOptions options = TlsTo(peer, own);
  std::string cert = testing::TempDir() + "/stream_cert.pem", key = cert + ".key";
  options.tls->cert_file = cert;
  options.tls->key_file = key;
  auto copy = [](const std::string& from, const std::string& to) {
    std::ofstream(to) << std::ifstream(from).rdbuf();
  };
  std::ofstream(cert) << "no certificate";
  Stream stream(options);
  auto bad = stream.Connect(Deadline::In(5s));
  EXPECT_EQ(bad.code(), absl::StatusCode::kInternal) << bad;
  EXPECT_NE(std::string(bad.message()).find(cert), std::string::npos) << bad;
  copy(client.cert_file(), cert);
  copy(own.key_file(), key);
  bad = stream.Connect(Deadline::In(5s));
  EXPECT_EQ(bad.code(), absl::StatusCode::kInternal) << bad;
  EXPECT_NE(std::string(bad.message()).find(key), std::string::npos) << bad;
  copy(client.key_file(), key);
  auto good = stream.Connect(Deadline::In(5s));
  EXPECT_TRUE(good.ok()) << good;
  unlink(cert.c_str());
  unlink(key.c_str());
}

TEST(StreamTls, ABadCaFileIsOurFault) {
  Certificate own("IP:127.0.0.1");
  Peer peer(Serve(own));
  StreamOptions options = TlsTo(peer, own);
  options.tls->ca_file = "/nonexistent/ca.pem";
  Stream stream(options);
  auto bad = stream.Connect(Deadline::In(5s));
  EXPECT_EQ(bad.code(), absl::StatusCode::kInternal) << bad;
  EXPECT_NE(std::string(bad.message()).find("/nonexistent/ca.pem"), std::string::npos) << bad;
}

TEST(StreamTls, APeerWithoutTlsIsDataLoss) {
  Certificate own("IP:127.0.0.1");
  Peer plain([](const Socket& s) {
    Send(s, "-ERR unknown command\r\n", Deadline::In(5s));
    AwaitClose(s);
  });
  ExpectFailure(TlsTo(plain, own), absl::StatusCode::kDataLoss, "is no TLS");
  Peer closing([](const Socket& s) { shutdown(s.fd(), SHUT_WR); AwaitClose(s); });
  ExpectFailure(TlsTo(closing, own), absl::StatusCode::kUnavailable, "in the TLS handshake");
}

// Silent, or with one byte of a handshake record now and then: neither outlives the deadline.
TEST(StreamTls, AHandshakeEndsAtTheDeadline) {
  Certificate own("IP:127.0.0.1");
  Peer silent([](const Socket& s) { AwaitClose(s); });
  Peer dribbling([](const Socket& s) {
    std::string record("\x16\x03\x03\x3f\x00", 5);
    record += std::string(2000, '\0');
    for (char c : record) {
      Send(s, std::string(1, c), Deadline::In(1s));
      if (Deadline::In(50ms).Wait(s.fd(), POLLRDHUP) & POLLRDHUP) return;
    }
  });
  for (Peer* peer : {&silent, &dribbling}) {
    Stream stream(TlsTo(*peer, own));
    Instant begin = Clock::now();
    auto end = stream.Connect(Deadline::In(400ms));
    EXPECT_EQ(end.code(), absl::StatusCode::kDeadlineExceeded) << end;
    EXPECT_LT(Clock::now() - begin, 1500ms);
    EXPECT_FALSE(stream.open());
  }
}

TEST(StreamTls, APeerThatIsGoneIsNoSignal) {
  Certificate own("IP:127.0.0.1");
  Peer peer([&](const Socket& s) { TlsSession tls(s, own); });
  Stream stream(TlsTo(peer, own));
  ASSERT_TRUE(stream.Connect(Deadline::In(5s)).ok());
  absl::Status sent;
  Deadline deadline = Deadline::In(10s);
  while (sent.ok() && !deadline.Over()) sent = stream.Send("ping", deadline);
  EXPECT_EQ(sent.code(), absl::StatusCode::kUnavailable) << sent;
}

}  // namespace
