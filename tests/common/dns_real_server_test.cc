// Asking a real dnsmasq.
#include <signal.h>

#include <gtest/gtest.h>

#include "tests/common/dnsmasq.h"

using namespace std::chrono_literals;

namespace {

std::vector<std::string> WhatItKnows() {
  std::vector<std::string> words{"--local-ttl=7",
                                 "--host-record=host.example,10.1.2.3,fd00::5",
                                 "--cname=alias.example,host.example",
                                 "--cname=second.example,alias.example",
                                 "--address=/ads.example/0.0.0.0", "--address=/ads.example/::",
                                 "--txt-record=text.example,hello,wörld", "--local=/example/",
                                 "--ptr-record=3.2.1.10.in-addr.arpa,host.example"};
  for (int i = 0; i < 200; ++i)
    words.push_back("--host-record=many.example,10.9.0." + std::to_string(i));
  return words;
}

class DnsRealServer : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (Dnsmasq::Installed()) dnsmasq_ = new Dnsmasq(WhatItKnows());
  }
  static void TearDownTestSuite() {
    delete dnsmasq_;
    dnsmasq_ = nullptr;
  }
  void SetUp() override {
    if (dnsmasq_ == nullptr) GTEST_SKIP() << "needs dnsmasq";
    dnsmasq_->Await("host.example");
  }
  DnsAnswer Ask(const std::string& name, DnsType type = DnsType::kA,
                DnsTransport transport = DnsTransport::kUdp,
                DnsClass dns_class = DnsClass::kInternet) {
    DnsQuery query{{name, type, dns_class}};
    auto answer = AskDns(dnsmasq_->server(), query, Deadline::In(10s), transport);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.value_or(DnsAnswer{});
  }
  static Dnsmasq* dnsmasq_;
};
Dnsmasq* DnsRealServer::dnsmasq_ = nullptr;

TEST_F(DnsRealServer, Addresses) {
  DnsAnswer answer = Ask("host.example");
  EXPECT_EQ(answer.message.rcode, kRcodeNoError);
  EXPECT_TRUE(answer.message.edns);
  DnsChain chain = FollowDnsChain(answer.message);
  ASSERT_EQ(chain.records.size(), 1u);
  EXPECT_EQ(chain.records[0].value, "10.1.2.3");
  EXPECT_EQ(chain.ttl_seconds, 7u);
  chain = FollowDnsChain(Ask("host.example", DnsType::kAaaa).message);
  ASSERT_EQ(chain.records.size(), 1u);
  EXPECT_EQ(chain.records[0].value, "fd00::5");
}

TEST_F(DnsRealServer, BlockedNames) {
  EXPECT_EQ(Ask("ads.example").message.answers.at(0).value, "0.0.0.0");
  EXPECT_EQ(Ask("x.ads.example", DnsType::kAaaa).message.answers.at(0).value, "::");
  EXPECT_TRUE(Ask("ads.example", DnsType::kHttps).message.answers.empty());
}

TEST_F(DnsRealServer, ChainOfAliases) {
  DnsChain chain = FollowDnsChain(Ask("second.example").message);
  ASSERT_EQ(chain.aliases.size(), 2u);
  EXPECT_EQ(chain.aliases[0].value, "alias.example");
  ASSERT_EQ(chain.records.size(), 1u);
  EXPECT_EQ(chain.records[0].value, "10.1.2.3");
}

TEST_F(DnsRealServer, TextsAndReverseNames) {
  EXPECT_EQ(Ask("text.example", DnsType::kTxt).message.answers.at(0).texts,
            (std::vector<std::string>{"hello", "wörld"}));
  EXPECT_EQ(Ask("3.2.1.10.in-addr.arpa", DnsType::kPtr).message.answers.at(0).value,
            "host.example");
}

TEST_F(DnsRealServer, CountersOfTheChaosClass) {
  for (std::string name : {"cachesize.bind", "hits.bind", "misses.bind", "insertions.bind"}) {
    DnsMessage m = Ask(name, DnsType::kTxt, DnsTransport::kUdp, DnsClass::kChaos).message;
    ASSERT_EQ(m.answers.size(), 1u) << name;
    EXPECT_EQ(m.answers[0].dns_class, DnsClass::kChaos);
    ASSERT_EQ(m.answers[0].texts.size(), 1u);
    EXPECT_NE(m.answers[0].texts[0], "");
    EXPECT_EQ(m.answers[0].texts[0].find_first_not_of("0123456789"), std::string::npos);
  }
}

TEST_F(DnsRealServer, NamesThatDoNotExistAndNobodyToAsk) {
  EXPECT_EQ(Ask("nowhere.example").message.rcode, kRcodeNxDomain);
  EXPECT_EQ(Ask("example.org").message.rcode, kRcodeRefused);
}

TEST_F(DnsRealServer, OverTcpAndWhenTruncated) {
  DnsAnswer answer = Ask("host.example", DnsType::kA, DnsTransport::kTcp);
  EXPECT_TRUE(answer.tcp);
  EXPECT_EQ(answer.message.answers.at(0).value, "10.1.2.3");
  answer = Ask("many.example");
  EXPECT_TRUE(answer.tcp);
  EXPECT_EQ(answer.sent, 2);
  EXPECT_FALSE(answer.message.truncated);
  EXPECT_EQ(answer.message.answers.size(), 200u);
}

TEST_F(DnsRealServer, Frozen) {
  dnsmasq_->Signal(SIGSTOP);
  DnsQuery query{{"host.example"}};
  for (auto transport : {DnsTransport::kUdp, DnsTransport::kTcp}) {
    auto answer = AskDns(dnsmasq_->server(), query, Deadline::In(200ms), transport);
    EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status())) << answer.status();
  }
  dnsmasq_->Signal(SIGCONT);
  EXPECT_EQ(Ask("host.example").message.answers.size(), 1u);
}

TEST_F(DnsRealServer, Stopped) {
  Dnsmasq other(WhatItKnows());
  DnsServer server = other.server();
  Deadline deadline = Deadline::In(10s);
  auto answers = [&] { return AskDns(server, {{"host.example"}}, deadline.AtMost(300ms)).ok(); };
  while (!answers()) ASSERT_FALSE(deadline.Over());
  other.Signal(SIGKILL);
  while (answers()) ASSERT_FALSE(deadline.Over());
  for (auto transport : {DnsTransport::kUdp, DnsTransport::kTcp}) {
    auto answer = AskDns(server, {{"host.example"}}, deadline, transport);
    EXPECT_TRUE(absl::IsUnavailable(answer.status())) << answer.status();
    EXPECT_TRUE(std::string(answer.status().message()).ends_with(": refused"));
  }
}

}  // namespace
