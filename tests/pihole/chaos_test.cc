#include "exporters/pihole/chaos.h"

#include <map>

#include <gtest/gtest.h>

namespace {

DnsOutcome Texts(std::vector<std::string> texts) {
  DnsAnswer answer;
  DnsRecord record;
  record.type = DnsType::kTxt;
  record.dns_class = DnsClass::kChaos;
  record.texts = std::move(texts);
  answer.message.answers = {record};
  return {answer, 1};
}

// The answers to all questions: those of `texts`, REFUSED for the others.
std::vector<DnsOutcome> Answers(const std::map<std::string, std::vector<std::string>>& texts) {
  std::vector<DnsOutcome> outcomes;
  for (auto& query : ChaosQueries()) {
    EXPECT_EQ(query.question.dns_class, DnsClass::kChaos);
    auto found = texts.find(query.question.name);
    DnsAnswer refused;
    refused.message.rcode = kRcodeRefused;
    outcomes.push_back(found == texts.end() ? DnsOutcome{refused, 1} : Texts(found->second));
  }
  return outcomes;
}

// As recorded from FTL 6.4.1.
TEST(PiholeChaos, Recorded) {
  auto c = TakeChaosAnswers(Answers({{"cachesize.bind", {"10000"}},
                                     {"insertions.bind", {"11"}},
                                     {"evictions.bind", {"0"}},
                                     {"hits.bind", {"287"}},
                                     {"misses.bind", {"68"}},
                                     {"servers.bind", {"10.99.0.1#5353 68 7", "fd00::1#53 1 0"}},
                                     {"version.ftl", {"v6.4.1-dirty"}}}));
  EXPECT_EQ(c.cache_size, 10000);
  EXPECT_EQ(c.insertions, 11);
  EXPECT_EQ(c.evictions, 0);
  EXPECT_EQ(c.hits, 287);
  EXPECT_EQ(c.misses, 68);
  EXPECT_EQ(c.version, "v6.4.1-dirty");
  ASSERT_TRUE(c.upstreams);
  ASSERT_EQ(c.upstreams->size(), 2u);
  EXPECT_EQ(c.upstreams->at(0).upstream, "10.99.0.1#5353");
  EXPECT_EQ(c.upstreams->at(0).sent, 68);
  EXPECT_EQ(c.upstreams->at(0).failed, 7);
  EXPECT_EQ(c.upstreams->at(1).upstream, "fd00::1#53");
}

TEST(PiholeChaos, WhatHasNoGoodAnswerIsAbsent) {
  auto c = TakeChaosAnswers(Answers({{"hits.bind", {"287"}},
                                     {"misses.bind", {"-1"}},
                                     {"insertions.bind", {"1", "2"}},
                                     {"evictions.bind", {"99999999999999999999"}},
                                     {"servers.bind", {"10.0.0.1#53 1 0", "garbage"}}}));
  EXPECT_EQ(c.hits, 287);
  EXPECT_FALSE(c.misses || c.insertions || c.evictions || c.cache_size);
  EXPECT_FALSE(c.upstreams);  // a part of them would look like all
  EXPECT_FALSE(c.version);
  const DnsOutcome none{absl::DeadlineExceededError(""), 3};
  auto silent = std::vector<DnsOutcome>(ChaosQueries().size(), none);
  EXPECT_FALSE(TakeChaosAnswers(silent).hits);
  EXPECT_FALSE(TakeChaosAnswers({}).hits);
}

// A page shows bytes that are no UTF-8 as one and the same sign.
TEST(PiholeChaos, NoTwoUpstreamsShareALabel) {
  for (auto* name : {"\xfe#53", "a\xff#53", "a\nb#53", "\xc3\xa4#53"})
    EXPECT_FALSE(ParseServersBind(std::string(name) + " 1 0")) << name;
  EXPECT_TRUE(ParseServersBind("fe80::1%eth0#53 1 0"));
  EXPECT_FALSE(TakeChaosAnswers(Answers({{"version.ftl", {"v6\xff"}}})).version);
}

TEST(PiholeChaos, UpstreamsAreBounded) {
  std::vector<std::string> texts{"10.0.0.0#53 9 9"};
  for (int i = 0; i < 100; ++i) texts.push_back("10.0.0." + std::to_string(i) + "#53 1 0");
  auto c = TakeChaosAnswers(Answers({{"servers.bind", texts}}));
  ASSERT_TRUE(c.upstreams);
  EXPECT_EQ(c.upstreams->size(), 32u);
  EXPECT_EQ(c.upstreams->at(0).sent, 9);  // the second one of a name would be a second series
}

TEST(PiholeChaos, Entries) {
  EXPECT_TRUE(ParseServersBind("10.0.0.1#53 0 0"));
  for (auto* text : {"", " ", "10.0.0.1#53", "10.0.0.1#53 1", "10.0.0.1 1 2", "10.0.0.1#x 1 2",
                     "#53 1 2", "10.0.0.1#53 1 2 3", "10.0.0.1#53 -1 2", "10.0.0.1#53 1 x",
                     "10.0.0.1#53  1 2", " 10.0.0.1#53 1 2", "10.0.0.1#53 1 99999999999999999999"})
    EXPECT_FALSE(ParseServersBind(text)) << text;
}

}  // namespace
