// Asking a server over TCP: because it was said so, or because the answer over UDP was truncated.
#include <gtest/gtest.h>

#include "common/dns.h"
#include "tests/common/dns_peer.h"

using namespace std::chrono_literals;

namespace {

using Datagrams = std::vector<std::string>;

const DnsQuery kQuestion{{"example.com", DnsType::kA}};

Datagrams Truncated(const std::string& query, int) {
  Reply reply;
  reply.flags |= 0x0200;
  return {ReplyTo(query, reply)};
}
Datagrams Silent(const std::string&, int) { return {}; }

void Say(const Socket& s, const std::string& bytes) { Send(s, bytes, Deadline::In(5s)); }

// Answers a query with `count` addresses.
std::function<void(const Socket&)> Answers(std::size_t count) {
  return [count](const Socket& s) {
    std::string query = ReadDnsQuery(s);
    if (!query.empty()) Say(s, Framed(ReplyTo(query, Addresses(count))));
  };
}

// Sends a byte each 100 ms until the client closes or the bytes are out.
void Dribble(const Socket& s, std::string_view bytes) {
  for (char c : bytes) {
    Say(s, std::string(1, c));
    if (Deadline::In(100ms).Wait(s.fd(), POLLRDHUP) & POLLRDHUP) return;
  }
}

std::string Describe(const DnsPeer& peer) {
  return "dns 127.0.0.1:" + std::to_string(peer.port()) + " tcp example.com A: ";
}

absl::Status ErrorOverTcp(const DnsPeer& peer, Duration time, Duration at_most) {
  Instant begin = Clock::now();
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(time), DnsTransport::kTcp);
  EXPECT_LT(Clock::now() - begin, at_most);
  return answer.status();
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

TEST(DnsTcp, ComesAfterATruncatedAnswer) {
  DnsPeer peer(Truncated, Answers(200));
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(10s));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->tcp);
  EXPECT_FALSE(answer->message.truncated);
  EXPECT_EQ(answer->message.answers.size(), 200u);
  EXPECT_EQ(answer->sent, 2);
  EXPECT_EQ(peer.connections(), 1);
}

TEST(DnsTcp, ComesAfterAnAnswerThatIsCutInTheMiddleOfARecord) {
  auto cut = [](const std::string& query, int) -> Datagrams {
    Reply reply = Addresses(100);
    reply.flags |= 0x0200;
    return {ReplyTo(query, reply).substr(0, 500)};
  };
  DnsPeer peer(cut, Answers(100));
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(10s));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->message.answers.size(), 100u);
}

TEST(DnsTcp, OnRequestNothingGoesOverUdp) {
  DnsPeer peer(Silent, Answers(1));
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(10s), DnsTransport::kTcp);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->tcp);
  EXPECT_EQ(answer->sent, 1);
  EXPECT_GT(answer->round_trip, 0s);
  EXPECT_TRUE(peer.queries().empty());
}

TEST(DnsTcp, TheLongestAnswer) {
  DnsPeer peer(Silent, Answers(4093));  // of 16 bytes each, and 29 for header and question
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(10s), DnsTransport::kTcp);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->message.answers.size(), 256u);
}

TEST(DnsTcp, BothTransportsShareTheDeadline) {
  DnsPeer peer([](const std::string& query,
                  int count) { return count < 2 ? Datagrams() : Truncated(query, count); },
               AwaitClose);
  Instant begin = Clock::now();
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(600ms));
  EXPECT_LT(Clock::now() - begin, 1500ms);
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status()));
  EXPECT_EQ(Text(answer.status()), Describe(peer) + "no answer in time");
}

TEST(DnsTcp, RefusedAfterATruncatedAnswer) {
  DnsPeer peer(Truncated);
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(20s));
  EXPECT_TRUE(absl::IsUnavailable(answer.status()));
  EXPECT_EQ(Text(answer.status()), Describe(peer) + "refused");
}

TEST(DnsTcp, ADribblingServerEndsAtTheDeadline) {
  DnsPeer peer(Silent, [](const Socket& s) {
    Dribble(s, Framed(ReplyTo(ReadDnsQuery(s) + std::string(64, '\0'), Addresses(100))));
  });
  auto error = ErrorOverTcp(peer, 500ms, 1500ms);
  EXPECT_TRUE(absl::IsDeadlineExceeded(error));
  EXPECT_EQ(Text(error), Describe(peer) + "no end of the answer in time");
}

TEST(DnsTcp, AnAnswerInPiecesIsOne) {
  DnsPeer peer(Silent, [](const Socket& s) {
    std::string query = ReadDnsQuery(s);
    if (query.empty()) return;
    std::string bytes = Framed(ReplyTo(query, Addresses(1)));
    Dribble(s, bytes.substr(0, 3));
    Say(s, bytes.substr(3));
    AwaitClose(s);
  });
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(10s), DnsTransport::kTcp);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->message.answers.size(), 1u);
  EXPECT_GE(answer->round_trip, 190ms);
}

TEST(DnsTcp, ClosedInTheMiddle) {
  for (std::size_t size : {0, 1, 2, 20}) {
    DnsPeer peer(Silent, [&](const Socket& s) {
      std::string query = ReadDnsQuery(s);
      if (!query.empty()) Say(s, Framed(ReplyTo(query, Addresses(1))).substr(0, size));
    });
    auto error = ErrorOverTcp(peer, 20s, 3s);
    EXPECT_TRUE(absl::IsUnavailable(error)) << error;
    EXPECT_EQ(Text(error), Describe(peer) + "closed by the peer");
  }
}

TEST(DnsTcp, AnswersToOtherQuestionsAreIgnored) {
  DnsPeer peer(Silent, [](const Socket& s) {
    std::string query = ReadDnsQuery(s);
    if (query.empty()) return;
    std::string right = ReplyTo(query, Addresses(1)), wrong = right;
    wrong[0] = static_cast<char>(wrong[0] ^ 1);
    Say(s, Framed(wrong) + Framed("") + Framed(right));
    AwaitClose(s);
  });
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(10s), DnsTransport::kTcp);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->ignored, 2);
}

TEST(DnsTcp, AFloodEndsAtTheDeadline) {
  DnsPeer peer(Silent, [](const Socket& s) {
    std::string many;
    for (int i = 0; i < 1000; ++i) many += Framed(std::string(50, 'x'));
    ReadDnsQuery(s);
    while (Send(s, many, Deadline::In(5s))) {
    }
  });
  auto error = ErrorOverTcp(peer, 300ms, 1500ms);
  EXPECT_TRUE(absl::IsDeadlineExceeded(error)) << error;
}

TEST(DnsTcp, MalformedAnswersAreSaidToBe) {
  DnsPeer peer(Silent, [](const Socket& s) {
    std::string query = ReadDnsQuery(s);
    if (query.empty()) return;
    Say(s, Framed(ReplyTo(query, {0x8180, {"\xc0"}, {}, {}})));
    AwaitClose(s);
  });
  auto error = ErrorOverTcp(peer, 20s, 3s);
  EXPECT_TRUE(absl::IsDataLoss(error));
  EXPECT_EQ(Text(error), Describe(peer) + "malformed answer: it ends too early");
}

}  // namespace
