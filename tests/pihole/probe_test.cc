#include "exporters/pihole/probe.h"

#include <set>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using enum ProbeOutcome;

ProbeOptions Probe(ProbeExpectation expect, DnsType type = DnsType::kA) {
  ProbeOptions probe;
  probe.name = "p";
  probe.query = "name.example";
  probe.type = type;
  probe.expect = expect;
  probe.timeout = 1s;
  return probe;
}

struct Answer {
  int rcode = kRcodeNoError;
  std::vector<std::string> addresses;
  std::optional<int> error;
  Duration round_trip = 1ms;
};

DnsOutcome OutcomeOf(const Answer& a, DnsType type = DnsType::kA) {
  DnsAnswer answer;
  answer.message.response = true;
  answer.message.rcode = a.rcode;
  answer.message.question = DnsQuestion{"name.example", type};
  for (auto& address : a.addresses)
    answer.message.answers.push_back({"name.example", type, DnsClass::kInternet, 2, address, {}, {},
                                      ""});
  if (a.error) answer.message.errors.push_back({*a.error, "gravity"});
  answer.round_trip = a.round_trip;
  return {answer, 1};
}

// What a Pi-hole answers to an ad in its five blocking modes, as recorded from FTL 6.4.1, and what
// is no blocking.
TEST(PiholeProbe, BlockedInAllModes) {
  struct Case {
    const char* name;
    DnsType type;
    Answer answer;
    ProbeOutcome outcome;
  };
  const auto a = DnsType::kA, aaaa = DnsType::kAaaa;
  const Case cases[] = {
      {"NULL", a, {0, {"0.0.0.0"}, {}}, kPassed},
      {"NULL", aaaa, {0, {"::"}, {}}, kPassed},
      {"NULL with error", a, {0, {"0.0.0.0"}, 15}, kPassed},
      {"IP_NODATA_AAAA", a, {0, {"10.99.0.13"}, 15}, kPassed},
      {"IP_NODATA_AAAA", aaaa, {0, {}, 15}, kPassed},
      {"IP", a, {0, {"10.99.0.13"}, 15}, kPassed},
      {"IP", aaaa, {0, {"fe80::1c86:5bff:fe4a:eb2a"}, 15}, kPassed},
      {"NX", a, {kRcodeNxDomain, {}, 15}, kPassed},
      {"NODATA", a, {0, {}, 15}, kPassed},
      {"the real address", a, {0, {"142.250.1.1"}, {}}, kNotBlocked},
      {"stale real address", a, {0, {"142.250.1.1"}, 3}, kNotBlocked},
      {"one of two is real", a, {0, {"0.0.0.0", "142.250.1.1"}, {}}, kNotBlocked},
      {"no such name", a, {kRcodeNxDomain, {}, {}}, kNxdomain},
      {"no data", aaaa, {0, {}, {}}, kNodata},
      {"upstream dead", a, {kRcodeServFail, {}, {}}, kServfail},
      {"not ready", a, {kRcodeRefused, {}, 14}, kRefused},
  };
  for (auto& c : cases) {
    auto probe = Probe(ProbeExpectation::kBlocked, c.type);
    ProbeSeen seen = JudgeAnswer(probe, OutcomeOf(c.answer, c.type));
    EXPECT_EQ(ProbeOutcomeName(seen.outcome), ProbeOutcomeName(c.outcome)) << c.name;
    EXPECT_TRUE(seen.answered);
  }
}

// Servers that block in their own way, and send no extended error.
TEST(PiholeProbe, BlockedAsTheProbeSays) {
  struct Case {
    Answer answer;
    ProbeOutcome as_nxdomain, as_nodata, as_address;
  };
  const Case cases[] = {
      {{kRcodeNxDomain, {}, {}}, kPassed, kNxdomain, kNxdomain},
      {{kRcodeNxDomain, {}, kEdeStaleNxDomain}, kStale, kNxdomain, kNxdomain},
      {{0, {}, {}}, kNodata, kPassed, kNodata},
      {{0, {"10.0.0.8"}, {}}, kNotBlocked, kNotBlocked, kPassed},
      {{0, {"10.0.0.8", "0.0.0.0"}, {}}, kNotBlocked, kNotBlocked, kPassed},
      {{0, {"10.0.0.8", "142.250.1.1"}, {}}, kNotBlocked, kNotBlocked, kNotBlocked},
      {{0, {"0.0.0.0"}, {}}, kPassed, kPassed, kPassed},
      {{0, {}, 15}, kPassed, kPassed, kPassed},
      {{kRcodeServFail, {}, {}}, kServfail, kServfail, kServfail},
  };
  auto nxdomain = Probe(ProbeExpectation::kBlocked), nodata = nxdomain, address = nxdomain;
  nxdomain.blocked_as = kNxdomain;
  nodata.blocked_as = kNodata;
  address.address = "10.0.0.8";
  int i = 0;
  for (auto& c : cases) {
    auto outcome = [&](const ProbeOptions& probe) {
      return ProbeOutcomeName(JudgeAnswer(probe, OutcomeOf(c.answer)).outcome);
    };
    EXPECT_EQ(outcome(nxdomain), ProbeOutcomeName(c.as_nxdomain)) << "row " << i;
    EXPECT_EQ(outcome(nodata), ProbeOutcomeName(c.as_nodata)) << "row " << i;
    EXPECT_EQ(outcome(address), ProbeOutcomeName(c.as_address)) << "row " << i;
    ++i;
  }
}

TEST(PiholeProbe, Addresses) {
  struct Case {
    Answer answer;
    std::string address;
    ProbeOutcome outcome;
  };
  const Case cases[] = {
      {{0, {"10.1.2.3"}, {}}, "", kPassed},
      {{0, {"10.1.2.3", "10.1.2.4"}, {}}, "10.1.2.4", kPassed},
      {{0, {"10.1.2.3"}, {}}, "10.1.2.4", kUnexpectedAnswer},
      {{0, {"0.0.0.0"}, {}}, "", kUnexpectedAnswer},       // blocked
      {{0, {"10.99.0.13"}, 15}, "", kUnexpectedAnswer},    // blocked, mode IP
      {{0, {"10.1.2.3"}, 3}, "", kStale},
      {{0, {}, {}}, "", kNodata},
      {{kRcodeNxDomain, {}, {}}, "", kNxdomain},
      {{kRcodeServFail, {}, 22}, "", kServfail},
      {{kRcodeRefused, {}, 14}, "", kRefused},
      {{kRcodeNotImp, {}, {}}, "", kUnexpectedAnswer},
  };
  for (auto& c : cases) {
    auto probe = Probe(ProbeExpectation::kAddress);
    probe.address = c.address;
    EXPECT_EQ(ProbeOutcomeName(JudgeAnswer(probe, OutcomeOf(c.answer)).outcome),
              ProbeOutcomeName(c.outcome));
  }
}

TEST(PiholeProbe, AnswersAndNamesThatDoNotExist) {
  struct Case {
    Answer answer;
    ProbeOutcome any, nxdomain;
  };
  const Case cases[] = {
      {{kRcodeNxDomain, {}, {}}, kPassed, kPassed},
      {{0, {"10.1.2.3"}, {}}, kPassed, kUnexpectedAnswer},
      {{0, {}, {}}, kPassed, kNodata},
      {{kRcodeNxDomain, {}, kEdeStaleNxDomain}, kStale, kStale},
      {{0, {"0.0.0.0"}, 15}, kUnexpectedAnswer, kUnexpectedAnswer},
      {{kRcodeServFail, {}, {}}, kServfail, kServfail},
      {{kRcodeRefused, {}, {}}, kRefused, kRefused},
  };
  for (auto& c : cases) {
    auto any = JudgeAnswer(Probe(ProbeExpectation::kAnswer), OutcomeOf(c.answer));
    auto nxdomain = JudgeAnswer(Probe(ProbeExpectation::kNxdomain), OutcomeOf(c.answer));
    EXPECT_EQ(ProbeOutcomeName(any.outcome), ProbeOutcomeName(c.any));
    EXPECT_EQ(ProbeOutcomeName(nxdomain.outcome), ProbeOutcomeName(c.nxdomain));
  }
}

TEST(PiholeProbe, WithoutAnAnswer) {
  const std::pair<absl::Status, ProbeOutcome> cases[] = {
      {absl::DeadlineExceededError("dns x udp y A: no answer in time"), kTimeout},
      {absl::UnavailableError("dns x udp y A: refused"), kConnectionRefused},
      {absl::UnavailableError("dns x udp y A: No route to host"), kUnreachable},
      {absl::DataLossError("dns x udp y A: malformed answer: it ends too early"), kMalformed},
      {absl::ResourceExhaustedError("dns x udp y A: Too many open files"), kOurs},
  };
  for (auto& [error, outcome] : cases) {
    ProbeSeen seen = JudgeAnswer(Probe(ProbeExpectation::kAddress), {error, 3});
    EXPECT_EQ(ProbeOutcomeName(seen.outcome), ProbeOutcomeName(outcome)) << error;
    EXPECT_FALSE(seen.answered);
    EXPECT_FALSE(seen.seconds || seen.ttl_seconds);
    EXPECT_EQ(seen.sent, 3);
  }
}

TEST(PiholeProbe, WhatElseAnAnswerTells) {
  Answer answer{0, {"10.1.2.3"}, 3, 250ms};
  ProbeSeen seen = JudgeAnswer(Probe(ProbeExpectation::kAddress), OutcomeOf(answer));
  EXPECT_TRUE(seen.stale);
  EXPECT_EQ(seen.ttl_seconds, 2u);
  EXPECT_EQ(seen.seconds, 0.25);
  answer = {0, {"10.1.2.3"}, {}, 1001ms};
  seen = JudgeAnswer(Probe(ProbeExpectation::kAddress), OutcomeOf(answer));
  EXPECT_EQ(seen.outcome, kTimeout);
  EXPECT_TRUE(seen.answered);
}

TEST(PiholeProbe, RandomNamesAreNewAndCanBeAskedFor) {
  auto probe = Probe(ProbeExpectation::kAnswer);
  EXPECT_FALSE(IsUncached(probe));
  EXPECT_EQ(QueryOf(probe).question.name, "name.example");
  probe.query = "{random}.example";
  EXPECT_TRUE(IsUncached(probe));
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) {
    std::string name = QueryOf(probe).question.name;
    EXPECT_EQ(name.size(), 16 + sizeof ".example" - 1);
    EXPECT_TRUE(CheckDnsName(name).ok()) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), 100u);
}

TEST(PiholeProbe, NamesAreAClosedSet) {
  std::set<std::string_view> names(kProbeFailures.begin(), kProbeFailures.end());
  EXPECT_EQ(names.size(), 11u);
  EXPECT_FALSE(names.count("passed") || names.count("ours") || names.count(""));
}

}  // namespace
