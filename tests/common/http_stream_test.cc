#include "common/http_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/common/peer.h"
#include "tests/common/post_peer.h"
#include "tests/common/tls_peer.h"

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string Chunk(const std::string& data) {
  char size[20];
  snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

// Sends each piece when the test says so, and then waits for the client to go.
class Pusher {
 public:
  explicit Pusher(std::vector<std::string> pieces)
      : pieces_(std::move(pieces)), peer_([this](const Socket& s) { Serve(s); }) {}
  ~Pusher() { released_ = 1000; }
  void Push() { ++released_; }
  const Peer& peer() const { return peer_; }

 private:
  void Serve(const Socket& s) {
    ReadPost(s);
    Deadline limit = Deadline::In(20s);
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      while (released_ <= static_cast<int>(i) && !limit.Over()) limit.AtMost(2ms).Wait(-1, 0);
      if (pieces_[i].empty()) return;  // closes
      Send(s, pieces_[i], limit);
    }
    AwaitClose(s);
  }
  const std::vector<std::string> pieces_;
  std::atomic<int> released_{1};
  Peer peer_;
};

std::string UrlOf(const Peer& peer) {
  return "http://127.0.0.1:" + std::to_string(peer.port()) + "/v3/watch?secret";
}

absl::Status Open(HttpStream& stream, const Peer& peer, Duration timeout = 10s) {
  return stream.Open(UrlOf(peer), "{}", Deadline::In(timeout), "token");
}

Deadline AtOnce() { return Deadline(Clock::now()); }

TEST(HttpStream, SleepsOnItsDescriptorUntilTheServerPushes) {
  Pusher pusher({kOk + Chunk("one\n"), Chunk("two\nthree\n"), Chunk("fo"), Chunk("ur\r\n\n")});
  HttpStream stream;
  EXPECT_EQ(stream.fd(), -1);
  ASSERT_TRUE(Open(stream, pusher.peer()).ok());
  EXPECT_THAT(*stream.ReadLines(Deadline::In(5s)), ElementsAre("one"));
  EXPECT_THAT(*stream.ReadLines(AtOnce()), IsEmpty());
  ASSERT_GE(stream.fd(), 0);
  EXPECT_EQ(Deadline::In(20ms).Wait(stream.fd(), POLLIN), 0);
  pusher.Push();
  EXPECT_NE(Deadline::In(5s).Wait(stream.fd(), POLLIN), 0);
  EXPECT_THAT(*stream.ReadLines(AtOnce()), ElementsAre("two", "three"));
  pusher.Push();
  EXPECT_NE(Deadline::In(5s).Wait(stream.fd(), POLLIN), 0);
  EXPECT_THAT(*stream.ReadLines(AtOnce()), IsEmpty());  // half a line is none
  pusher.Push();
  EXPECT_THAT(*stream.ReadLines(Deadline::In(5s)), ElementsAre("four"));
  EXPECT_EQ(pusher.peer().connections(), 1);
}

TEST(HttpStream, LinesComeBeforeTheEnd) {
  Pusher pusher({kOk + Chunk("one\n") + Chunk("half") + "0\r\n\r\n"});
  HttpStream stream;
  ASSERT_TRUE(Open(stream, pusher.peer()).ok());
  EXPECT_THAT(*stream.ReadLines(Deadline::In(5s)), ElementsAre("one"));
  auto end = stream.ReadLines(Deadline::In(5s));
  EXPECT_EQ(end.status().code(), absl::StatusCode::kUnavailable) << end.status();
  EXPECT_THAT(std::string(end.status().message()), HasSubstr("/v3/watch: the server ended"));
  EXPECT_EQ(stream.fd(), -1);
  EXPECT_TRUE(absl::IsUnavailable(stream.ReadLines(AtOnce()).status()));
}

TEST(HttpStream, AStreamThatIsCutWakesAndIsDataLoss) {
  Pusher pusher({kOk + Chunk("one\n") + "10\r\nhalf", ""});
  HttpStream stream;
  ASSERT_TRUE(Open(stream, pusher.peer()).ok());
  EXPECT_THAT(*stream.ReadLines(Deadline::In(5s)), ElementsAre("one"));
  EXPECT_THAT(*stream.ReadLines(AtOnce()), IsEmpty());
  pusher.Push();
  EXPECT_NE(Deadline::In(5s).Wait(stream.fd(), POLLIN), 0);
  EXPECT_EQ(stream.ReadLines(AtOnce()).status().code(), absl::StatusCode::kDataLoss);
}

TEST(HttpStream, OpensAgain) {
  Peer peer([](const Socket& s) {
    ReadPost(s);
    Send(s, kOk + Chunk("hello\n") + "0\r\n\r\n", Deadline::In(5s));
  });
  HttpStream stream;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Open(stream, peer).ok());
    EXPECT_THAT(*stream.ReadLines(Deadline::In(5s)), ElementsAre("hello"));
  }
  EXPECT_EQ(peer.connections(), 5);
}

TEST(HttpStream, OnlyA200IsAStream) {
  const std::vector<std::pair<int, absl::StatusCode>> cases = {
      {401, absl::StatusCode::kUnauthenticated}, {403, absl::StatusCode::kPermissionDenied},
      {404, absl::StatusCode::kDataLoss}, {503, absl::StatusCode::kUnavailable}};
  for (auto [code, expected] : cases) {
    Peer peer([code = code](const Socket& s) {
      ReadPost(s);
      Send(s, "HTTP/1.1 " + std::to_string(code) + " X\r\nContent-Length: 1\r\n\r\n",
           Deadline::In(5s));
      AwaitClose(s);
    });
    HttpStream stream;
    auto status = Open(stream, peer);
    EXPECT_EQ(status.code(), expected) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("answers " + std::to_string(code)));
    EXPECT_EQ(std::string(status.message()).find("secret"), std::string::npos);
    EXPECT_EQ(stream.fd(), -1);
  }
}

TEST(HttpStream, WhatIsNotAStreamFails) {
  for (std::string answer : {"", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nX", "<html></html>",
                             "HTTP/1.1 100 Continue\r\n\r\n"}) {
    Peer peer([answer](const Socket& s) {
      ReadPost(s);
      Send(s, answer, Deadline::In(5s));
    });
    HttpStream stream;
    auto status = Open(stream, peer);
    EXPECT_TRUE(absl::IsDataLoss(status) || absl::IsUnavailable(status)) << answer << status;
  }
  int port = Listen("127.0.0.1", 0, 1).port;
  std::string url = "http://127.0.0.1:" + std::to_string(port) + "/";
  auto refused = HttpStream().Open(url, "", Deadline::In(5s));
  EXPECT_EQ(std::string(refused.message()), "POST " + url + ": refused");
  EXPECT_TRUE(absl::IsInvalidArgument(HttpStream().Open("gopher://x", "", Deadline::In(5s))));
}

TEST(HttpStream, OpeningEndsAtItsDeadline) {
  Listener full = Listen("127.0.0.1", 0, 0);
  std::vector<Socket> queued;  // until a connect is not even answered
  for (int i = 0; i < 4; ++i) {
    auto s = Dial("127.0.0.1", full.port, Deadline::In(50ms));
    if (s.ok()) queued.push_back(*std::move(s));
  }
  Peer silent([](const Socket& s) { AwaitClose(s); });
  Peer dribbling([](const Socket& s) {
    Deadline end = Deadline::In(20s);
    for (bool there = Send(s, "HTTP/1.1 200 OK\r\nX: ", end); there && !end.Over();) {
      Deadline::In(20ms).Wait(-1, 0);
      there = Send(s, "x", end);
    }
  });
  for (int port : {full.port, silent.port(), dribbling.port()}) {
    HttpStream stream;
    Instant begin = Clock::now();
    std::string url = "http://127.0.0.1:" + std::to_string(port);
    auto status = stream.Open(url, "{}", Deadline::In(200ms));
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    EXPECT_GE(Clock::now() - begin, 190ms);
    EXPECT_LT(Clock::now() - begin, 1500ms);
  }
}

TEST(HttpStream, ReadingEndsAtItsDeadline) {
  Peer dribbling([](const Socket& s) {
    ReadPost(s);
    Deadline end = Deadline::In(20s);
    for (bool there = Send(s, kOk, end); there && !end.Over();) {
      Deadline::In(10ms).Wait(-1, 0);
      there = Send(s, Chunk("x"), end);
    }
  });
  HttpStream stream;
  ASSERT_TRUE(Open(stream, dribbling).ok());
  Instant begin = Clock::now();
  auto lines = stream.ReadLines(Deadline::In(200ms));
  EXPECT_THAT(*lines, IsEmpty());
  EXPECT_GE(Clock::now() - begin, 190ms);
  EXPECT_LT(Clock::now() - begin, 1500ms);
  EXPECT_GE(stream.fd(), 0);  // slow is not dead
}

TEST(HttpStream, ALineHasItsLimitAndTheStreamHasNone) {
  HttpOptions options;
  options.max_bytes = 1000;
  std::string longest = std::string(1000, 'x') + "\n", many;
  for (int i = 0; i < 100; ++i) many += longest;
  Pusher fine({kOk + Chunk(many)}), endless({kOk + Chunk(many + std::string(1001, 'x'))});
  for (auto* pusher : {&fine, &endless}) {
    HttpStream stream(options);
    ASSERT_TRUE(Open(stream, pusher->peer()).ok());
    std::size_t lines = 0;
    absl::StatusOr<std::vector<std::string>> read = std::vector<std::string>();
    for (Deadline limit = Deadline::In(5s); lines < 100 && read.ok() && !limit.Over();) {
      read = stream.ReadLines(limit);
      if (read.ok()) lines += read->size();
    }
    EXPECT_EQ(lines, 100u);
    read = stream.ReadLines(Deadline::In(pusher == &fine ? 50ms : 5000ms));
    EXPECT_EQ(read.status().code(),
              pusher == &fine ? absl::StatusCode::kOk : absl::StatusCode::kDataLoss)
        << read.status();
    if (pusher == &endless) {
      EXPECT_THAT(std::string(read.status().message()), HasSubstr("too long"));
    }
  }
}

TEST(HttpStream, SpeaksTls) {
  Certificate own("IP:127.0.0.1");
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += "line " + std::to_string(i) + "\n";
  Peer peer([&](const Socket& s) {
    TlsSession tls(s, own, nullptr);
    if (!tls.ok()) return;
    tls.Answer(kOk + Chunk(lines));
    AwaitClose(s);
  });
  HttpOptions options;
  options.ca_file = own.cert_file();
  HttpStream stream(options);
  std::string url = "https://127.0.0.1:" + std::to_string(peer.port());
  auto status = stream.Open(url, "{}", Deadline::In(5s));
  ASSERT_TRUE(status.ok()) << status;
  std::size_t count = 0;
  for (Deadline limit = Deadline::In(5s); count < 2000 && !limit.Over();) {
    auto read = stream.ReadLines(limit);
    ASSERT_TRUE(read.ok()) << read.status();
    count += read->size();
  }
  EXPECT_EQ(count, 2000u);
  stream.Close();
  HttpStream stranger;
  EXPECT_TRUE(absl::IsPermissionDenied(stranger.Open(url, "{}", Deadline::In(5s))));
}

}  // namespace
