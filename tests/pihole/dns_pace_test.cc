// When a Pi-hole is asked what over DNS, on a clock of the test's.
#include "exporters/pihole/dns_pace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pihole/replay.h"

namespace {

using namespace std::chrono_literals;
using enum ProbeOutcome;
using testing::ElementsAre;

PollIntervals Intervals() {
  PollIntervals i;
  i.dns = 15s;
  i.chaos = 60s;
  return i;
}

// One look after the other at an eye's pace. What is not answered takes its look a second, and is
// sent three times.
class Looks {
 public:
  explicit Looks(const std::vector<ProbeOptions>& probes = DefaultProbes(15s))
      : pace_(probes, Intervals()) {}

  // From now on probes end like this; the others pass.
  void Become(Outcomes outcomes) { outcomes_ = std::move(outcomes); }
  // Looks until `seconds`; how many began.
  int Until(double seconds) {
    int looks = 0;
    for (; at_ < At(seconds); ++looks) Look();
    return looks;
  }
  int sent() const { return sent_; }
  const std::vector<std::string>& asked() const { return asked_; }  // by the last look
  const DnsPace& pace() const { return pace_; }

 private:
  void Look() {
    DnsLook look;
    asked_.clear();
    bool silent = false;
    for (auto* probe : pace_.Due(at_)) {
      ProbeSeen seen;
      seen.probe = probe->name;
      auto other = outcomes_.find(probe->name);
      seen.outcome = other == outcomes_.end() ? kPassed : other->second;
      seen.answered = IsAnswer(seen.outcome);
      look.probes.push_back(seen);
      asked_.push_back(probe->name);
      sent_ += seen.answered ? 1 : 3;
      silent = silent || !seen.answered;
    }
    const bool counters = pace_.CountersDue(at_);
    if (counters) asked_.push_back("counters"), sent_ += silent ? 21 : 7;
    pace_.Looked(look, counters, at_);
    const Instant end = at_ + (silent ? 1s : 2ms);
    at_ = std::max(at_ + pace_.Pause(end), end);
  }

  DnsPace pace_;
  Instant at_ = At(0);
  Outcomes outcomes_;
  std::vector<std::string> asked_;
  int sent_ = 0;
};

TEST(PiholeDnsPace, EverySecondForTheFirstFiveMinutesOfFailing) {
  Looks looks;
  EXPECT_EQ(looks.Until(60), 4);
  looks.Become(Each(kTimeout));
  EXPECT_EQ(looks.Until(360), 300);
  EXPECT_EQ(looks.Until(960), 40);  // for good
  looks.Become({});
  EXPECT_EQ(looks.Until(1020), 4);
  looks.Become(Each(kTimeout));  // and again; the next look begins at 1034
  EXPECT_EQ(looks.Until(1334), 300);
  EXPECT_EQ(looks.Until(1394), 4);
}

TEST(PiholeDnsPace, CalmsDownWithTheFirstLookThatPasses) {
  Looks looks;
  looks.Until(15);
  looks.Become({{"resolve", kServfail}});
  EXPECT_EQ(looks.Until(25), 10);
  looks.Become({});
  EXPECT_EQ(looks.Until(85), 4);  // at 25, and then 15 s apart
}

// What never works here is known after five minutes, and hides no other failure.
TEST(PiholeDnsPace, OneThatFailsForGoodDoesNotHideAnother) {
  Looks looks;
  const Outcomes closed{{"local", kNxdomain}, {"tcp", kTimeout}, {"uncached", kTimeout}};
  looks.Become(closed);
  EXPECT_EQ(looks.Until(300), 300);
  EXPECT_EQ(looks.Until(1200), 60);
  looks.Become(Each(kTimeout));  // the next look begins at 1214
  EXPECT_EQ(looks.Until(1514), 300);
  EXPECT_EQ(looks.Until(1814), 20);
  looks.Become(closed);
  EXPECT_EQ(looks.Until(1874), 4);
}

TEST(PiholeDnsPace, WhatTellsOnlyDetailsHurriesNobody) {
  Looks looks;
  looks.Become({{"local", kNxdomain}, {"tcp", kTimeout}});
  EXPECT_EQ(looks.Until(600), 40);
}

// Failing now and then costs one look more each time.
TEST(PiholeDnsPace, FlappingHurriesWhileItFails) {
  Looks looks;
  int all = 0;
  for (int i = 0; i < 40; ++i) {
    looks.Become({{"uncached", kTimeout}});
    all += looks.Until(60 * i + 1);
    looks.Become({});
    all += looks.Until(60 * i + 60);
  }
  EXPECT_LE(all, 40 * 5);
}

TEST(PiholeDnsPace, OverTcpAndTheCountersNowAndThen) {
  Looks looks;
  looks.Until(1);
  EXPECT_THAT(looks.asked(), ElementsAre("resolve", "blocked", "blocked_aaaa", "local", "uncached",
                                         "tcp"));
  int tcp = 0, counters = 0;
  for (int at = 15; at < 1215; at += 15) {
    EXPECT_EQ(looks.Until(at + 1), 1);
    for (auto& name : looks.asked()) tcp += name == "tcp", counters += name == "counters";
  }
  EXPECT_EQ(tcp, 4);
  EXPECT_EQ(counters, 20);
}

// A probe with a longer interval comes along while it may tell why others fail, if anybody answers.
TEST(PiholeDnsPace, OthersComeAlongWhileItFailsAndAnswers) {
  auto probes = DefaultProbes(15s);
  for (auto& probe : probes)
    if (probe.name == "local" || probe.name == "uncached") probe.interval = 5min;
  Looks looks(probes);
  looks.Until(16);
  EXPECT_THAT(looks.asked(), ElementsAre("resolve", "blocked", "blocked_aaaa", "counters"));
  looks.Become({{"resolve", kTimeout}});
  looks.Until(32);
  EXPECT_THAT(looks.asked(),
              ElementsAre("resolve", "blocked", "blocked_aaaa", "local", "uncached"));
  looks.Become(Each(kTimeout));
  looks.Until(34);
  EXPECT_THAT(looks.asked(), ElementsAre("resolve", "blocked", "blocked_aaaa", "uncached"));
  looks.Until(400);  // calm again
  EXPECT_THAT(looks.asked(), ElementsAre("resolve", "blocked", "blocked_aaaa", "uncached"));
}

// Whichever probes are answered, and whichever not: a Pi-hole refuses a client that asks more than
// 1000 questions within 60 s.
TEST(PiholeDnsPace, StaysBelowTheRateLimitHoweverItFails) {
  const auto probes = DefaultProbes(15s);
  int most = 0;
  for (unsigned unanswered = 0; unanswered < 1u << probes.size(); ++unanswered) {
    Outcomes outcomes;
    for (std::size_t i = 0; i < probes.size(); ++i)
      outcomes[probes[i].name] = unanswered >> i & 1 ? kTimeout : kServfail;
    Looks looks;
    looks.Until(15);
    looks.Become(outcomes);
    const int before = looks.sent();
    looks.Until(75);
    most = std::max(most, looks.sent() - before);
  }
  std::printf("at most %d questions within 60 s\n", most);
  EXPECT_EQ(most, 801);  // about 800, the README says
}

}  // namespace
