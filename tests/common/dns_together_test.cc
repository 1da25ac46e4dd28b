// Asking one server several questions at once.
#include "common/dns.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/common/dns_peer.h"

using namespace std::chrono_literals;

namespace {

using Datagrams = std::vector<std::string>;

// The name that is asked for.
std::string NameOf(const std::string& query) {
  auto message = ParseDnsMessage(query);
  return message.ok() && message->question ? message->question->name : "";
}

const std::vector<DnsQuery> kFive{{{"a.example"}},
                                  {{"b.example", DnsType::kAaaa}},
                                  {{"c.example"}},
                                  {{"d.example"}},
                                  {{"e.example"}}};

TEST(DnsTogether, AnswersAreInTheOrderOfTheQuestions) {
  // The answers come in the reverse order, all at the last question.
  std::vector<std::string> queries;
  DnsPeer peer([&](const std::string& query, int) {
    queries.push_back(query);
    return queries.size() == 1 ? Datagrams() : Datagrams{ReplyTo(query, Addresses(queries.size()))};
  });
  auto outcomes = AskDnsTogether(peer.server(), kFive, Deadline::In(900ms));
  ASSERT_EQ(outcomes.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(outcomes[i].answer.ok()) << outcomes[i].answer.status();
    EXPECT_EQ(outcomes[i].answer->message.question->name, kFive[i].question.name);
    EXPECT_EQ(outcomes[i].sent, i == 0 ? 2 : 1);
  }
  EXPECT_GE(outcomes[0].answer->round_trip, 290ms);
}

TEST(DnsTogether, EachHasItsOwnIdAndPort) {
  DnsPeer peer([](const std::string& query, int) -> Datagrams { return {ReplyTo(query, {})}; });
  for (auto& o : AskDnsTogether(peer.server(), std::vector<DnsQuery>(20, kFive[0]),
                                Deadline::In(10s)))
    EXPECT_TRUE(o.answer.ok()) << o.answer.status();
  std::set<std::string> ids;
  for (auto& query : peer.queries()) ids.insert(query.substr(0, 2));
  auto sources = peer.sources();
  EXPECT_GT(ids.size(), 15u);
  EXPECT_EQ(std::set<int>(sources.begin(), sources.end()).size(), 20u);
}

TEST(DnsTogether, SilenceCostsOneDeadline) {
  DnsPeer peer([](auto&, int) { return Datagrams(); });
  Instant begin = Clock::now();
  auto outcomes = AskDnsTogether(peer.server(), std::vector<DnsQuery>(20, kFive[0]),
                                 Deadline::In(300ms));
  EXPECT_LT(Clock::now() - begin, 1500ms);
  ASSERT_EQ(outcomes.size(), 20u);
  for (auto& o : outcomes) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(o.answer.status())) << o.answer.status();
    EXPECT_EQ(o.sent, 3);
  }
}

TEST(DnsTogether, OneIsNoFailureOfTheOthers) {
  DnsPeer peer([](const std::string& query, int) -> Datagrams {
    std::string name = NameOf(query), reply = ReplyTo(query, Addresses(1));
    if (name == "b.example") return {};
    if (name == "c.example") return {reply.substr(0, reply.size() - 1)};
    return {reply};
  });
  auto queries = kFive;
  queries.push_back({{"f..example"}});
  auto outcomes = AskDnsTogether(peer.server(), queries, Deadline::In(600ms));
  EXPECT_TRUE(outcomes[0].answer.ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(outcomes[1].answer.status()));
  EXPECT_TRUE(absl::IsDataLoss(outcomes[2].answer.status()));
  EXPECT_TRUE(outcomes[3].answer.ok() && outcomes[4].answer.ok());
  EXPECT_LT(outcomes[0].answer->round_trip, 500ms);  // not that of the silent one
  EXPECT_TRUE(absl::IsInvalidArgument(outcomes[5].answer.status()));
  EXPECT_EQ(outcomes[5].sent, 0);
}

TEST(DnsTogether, AClosedPortIsKnownAtOnce) {
  DnsServer server{"127.0.0.1", Listen("127.0.0.1", 0, 1).port};
  Instant begin = Clock::now();
  for (auto& o : AskDnsTogether(server, kFive, Deadline::In(20s)))
    EXPECT_TRUE(absl::IsUnavailable(o.answer.status())) << o.answer.status();
  EXPECT_LT(Clock::now() - begin, 3s);
}

std::string Truncated(const std::string& query) {
  Reply reply;
  reply.flags |= 0x0200;
  return ReplyTo(query, reply);
}

// A silent one leaves time for those that have to go over TCP, whenever they hear of it.
TEST(DnsTogether, ATruncatedAnswerBesideASilentOneIsAskedForOverTcp) {
  for (int sends : {1, 3}) {
    int asked = 0;
    DnsPeer peer(
        [&](const std::string& query, int) -> Datagrams {
          if (NameOf(query) == "a.example" || ++asked < sends) return {};
          return {Truncated(query)};
        },
        [](const Socket& s) {
          std::string reply = Framed(ReplyTo(ReadDnsQuery(s), Addresses(200)));
          ASSERT_EQ(send(s.fd(), reply.data(), reply.size(), 0), static_cast<int>(reply.size()));
        });
    auto outcomes = AskDnsTogether(peer.server(), {kFive[0], kFive[1]}, Deadline::In(900ms));
    EXPECT_TRUE(absl::IsDeadlineExceeded(outcomes[0].answer.status()));
    EXPECT_EQ(outcomes[0].sent, std::max(2, sends));
    ASSERT_TRUE(outcomes[1].answer.ok()) << outcomes[1].answer.status();
    EXPECT_TRUE(outcomes[1].answer->tcp);
    EXPECT_EQ(outcomes[1].answer->message.answers.size(), 200u);
    EXPECT_EQ(outcomes[1].sent, sends + 1);
  }
}

TEST(DnsTogether, TruncatedAnswersAreAskedForOverTcpAfterwards) {
  DnsPeer peer(
      [&](const std::string& query, int) -> Datagrams {
        bool whole = NameOf(query) == "a.example";
        return {whole ? ReplyTo(query, Addresses(1)) : Truncated(query)};
      },
      [](const Socket& s) {
        std::string query = ReadDnsQuery(s);
        if (NameOf(query) == "c.example") return AwaitClose(s);  // hangs
        std::string reply = Framed(ReplyTo(query, Addresses(200)));
        ASSERT_EQ(send(s.fd(), reply.data(), reply.size(), 0), static_cast<int>(reply.size()));
      });
  auto outcomes = AskDnsTogether(peer.server(), kFive, Deadline::In(1200ms));
  EXPECT_EQ(peer.connections(), 4);
  EXPECT_EQ(outcomes[0].answer->message.answers.size(), 1u);
  EXPECT_TRUE(absl::IsDeadlineExceeded(outcomes[2].answer.status())) << outcomes[2].answer.status();
  for (std::size_t i : {1, 3, 4}) {
    ASSERT_TRUE(outcomes[i].answer.ok()) << outcomes[i].answer.status();
    EXPECT_TRUE(outcomes[i].answer->tcp);
    EXPECT_EQ(outcomes[i].answer->message.answers.size(), 200u);
    EXPECT_EQ(outcomes[i].sent, 2);
  }
}

}  // namespace
