// Asking a server over UDP, and all the ways in which it fails to answer.
#include "common/dns.h"

#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "tests/common/dns_peer.h"
#include "tests/common/isolated.h"

using namespace std::chrono_literals;

namespace {

using Datagrams = std::vector<std::string>;

const DnsQuery kQuestion{{"example.com", DnsType::kA}};

std::string Describe(const DnsPeer& peer) {
  return "dns 127.0.0.1:" + std::to_string(peer.port()) + " udp example.com A: ";
}

// The error that comes within `at_most` of a deadline of `time`.
absl::Status ErrorIn(const DnsServer& server, Duration time, Duration at_most) {
  Instant begin = Clock::now();
  auto answer = AskDns(server, kQuestion, Deadline::In(time));
  EXPECT_LT(Clock::now() - begin, at_most);
  return answer.status();
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

TEST(DnsUdp, GivesTheAnswer) {
  DnsPeer peer([](const std::string& query, int) -> Datagrams {
    Reply reply = Addresses(2);
    reply.additional = {Opt(ExtendedError(kEdeBlocked, "gravity"))};
    return {ReplyTo(query, reply)};
  });
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(10s));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->message.question->name, "example.com");
  ASSERT_EQ(answer->message.answers.size(), 2u);
  EXPECT_EQ(answer->message.answers[1].value, "10.0.0.1");
  EXPECT_EQ(answer->message.errors.at(0).text, "gravity");
  EXPECT_FALSE(answer->tcp);
  EXPECT_EQ(answer->sent, 1);
  EXPECT_EQ(answer->ignored, 0);
  EXPECT_GT(answer->round_trip, 0s);
  EXPECT_LT(answer->round_trip, 3s);
}

TEST(DnsUdp, EveryQueryHasItsOwnIdAndPort) {
  DnsPeer peer([](const std::string& query, int) -> Datagrams { return {ReplyTo(query, {})}; });
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(AskDns(peer.server(), kQuestion, Deadline::In(10s)).ok());
  std::set<std::string> ids;
  for (auto& query : peer.queries()) ids.insert(query.substr(0, 2));
  auto sources = peer.sources();
  EXPECT_GT(ids.size(), 15u);
  EXPECT_GT(std::set<int>(sources.begin(), sources.end()).size(), 15u);
}

TEST(DnsUdp, ResponseCodesAreAnswers) {
  for (int rcode : {kRcodeFormErr, kRcodeServFail, kRcodeNxDomain, kRcodeNotImp, kRcodeRefused}) {
    DnsPeer peer([&](const std::string& query, int) -> Datagrams {
      Reply reply;
      reply.flags |= static_cast<std::size_t>(rcode);
      return {ReplyTo(query, reply)};
    });
    auto answer = AskDns(peer.server(), kQuestion, Deadline::In(10s));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->message.rcode, rcode);
  }
}

TEST(DnsUdp, SilenceEndsAtTheDeadlineAfterThreeQueries) {
  DnsPeer peer([](auto&, int) { return Datagrams(); });
  auto error = ErrorIn(peer.server(), 300ms, 1500ms);
  EXPECT_TRUE(absl::IsDeadlineExceeded(error));
  EXPECT_EQ(Text(error), Describe(peer) + "no answer in time");
  Deadline deadline = Deadline::In(5s);
  while (peer.queries().size() < 3 && !deadline.Over()) std::this_thread::yield();
  auto queries = peer.queries();
  ASSERT_EQ(queries.size(), 3u);
  EXPECT_EQ(queries[0], queries[1]);
  EXPECT_EQ(queries[0], queries[2]);
  EXPECT_EQ(peer.sources()[0], peer.sources()[2]);
}

TEST(DnsUdp, LostDatagramsAreNoFailure) {
  for (int lost : {1, 2}) {
    DnsPeer peer([&](const std::string& query, int count) {
      return count <= lost ? Datagrams() : Datagrams{ReplyTo(query, Addresses(1))};
    });
    auto answer = AskDns(peer.server(), kQuestion, Deadline::In(1200ms));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->sent, lost + 1);
    EXPECT_GE(answer->round_trip, lost * 390ms);
  }
}

TEST(DnsUdp, ALateAnswerToTheFirstQueryCounts) {
  std::string first;
  DnsPeer peer([&](const std::string& query, int count) {
    if (count == 1) first = ReplyTo(query, Addresses(1));
    return count == 1 ? Datagrams() : Datagrams{first, ReplyTo(query, Addresses(2))};
  });
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(1200ms));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->message.answers.size(), 1u);
}

TEST(DnsUdp, AnswersToOtherQuestionsAreIgnored) {
  DnsPeer peer([](const std::string& query, int) -> Datagrams {
    std::string right = ReplyTo(query, Addresses(1)), wrong_id = right, other_name = right;
    wrong_id[0] = static_cast<char>(wrong_id[0] ^ 1);
    other_name[13] = 'E';
    return {wrong_id, other_name, query, "", "garbage", right.substr(0, 11), right};
  });
  auto answer = AskDns(peer.server(), kQuestion, Deadline::In(10s));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->message.answers.size(), 1u);
  EXPECT_EQ(answer->ignored, 6);
  EXPECT_EQ(answer->sent, 1);
}

TEST(DnsUdp, TheWrongIdAgainAndAgainIsNoAnswer) {
  DnsPeer peer([](const std::string& query, int) {
    std::string wrong = ReplyTo(query, Addresses(1));
    wrong[1] = static_cast<char>(wrong[1] ^ 1);
    return Datagrams(5, wrong);
  });
  auto error = ErrorIn(peer.server(), 300ms, 1500ms);
  EXPECT_TRUE(absl::IsDeadlineExceeded(error));
  EXPECT_TRUE(Text(error).starts_with(Describe(peer) + "no answer in time (")) << error;
  EXPECT_TRUE(Text(error).ends_with(" messages that came were no answer to it)")) << error;
}

TEST(DnsUdp, AFloodOfGarbageEndsAtTheDeadline) {
  DnsPeer peer([](auto&, int) { return Datagrams(1, std::string(64, 'x')); }, nullptr, true);
  auto error = ErrorIn(peer.server(), 200ms, 2s);
  EXPECT_TRUE(absl::IsDeadlineExceeded(error)) << error;
}

TEST(DnsUdp, AClosedPortIsKnownAtOnce) {
  DnsServer server{"127.0.0.1", Listen("127.0.0.1", 0, 1).port};
  auto error = ErrorIn(server, 20s, 3s);
  EXPECT_TRUE(absl::IsUnavailable(error)) << error;
  EXPECT_EQ(Text(error),
            "dns 127.0.0.1:" + std::to_string(server.port) + " udp example.com A: refused");
  DnsQuery chaos{{"version.bind", DnsType::kTxt, DnsClass::kChaos}};
  EXPECT_EQ(Text(AskDns(server, chaos, Deadline::In(10s)).status()),
            "dns 127.0.0.1:" + std::to_string(server.port) + " udp version.bind TXT CH: refused");
}

ISOLATED_TEST(DnsIsolated, NeverTalksToItself) {
  // Two ports are left to choose a source from, and one is the target.
  std::ofstream("/proc/sys/net/ipv4/ip_local_port_range") << "40000 40001";
  for (int i = 0; i < 50; ++i) {
    auto answer = AskDns({"127.0.0.1", 40000}, kQuestion, Deadline::In(20s));
    CHECK_THAT(absl::IsUnavailable(answer.status()));
  }
}

TEST(DnsUdp, AMalformedAnswerIsFinal) {
  DnsPeer peer([](const std::string& query, int) -> Datagrams {
    std::string bytes = ReplyTo(query, Addresses(2));
    return {bytes.substr(0, bytes.size() - 1)};
  });
  auto error = ErrorIn(peer.server(), 20s, 3s);
  EXPECT_TRUE(absl::IsDataLoss(error));
  EXPECT_EQ(Text(error), Describe(peer) + "malformed answer: it ends too early");
}

TEST(DnsUdp, APastDeadlineFails) {
  DnsPeer peer([](const std::string& query, int) -> Datagrams { return {ReplyTo(query, {})}; });
  auto error = ErrorIn(peer.server(), -1s, 1s);
  EXPECT_TRUE(absl::IsDeadlineExceeded(error));
  EXPECT_TRUE(peer.queries().empty());
}

TEST(DnsUdp, BadQuestionsAndServers) {
  DnsServer nobody{"127.0.0.1", 1};
  auto bad = AskDns(nobody, {{"a..b"}}, Deadline::In(5s)).status();
  EXPECT_EQ(Text(bad), "'a..b' is not a domain name: a label is empty");
  EXPECT_TRUE(absl::IsInvalidArgument(bad));
  EXPECT_TRUE(absl::IsUnavailable(AskDns({"", 53}, kQuestion, Deadline::In(5s)).status()));
  auto v6 = AskDns({"::1", 1}, kQuestion, Deadline::In(5s)).status();
  EXPECT_TRUE(absl::IsUnavailable(v6));
  EXPECT_TRUE(Text(v6).starts_with("dns [::1]:1 udp example.com A: ")) << v6;
}

}  // namespace
