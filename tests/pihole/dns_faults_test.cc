// Each way in which a Pi-hole can answer: from its switch to the outcomes of the probes, and to the
// word for it. Without an API, so that DNS decides alone.
#include <map>

#include "tests/pihole/dns_watch.h"

namespace {

using namespace std::chrono_literals;

struct Row {
  const char* switches;
  const char* outcomes;  // of all probes in their order; "-": not asked
  const char* state;
};

constexpr char kAllPassed[] = "passed passed passed passed passed passed";
constexpr char kSilent[] = "timeout timeout timeout timeout timeout -";

// What it blocks, in each mode, with the extended error and, as old versions, without.
const Row kBlocking[] = {
    {R"("blocking_mode": "NULL")", kAllPassed, "ok"},
    {R"("blocking_mode": "NULL", "ede": "never")", kAllPassed, "ok"},
    {R"("blocking_mode": "IP")", kAllPassed, "ok"},
    {R"("blocking_mode": "IP", "ede": "never")",
     "passed not_blocked not_blocked passed passed passed", "filtering_broken"},
    {R"("blocking_mode": "IP_NODATA_AAAA")", kAllPassed, "ok"},
    {R"("blocking_mode": "IP_NODATA_AAAA", "ede": "never")",
     "passed not_blocked nodata passed passed passed", "filtering_broken"},
    {R"("blocking_mode": "NX")", kAllPassed, "ok"},
    {R"("blocking_mode": "NX", "ede": "never")", "passed nxdomain nxdomain passed passed passed",
     "filtering_broken"},
    {R"("blocking_mode": "NODATA")", kAllPassed, "ok"},
    {R"("blocking_mode": "NODATA", "ede": "never")", "passed nodata nodata passed passed passed",
     "filtering_broken"},
    {R"("blocks": false)", "passed not_blocked not_blocked passed passed passed",
     "filtering_broken"},
};

// Its upstream is dead, behind a warm cache (that serves what is stale, EDE 3) and a cold one.
const Row kUpstream[] = {
    {R"("upstream": "timeout")", "stale passed passed passed timeout stale", "upstream_dead"},
    {R"("upstream": "servfail")", "stale passed passed passed servfail stale", "upstream_dead"},
    {R"("upstream": "refused")", "stale passed passed passed refused stale", "upstream_dead"},
    {R"("upstream": "timeout", "cached": false)", "timeout passed passed passed timeout timeout",
     "upstream_dead"},
    {R"("upstream": "refused", "cached": false)", "refused passed passed passed refused refused",
     "upstream_dead"},
    {R"("upstream": "timeout", "blocks": false)",
     "stale not_blocked not_blocked passed timeout stale", "upstream_dead"},
    {R"("upstream": "servfail", "blocks": false, "cached": false)",
     "servfail servfail servfail passed servfail servfail", "upstream_dead"},
    {R"("dns_names": {"ads.google.com": "silent"})",
     "passed timeout timeout passed passed passed", ""},
};

// It answers badly, or not.
const Row kServer[] = {
    {R"("dns": "refused")", "refused refused refused refused refused refused", "dns_dead"},
    {R"("dns": "servfail")", "servfail servfail servfail servfail servfail servfail", "dns_dead"},
    {R"("dns": "nxdomain")", "nxdomain nxdomain nxdomain nxdomain passed nxdomain", "dns_dead"},
    {R"("dns": "nodata")", "nodata nodata nodata nodata passed nodata", "dns_dead"},
    {R"("dns": "truncated")", kAllPassed, "ok"},  // over TCP
    {R"("dns": "silent")", kSilent, "dns_dead"},
    {R"("dns": "wrong-id")", kSilent, "dns_dead"},
    {R"("dns": "wrong-question")", kSilent, "dns_dead"},
    {R"("dns": "short")", kSilent, "dns_dead"},
    {R"("dns": "empty")", kSilent, "dns_dead"},
    {R"("dns": "cut")", "malformed malformed malformed malformed malformed -", "dns_dead"},
    {R"("dns": "closed")",
     "connection_refused connection_refused connection_refused connection_refused "
     "connection_refused -",
     "stopped"},
    {R"("dns_tcp": "closed")", "passed passed passed passed passed connection_refused", "ok"},
    {R"("dns_tcp": "silent")", "passed passed passed passed passed timeout", "ok"},
    {R"("dns_tcp": "cut")", "passed passed passed passed passed malformed", "ok"},
};

class PiholeDnsFaults : public testing::Test {
 protected:
  // By a new eye, which asks everything; whoever is silent is waited for briefly.
  std::string Look(const std::string& switches) {
    fake_.Tell(R"({"state": "normal", "blocking_mode": "NULL", "ede": "recorded"})");
    fake_.Tell("{" + switches + "}");
    for (auto& probe : watch_.options.probes) probe.timeout = 300ms;
    watch_.Open();
    std::map<std::string, ProbeOutcome> seen;
    for (auto& probe : watch_.Ask(0).probes) seen[probe.probe] = probe.outcome;
    watch_.Open();
    watch_.Look();
    std::string outcomes;
    for (auto& probe : watch_.options.probes) {
      outcomes += outcomes.empty() ? "" : " ";
      outcomes += seen.count(probe.name) ? ProbeOutcomeName(seen[probe.name]) : "-";
    }
    return outcomes;
  }
  template <std::size_t N>
  void Check(const Row (&rows)[N]) {
    for (auto& row : rows) {
      EXPECT_EQ(Look(row.switches), row.outcomes) << row.switches;
      EXPECT_EQ(watch_.State(), row.state) << row.switches;
    }
  }

  FakePihole fake_;
  DnsWatch watch_{fake_};
};

TEST_F(PiholeDnsFaults, Blocking) { Check(kBlocking); }
TEST_F(PiholeDnsFaults, Upstream) { Check(kUpstream); }
TEST_F(PiholeDnsFaults, Server) { Check(kServer); }

// Bytes at random are no answer, or a malformed one.
TEST_F(PiholeDnsFaults, Garbage) {
  const std::string outcomes = Look(R"("dns": "garbage")");
  for (auto* good : {"passed", "blocked", "nxdomain", "nodata", "stale"})
    EXPECT_EQ(outcomes.find(good), std::string::npos) << outcomes;
  EXPECT_EQ(watch_.State(), "dns_dead");
}

// What the probe itself calls blocked, of a server that sends no extended error.
TEST_F(PiholeDnsFaults, BlockedInAWayOfItsOwn) {
  const std::pair<const char*, const char*> cases[] = {
      {"NX", "nxdomain"}, {"NODATA", "nodata"}, {"IP", "127.0.0.1"}};
  for (auto& [mode, as] : cases) {
    fake_.Tell(std::string(R"({"ede": "never", "blocking_mode": ")") + mode + "\"}");
    DnsWatch watch(fake_, std::string(R"(probes:
  - {name: resolve, query: google.com, mandatory: true}
  - {name: blocked, query: ads.google.com, expect: blocked, mandatory: true, blocked_as: )") +
                              as + "}\n");
    watch.Look();
    EXPECT_EQ(watch.State(), "ok") << mode;
    fake_.Tell(R"({"blocks": false})");
    watch.Look();
    EXPECT_EQ(watch.State(), "filtering_broken") << mode;
    fake_.Become("normal");
  }
}

}  // namespace
