// What is served from the cache beyond its time: once in each, it is how a healthy Pi-hole works;
// again and again, its upstream is dead.
#include <signal.h>

#include "tests/common/dnsmasq.h"
#include "tests/pihole/dns_watch.h"

namespace {

using namespace std::chrono_literals;

constexpr char kNoneIsUncached[] = R"(intervals: {dns: 1s}
probes:
  - {name: resolve, query: google.com, mandatory: true}
  - {name: blocked, query: ads.google.com, expect: blocked, mandatory: true}
  - {name: tcp, query: google.com, transport: tcp}
)";

const ProbeSeen& Of(const DnsLook& look, const std::string& probe) {
  for (auto& seen : look.probes)
    if (seen.probe == probe) return seen;
  throw std::runtime_error(probe + " was not asked");
}

std::string Outcome(const DnsLook& look, const std::string& probe) {
  return std::string(ProbeOutcomeName(Of(look, probe).outcome));
}

void Sleep(Duration d) { Deadline::In(d).Wait(-1, 0); }

TEST(PiholeStale, OnceIsHowAHealthyOneWorks) {
  FakePihole fake(R"({"ttl_seconds": 3})");
  DnsWatch watch(fake);
  watch.Ask(0);
  Sleep(3100ms);
  fake.ResetCounts();
  DnsLook look = watch.Ask(15);
  for (auto& seen : look.probes) EXPECT_EQ(ProbeOutcomeName(seen.outcome), "passed") << seen.probe;
  EXPECT_EQ(fake.Count({"queries", "udp", "google.com A"}), 2);
  EXPECT_EQ(Of(look, "resolve").sent, 2);
  EXPECT_FALSE(Of(look, "resolve").stale);
}

// Its upstream needs half a second, and the first answer to be asked again comes before.
TEST(PiholeStale, AskedAgainUntilItIsRenewed) {
  FakePihole fake(R"({"ttl_seconds": 3, "upstream_seconds": 0.5})");
  DnsWatch watch(fake);
  watch.Ask(0);
  Sleep(3100ms);
  DnsLook look = watch.Ask(15);
  EXPECT_EQ(Outcome(look, "resolve"), "passed");
  EXPECT_GE(Of(look, "resolve").sent, 2);
}

TEST(PiholeStale, OverAndOverIsADeadUpstream) {
  FakePihole fake(R"({"upstream": "timeout"})");
  DnsWatch watch(fake, kNoneIsUncached);
  Instant begin = Clock::now();
  DnsLook look = watch.Ask(0);
  EXPECT_GE(Clock::now() - begin, 1s);
  EXPECT_EQ(Outcome(look, "resolve"), "stale");
  EXPECT_EQ(Outcome(look, "blocked"), "passed");
  EXPECT_EQ(Of(look, "resolve").sent, 3);
}

// The question that no cache can answer tells it without asking again.
TEST(PiholeStale, OnceIsADeadUpstreamIfNothingElseIsAnswered) {
  FakePihole fake(R"({"upstream": "servfail"})");
  DnsWatch watch(fake);
  DnsLook look = watch.Ask(0);
  EXPECT_EQ(Outcome(look, "resolve"), "stale");
  EXPECT_EQ(Of(look, "resolve").sent, 1);
}

// The same of a real server, whose names live for a second: one that has the settings of a Pi-hole
// in front of one that knows the names.
class PiholeStaleDnsmasq : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!Dnsmasq::Installed()) GTEST_SKIP() << "needs dnsmasq";
    upstream_ = std::make_unique<Dnsmasq>(std::vector<std::string>{
        GetParam(), "--host-record=google.com,192.0.2.10", "--local=/com/"});
    upstream_->Await("google.com");
    front_ = std::make_unique<Dnsmasq>(std::vector<std::string>{
        "--server=127.0.0.1#" + std::to_string(upstream_->port()), "--use-stale-cache=3600",
        "--address=/ads.google.com/0.0.0.0", "--address=/ads.google.com/::",
        "--host-record=pi.hole,127.0.0.1"});
    front_->Await("google.com");
  }
  std::string Address() const { return "127.0.0.1:" + std::to_string(front_->port()); }

  std::unique_ptr<Dnsmasq> upstream_, front_;
};

TEST_P(PiholeStaleDnsmasq, NeverFailsWhileItsUpstreamLives) {
  DnsWatch watch(Address(), kNoneIsUncached), usual(Address(), "intervals: {dns: 1s}");
  int stale = 0;
  for (int at = 0; at < 12; ++at) {
    for (auto* eye : {&watch, &usual}) {
      DnsLook look = eye->Ask(at);
      for (auto& seen : look.probes)
        EXPECT_EQ(ProbeOutcomeName(seen.outcome), "passed") << at << " " << seen.probe;
      stale += Of(look, "resolve").sent > 1;
      Sleep(600ms);
    }
  }
  EXPECT_GT(stale, 2);  // else it showed nothing
  upstream_->Signal(SIGKILL);
  Sleep(2100ms);
  EXPECT_EQ(Outcome(watch.Ask(100), "resolve"), "stale");
  DnsLook look = usual.Ask(100);
  EXPECT_EQ(Outcome(look, "resolve"), "stale");
  EXPECT_NE(Outcome(look, "uncached"), "passed");
  EXPECT_EQ(Outcome(look, "local"), "passed");
}

INSTANTIATE_TEST_SUITE_P(Lifetimes, PiholeStaleDnsmasq,
                         testing::Values("--local-ttl=1", "--local-ttl=2"));

}  // namespace
