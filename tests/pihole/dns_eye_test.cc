// The eye on one Pi-hole over DNS, as the Pi-hole sees it: what it is asked, how often, and for how
// long a look waits.
#include <sched.h>

#include <thread>

#include "tests/pihole/dns_watch.h"

namespace {

using namespace std::chrono_literals;

TEST(PiholeDnsEye, AsksEachQuestionOnceWhileAllIsWell) {
  FakePihole fake;
  DnsWatch watch(fake);
  const Instant begin = Clock::now();
  Next next = watch.Look();
  EXPECT_TRUE(next.status.ok()) << next.status;
  EXPECT_GE(next.at, begin + 15s);
  EXPECT_LE(next.at, Clock::now() + 15s);
  for (auto* question : {"google.com A", "ads.google.com A", "ads.google.com AAAA", "pi.hole A"})
    EXPECT_EQ(fake.Count({"queries", "udp", question}), 1) << question;
  EXPECT_EQ(fake.Count({"queries", "tcp", "google.com A"}), 1);
  EXPECT_EQ(fake.Count({"queries", "udp", "hits.bind TXT"}), 0);  // whether it answers is new
  EXPECT_NE(watch.Page().find("pihole_dns_up{pihole=\"pi\"} 1"), std::string::npos);
}

TEST(PiholeDnsEye, AsksOverTcpAndForTheCountersNowAndThen) {
  FakePihole fake;
  DnsWatch watch(fake);
  for (int at = 0; at < 1200; at += 15) {
    DnsLook look = watch.Ask(at);
    EXPECT_EQ(look.chaos.has_value(), at % 60 == 15) << at;
    EXPECT_EQ(watch.Pause(at), 15s);
  }
  EXPECT_EQ(fake.Count({"queries", "udp", "google.com A"}), 80);
  EXPECT_EQ(fake.Count({"queries", "tcp", "google.com A"}), 4);
  for (auto& query : ChaosQueries())
    EXPECT_EQ(fake.Count({"queries", "udp", query.question.name + " TXT"}), 20);
}

// At the eye's own pace: calm, failing for ten minutes, and well again.
TEST(PiholeDnsEye, EverySecondForTheFirstFiveMinutesOfFailing) {
  FakePihole fake;
  DnsWatch watch(fake);
  double at = 0;
  auto until = [&](double seconds) {
    fake.ResetCounts();
    for (; at < seconds; at += Seconds(watch.Pause(at))) watch.Ask(at);
    return fake.Count({"queries", "udp", "google.com A"});
  };
  EXPECT_EQ(until(60), 4);
  fake.Tell(R"({"dns": "servfail"})");
  EXPECT_EQ(until(360), 300);
  EXPECT_EQ(fake.Count({"queries", "udp", "pi.hole A"}), 300);  // while it answers
  EXPECT_EQ(fake.Count({"queries", "tcp", "google.com A"}), 1);
  EXPECT_EQ(until(660), 20);
  fake.Become("normal");
  EXPECT_EQ(until(720), 4);
}

// A hung Pi-hole costs a look its second, and is not asked over TCP on top of that.
TEST(PiholeDnsEye, TheSilentAreNotWaitedForTwice) {
  FakePihole fake(R"({"dns": "silent"})");
  DnsWatch watch(fake);
  const Instant begin = Clock::now();
  Next next = watch.Look();
  EXPECT_LT(Clock::now() - begin, 1900ms);
  EXPECT_TRUE(absl::IsDeadlineExceeded(next.status)) << next.status;
  EXPECT_LE(next.at, Clock::now() + 1s);
  EXPECT_EQ(fake.Count({"queries", "udp", "google.com A"}), 3);
  EXPECT_EQ(fake.Count({"queries", "udp", "hits.bind TXT"}), 0);
  EXPECT_EQ(fake.Count({"queries", "tcp", "google.com A"}), 0);
  fake.Tell(R"({"dns": "normal"})");
  watch.Ask(1e6);
  EXPECT_EQ(fake.Count({"queries", "tcp", "google.com A"}), 1);  // once it answers again
}

// Resends and what nobody answers, too: all of it stands in the Pi-hole's statistics.
TEST(PiholeDnsEye, CountsEveryQuestionThatItSends) {
  FakePihole fake;
  DnsWatch watch(fake);
  auto asked = [&](const std::string& transport) {
    double sum = 0;
    Json counts = fake.Counts();
    for (auto& [question, n] : counts.view()["queries"][transport].Members())
      sum += static_cast<double>(n.Integer().value_or(0));
    return sum;
  };
  auto shown = [&](const std::string& transport) {
    const std::string page = watch.Page();
    const std::string series =
        "pihole_probes_sent_total{pihole=\"pi\",transport=\"" + transport + "\"} ";
    std::size_t at = page.find(series);
    return at == page.npos ? -1 : std::stod(page.substr(at + series.size()));
  };
  for (std::string dns : {"normal", "silent", "servfail", "normal"}) {
    fake.Tell("{\"dns\": \"" + dns + "\"}");
    watch.Look();
    EXPECT_EQ(shown("udp"), asked("udp")) << dns;
    EXPECT_EQ(shown("tcp"), asked("tcp")) << dns;
  }
  EXPECT_EQ(fake.Count({"queries", "udp", "misses.bind TXT"}), 3);  // by the second look
}

constexpr char kThreeOverTcp[] = R"(probes:
  - {name: resolve, query: google.com, mandatory: true}
  - {name: blocked, query: ads.google.com, expect: blocked, mandatory: true}
  - {name: one, query: google.com, transport: tcp, timeout: 600ms}
  - {name: two, query: www.google.com, transport: tcp, timeout: 600ms}
  - {name: three, query: example.com, transport: tcp, timeout: 600ms}
)";

TEST(PiholeDnsEye, ALookKeepsToItsDeadline) {
  FakePihole fake(R"({"dns_tcp": "silent"})");
  DnsWatch watch(fake, kThreeOverTcp);
  EXPECT_EQ(DnsLookDeadline(watch.options.probes), 3700ms);
  Instant begin = Clock::now();
  DnsLook look = watch.Ask(0);  // all three share the time of one
  EXPECT_LT(Clock::now() - begin, 1500ms);
  EXPECT_TRUE(look.status.ok()) << look.status;
  ASSERT_EQ(look.probes.size(), 5u);
  for (auto& seen : look.probes)
    EXPECT_EQ(ProbeOutcomeName(seen.outcome),
              seen.transport == DnsTransport::kTcp ? "timeout" : "passed") << seen.probe;
  begin = Clock::now();
  watch.eye->Ask(Deadline::In(100ms), watch.Second(1e6));
  EXPECT_LT(Clock::now() - begin, 500ms);
}

// One that must pass over TCP, too, is down while it is silent over UDP, though TCP was not asked.
TEST(PiholeDnsEye, SilenceIsAFailureOfWhatIsMandatoryOverTcp) {
  FakePihole fake;
  DnsWatch watch(fake, R"(probes:
  - {name: resolve, query: google.com, mandatory: true, timeout: 50ms}
  - {name: blocked, query: ads.google.com, expect: blocked, mandatory: true, timeout: 50ms}
  - {name: tcp, query: google.com, transport: tcp, mandatory: true}
)");
  auto up = [&](int value) {
    return watch.Page().find("ha_service_up{service=\"dns\",scope=\"pi\"} " +
                             std::to_string(value)) != std::string::npos;
  };
  watch.Look();
  EXPECT_TRUE(up(1)) << watch.Page();
  fake.Tell(R"({"dns": "silent"})");
  for (int i = 0; i < 2; ++i) watch.Look();
  EXPECT_TRUE(up(0)) << watch.Page();
}

// 127.1 is a name to us, and the C library finds 127.0.0.1 under it without asking anybody.
TEST(PiholeDnsEye, AsksAServerThatIsGivenByName) {
  FakePihole fake;
  DnsWatch watch("127.1:" + std::to_string(fake.dns_port()));
  DnsLook look = watch.Ask(0);
  EXPECT_TRUE(look.status.ok()) << look.status;
  for (auto& seen : look.probes) EXPECT_EQ(ProbeOutcomeName(seen.outcome), "passed") << seen.probe;
  DnsWatch nowhere("no-such-name.invalid:53");
  look = nowhere.Ask(0);
  EXPECT_FALSE(look.status.ok());
  EXPECT_NE(look.status.message().find("no-such-name.invalid"), std::string::npos) << look.status;
}

// In a network of its own, where even the loopback is down.
template <class F>
void WithoutANetwork(F&& f) {
  bool away = false;
  std::thread([&] {
    away = unshare(CLONE_NEWNET) == 0;
    if (away) f();
  }).join();
  if (!away) GTEST_SKIP() << "needs to be root";
}

TEST(PiholeDnsEye, NoRouteFromHereIsNoFaultOfThePihole) {
  FakePihole fake;
  DnsWatch watch(fake);
  watch.Look();
  WithoutANetwork([&] {
    for (auto& seen : watch.Ask(15).probes)
      EXPECT_TRUE(seen.unsent && seen.sent == 0) << seen.probe;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(absl::IsUnavailable(watch.Look().status));
  });
  if (IsSkipped()) return;
  EXPECT_NE(watch.Page().find("ha_service_up{service=\"dns\",scope=\"pi\"} 1"), std::string::npos);
  EXPECT_EQ(watch.State(), "ok");
  DnsWatch nothing_known(fake);
  WithoutANetwork([&] {
    for (int i = 0; i < 3; ++i) nothing_known.Look();
  });
  EXPECT_EQ(nothing_known.Page().find("\nha_service_up"), std::string::npos);
  EXPECT_EQ(nothing_known.Page().find("\npihole_dns_up"), std::string::npos);
  EXPECT_EQ(nothing_known.State(), "");
}

TEST(PiholeDnsEye, ANameThatNobodyKnowsIsNoFaultOfThePihole) {
  DnsWatch watch("no-such-name.invalid:53");
  for (int i = 0; i < 3; ++i) watch.Look();
  EXPECT_EQ(watch.Page().find("\nha_service_up"), std::string::npos);
  EXPECT_EQ(watch.State(), "");
}

// A closed port of another host is one of a path.
TEST(PiholeDnsEye, WhoRefusesWasAsked) {
  FakePihole fake(R"({"dns": "closed"})");
  DnsWatch watch(fake);
  for (int i = 0; i < 3; ++i) watch.Look();
  EXPECT_EQ(watch.State(), "stopped");
}

}  // namespace
