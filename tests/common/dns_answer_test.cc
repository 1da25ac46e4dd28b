// What an answer says: is it one, where do its aliases lead, what are its numbers called.
#include <gtest/gtest.h>

#include "common/dns_message.h"
#include "tests/common/dns_bytes.h"

namespace {

std::string Query(const std::string& name, DnsType type = DnsType::kA) {
  return FormatDnsQuery({{name, type}}, 0x1234).value_or("");
}

TEST(DnsAnswer, IsToTheQuestionAsked) {
  const std::string query = Query("a.example"), reply = ReplyTo(query, Addresses(1));
  EXPECT_TRUE(IsDnsAnswerTo(query, reply));
  EXPECT_TRUE(IsDnsAnswerTo(query, reply.substr(0, 12 + QuestionBytes(query).size())));
  EXPECT_FALSE(IsDnsAnswerTo(query, query));
  EXPECT_FALSE(IsDnsAnswerTo(query, ""));
  EXPECT_FALSE(IsDnsAnswerTo(query, reply.substr(0, 11)));
  EXPECT_FALSE(IsDnsAnswerTo(query, reply.substr(0, 11 + QuestionBytes(query).size())));
  // Id, QR, count, name, type, class.
  for (std::size_t i : {0, 1, 2, 4, 5, 12, 13, 14, 22, 24, 26}) {
    std::string other = reply;
    other[i] = static_cast<char>(other[i] ^ (i == 2 ? 0x80 : 0x20));
    EXPECT_FALSE(IsDnsAnswerTo(query, other)) << i;
  }
  for (auto& other : {Query("b.example"), Query("a.example", DnsType::kAaaa), Query("A.example")})
    EXPECT_FALSE(IsDnsAnswerTo(query, ReplyTo(other, Addresses(1))));
}

TEST(DnsAnswer, MayLeaveOutAQuestionItCouldNotRead) {
  const std::string query = Query("a.example");
  auto header = [&](int rcode) {
    return query.substr(0, 2) + U16(0x8180u | static_cast<unsigned>(rcode)) + std::string(8, '\0');
  };
  for (int rcode : {kRcodeFormErr, kRcodeServFail, kRcodeNotImp, kRcodeRefused})
    EXPECT_TRUE(IsDnsAnswerTo(query, header(rcode))) << rcode;
  for (int rcode : {kRcodeNoError, kRcodeNxDomain})
    EXPECT_FALSE(IsDnsAnswerTo(query, header(rcode))) << rcode;
}

std::string Alias(const std::string& name, uint32_t ttl, const std::string& to) {
  return Record(NameBytes(name), DnsType::kCname, ttl, NameBytes(to));
}
std::string Address(const std::string& name, uint32_t ttl, char last) {
  return Record(NameBytes(name), DnsType::kA, ttl, std::string("\x0a\0\0", 3) + last);
}

DnsChain Chain(DnsType type, std::vector<std::string> answers) {
  auto message = ParseDnsMessage(ReplyTo(Query("a.example", type), {0x8180, answers, {}, {}}));
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? FollowDnsChain(*message) : DnsChain{};
}

TEST(DnsChain, GoesFromAliasToAliasInWhateverOrder) {
  DnsChain chain = Chain(
      DnsType::kA, {Address("c.example", 60, 1), Alias("B.example", 30, "C.Example"),
                    Alias("A.Example", 300, "b.example"), Address("c.example", 60, 2),
                    Address("other.example", 5, 3)});
  ASSERT_EQ(chain.aliases.size(), 2u);
  EXPECT_EQ(chain.aliases[0].value, "b.example");
  EXPECT_EQ(chain.aliases[1].value, "C.Example");
  ASSERT_EQ(chain.records.size(), 2u);
  EXPECT_EQ(chain.records[0].value, "10.0.0.1");
  EXPECT_EQ(chain.records[1].value, "10.0.0.2");
  EXPECT_EQ(chain.ttl_seconds, 30u);
}

TEST(DnsChain, WithoutAliases) {
  DnsChain chain = Chain(DnsType::kA, {Address("a.example", 0, 1), Address("a.example", 9, 2)});
  EXPECT_TRUE(chain.aliases.empty());
  EXPECT_EQ(chain.records.size(), 2u);
  EXPECT_EQ(chain.ttl_seconds, 0u);
  chain = Chain(DnsType::kA, {});
  EXPECT_TRUE(chain.aliases.empty() && chain.records.empty());
  EXPECT_EQ(chain.ttl_seconds, std::nullopt);
  EXPECT_TRUE(FollowDnsChain(DnsMessage{}).records.empty());
}

TEST(DnsChain, ThatEndsNowhere) {
  DnsChain chain = Chain(DnsType::kA, {Alias("a.example", 60, "b.example")});
  EXPECT_EQ(chain.aliases.size(), 1u);
  EXPECT_TRUE(chain.records.empty());
  chain = Chain(DnsType::kA,
                {Alias("a.example", 60, "b.example"), Alias("b.example", 60, "a.example")});
  EXPECT_EQ(chain.aliases.size(), 2u);
  EXPECT_TRUE(chain.records.empty());
}

TEST(DnsChain, AliasesAndAllThatThereIs) {
  std::vector<std::string> answers{Alias("a.example", 60, "b.example"),
                                   Address("b.example", 60, 1)};
  DnsChain chain = Chain(DnsType::kCname, answers);
  EXPECT_TRUE(chain.aliases.empty());
  ASSERT_EQ(chain.records.size(), 1u);
  EXPECT_EQ(chain.records[0].value, "b.example");
  EXPECT_EQ(Chain(DnsType::kAny, answers).records.size(), 1u);
}

TEST(DnsWords, NumbersHaveNames) {
  for (std::string name : {"A", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "AAAA", "SRV", "SVCB",
                           "HTTPS", "ANY", "CAA"}) {
    auto type = ParseDnsType(name);
    ASSERT_TRUE(type.has_value()) << name;
    EXPECT_EQ(DnsTypeName(*type), name);
  }
  EXPECT_EQ(ParseDnsType("aaaa"), DnsType::kAaaa);
  EXPECT_EQ(ParseDnsType("https"), DnsType::kHttps);
  EXPECT_EQ(ParseDnsType("B"), std::nullopt);
  EXPECT_EQ(DnsTypeName(static_cast<DnsType>(1234)), "TYPE1234");
}

}  // namespace
