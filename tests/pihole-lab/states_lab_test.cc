#include <signal.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/common/loopback.h"
#include "tests/common/testing/sanitizer.h"
#include "tests/pihole-lab/program.h"

// What pihole-exporter says of Pi-holes in each of their states, over real sockets.

using namespace std::chrono_literals;

namespace {

constexpr double kLook = 1, kTimeout = 1;  // seconds: between two looks, and of a question
constexpr char kPaces[] =
    "intervals: {dns: 1s, chaos: 1s, fast: 1s, slow: 1s, rare: 1s, drift: 1s}\n";
// An answer waits for its look, and the look for its timeout; twice.
constexpr double kTwoLooks = 2 * (kLook + kTimeout);

bool Is(const Page& page, const std::string& pihole, const std::string& state) {
  return page.Is("pihole_state", {{"pihole", pihole}, {"state", state}}, 1);
}

std::string ServiceUp(const Page& page, const std::string& scope) {
  auto up = page.Get("ha_service_up", {{"service", "dns"}, {"scope", scope}});
  return up ? std::to_string(static_cast<int>(*up)) : "absent";
}

struct Case {
  std::string fault, state;
  std::string up;  // whether it resolves and blocks
};

// Those that every exporter which only asks the API shows as well: the first four.
const Case kCases[] = {
    {"gravity-broken", "filtering_broken", "0"}, {"port-taken", "dns_dead_api_alive", "0"},
    {"upstream-dead", "upstream_dead", "1"},     {"stale-gravity", "filtering_broken", "0"},
    {"blocking-off", "blocking_off", "0"},       {"api-dead", "api_dead_dns_alive", "1"},
    {"wrong-password", "api_denied", "1"},       {"totp", "api_denied", "1"},
};

class PiholeStatesLab : public testing::Test {
 protected:
  static PiholeProgram& Started(PiholeProgram& program) {
    program.Await(15 * kSlower, "all well", [](const Page& p) {
      return Is(p, "pi", "ok") && p.Is("pihole_api_up", {{"pihole", "pi"}}, 1);
    });
    return program;
  }
};

TEST_F(PiholeStatesLab, EachFaultHasItsNameWithinTwoLooks) {
  FakePihole fake(R"({"password": "secret", "login_seconds": 0})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fake) + kPaces);
  Started(program);
  for (auto& [fault, state, up] : kCases) {
    fake.Become(fault);
    const Instant begin = Clock::now();
    Page page = program.Await(20 * kSlower, fault, [&](const Page& p) {
      return Is(p, "pi", state) && ServiceUp(p, "pi") == up;
    });
    const double seconds = Seconds(Clock::now() - begin);
    std::printf("%-16s -> %-20s %5.2f s\n", fault.c_str(), state.c_str(), seconds);
    // The client waits 2 s for an API that says nothing.
    if (state.starts_with("api")) continue;
    EXPECT_LE(seconds, (kTwoLooks + 3) * kSlower) << fault << page.Lines("pihole_probe_success");
    fake.Become("normal");
    program.Await(20 * kSlower, "well after " + fault, [&](const Page& p) {
      return Is(p, "pi", "ok") && ServiceUp(p, "pi") == "1";
    });
  }
}

TEST_F(PiholeStatesLab, StoppedAndHungHaveTheirNamesAndNothingStaleRemains) {
  FakePihole fake(R"({"password": "secret"})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fake) + kPaces);
  Started(program);
  fake.Freeze();
  program.Await(20 * kSlower, "hung", [](const Page& p) { return Is(p, "pi", "hung"); });
  // Three intervals after its last answer what the API told is gone.
  program.Await(20 * kSlower, "no details", [](const Page& p) {
    return !p.Has("pihole_queries") && !p.Has("pihole_gravity_domains") &&
           p.Is("pihole_dns_up", {}, 0);
  });
  fake.Thaw();
  program.Await(20 * kSlower, "well again", [](const Page& p) { return Is(p, "pi", "ok"); });
  fake.Stop();
  Page page = program.Await(20 * kSlower, "stopped", [](const Page& p) {
    return Is(p, "pi", "stopped");
  });
  EXPECT_TRUE(page.Is("pihole_filtering", {}, 0));
  EXPECT_EQ(ServiceUp(page, "all"), "0") << page.Lines("ha_service_up");
  fake.Start();
  program.Await(20 * kSlower, "started", [](const Page& p) { return Is(p, "pi", "ok"); });
}

// While DNS is dead what the API tells goes on, and is new.
TEST_F(PiholeStatesLab, TheApiGoesOnWhileDnsIsDown) {
  FakePihole fake(R"({"password": "secret"})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fake) + kPaces);
  Started(program);
  fake.Tell(R"({"dns": "closed"})");
  Page page = program.Await(20 * kSlower, "DNS is dead", [](const Page& p) {
    return Is(p, "pi", "dns_dead_api_alive") && ServiceUp(p, "pi") == "0";
  });
  const Labels queries = {{"pihole", "pi"}, {"part", "summary"}};
  auto told = [&](const Page& p) {
    return p.Get("pihole_api_part_timestamp_seconds", queries).value_or(0);
  };
  const double before = told(page);
  page = program.Await(20 * kSlower, "four more polls", [&](const Page& p) {
    return told(p) > before + 4;
  });
  for (auto* name : {"pihole_queries", "pihole_gravity_domains", "pihole_blocking_enabled",
                     "pihole_dns_replies_total", "pihole_dns_cache_size"})
    EXPECT_TRUE(page.Has(name, {{"pihole", "pi"}})) << name;
  EXPECT_TRUE(page.Is("pihole_api_up", {{"pihole", "pi"}}, 1));
  EXPECT_TRUE(page.Is("pihole_dns_up", {{"pihole", "pi"}}, 0));
  EXPECT_TRUE(page.Is("pihole_resolving", {}, 0));
  EXPECT_FALSE(page.Has("pihole_upstream_sent_total"));  // which DNS told: three intervals are over
  EXPECT_GT(page.Get("pihole_probe_failures_total",
                     {{"probe", "resolve"}, {"reason", "connection_refused"}}).value_or(0), 0);
}

// A host from which nothing comes back: questions vanish, and so do connections, since the queue of
// those is full.
struct Blackhole {
  Listener tcp = Listen("127.0.0.1", 0, 0);
  Socket udp{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  int udp_port = 0;
  std::vector<Socket> waiting;
  Blackhole() {
    for (int i = 0; i < 8; ++i) {
      auto s = Dial("127.0.0.1", tcp.port, Deadline::In(100ms));
      if (!s.ok()) break;
      waiting.push_back(*std::move(s));
    }
    EXPECT_LT(waiting.size(), 8u) << "the queue is not full";
    sockaddr_in at{};
    socklen_t size = sizeof at;
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    EXPECT_EQ(bind(udp.fd(), address, size), 0);
    EXPECT_EQ(getsockname(udp.fd(), address, &size), 0);
    udp_port = ntohs(at.sin_port);
  }
};

TEST_F(PiholeStatesLab, AHostThatIsGoneIsDown) {
  Blackhole gone;
  const std::string dns = "127.0.0.1:" + std::to_string(gone.udp_port);
  PiholeProgram program("piholes:\n  - {name: pi, dns: \"" + dns +
                        "\", api: {url: \"http://127.0.0.1:" + std::to_string(gone.tcp.port) +
                        "\"}}\n  - {name: without_api, dns: \"" + dns + "\"}\n" + kPaces);
  Page page = program.Await(20 * kSlower, "host_down", [](const Page& p) {
    return Is(p, "pi", "host_down") && ServiceUp(p, "all") == "0";
  });
  EXPECT_TRUE(page.Is("pihole_api_state", {{"pihole", "pi"}, {"state", "no_connection"}}, 1))
      << page.Lines("pihole_api_state");
  EXPECT_TRUE(Is(page, "without_api", "dns_dead")) << page.Lines("pihole_state");
}

double Percentile(std::vector<double> seconds, double share) {
  std::sort(seconds.begin(), seconds.end());
  return seconds[static_cast<std::size_t>(share * static_cast<double>(seconds.size() - 1))];
}

std::vector<double> ScrapeTimes(const PiholeProgram& program, int scrapes) {
  std::vector<double> seconds;
  for (int i = 0; i < scrapes; ++i) seconds.push_back(program.Scrape().seconds);
  return seconds;
}

TEST_F(PiholeStatesLab, TheSickDelayNoPageAndTheWellOneIsWhole) {
  FakePihole fine(R"({"password": "secret"})"), hung(R"({"password": "secret"})");
  FakePihole refusing(R"({"password": "secret"})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fine) + EntryOf("hung", hung) +
                        EntryOf("refusing", refusing) + kPaces);
  Started(program);
  program.Await(15 * kSlower, "three are well", [](const Page& p) {
    return p.Is("pihole_filtering", {}, 3);
  });
  const auto before = SeriesOf(program.Scrape(), "pi");
  ASSERT_GT(before.size(), 150u);
  hung.Freeze();
  refusing.Stop();
  program.Await(20 * kSlower, "one is hung, one stopped", [](const Page& p) {
    return Is(p, "hung", "hung") && Is(p, "refusing", "stopped");
  });
  auto seconds = ScrapeTimes(program, 300);
  std::printf("one hung, one refusing: p50 %.2f ms, p99 %.2f ms\n",
              1e3 * Percentile(seconds, 0.5), 1e3 * Percentile(seconds, 0.99));
  EXPECT_LT(Percentile(seconds, 0.5), 0.05 * kSlower);  // the p99 is the machine's: see the bench
  const auto after = SeriesOf(program.Scrape(), "pi");
  for (auto& series : before) EXPECT_TRUE(after.count(series)) << series;
}

// When the API told what is shown, by its parts.
std::map<std::string, double> PartTimes(const Page& page) {
  std::map<std::string, double> times;
  for (auto& sample : page.samples)
    if (sample.name == "pihole_api_part_timestamp_seconds")
      times[sample.labels.at("part")] = sample.value;
  return times;
}

// Each of 19 pieces comes 50 ms later: an answer takes a second, and a poll does not come to all.
TEST_F(PiholeStatesLab, FiftyMillisecondsMoreChangeNothingOnThePage) {
  FakePihole fake(R"({"password": "secret"})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fake) +
                        "intervals: {dns: 1s, chaos: 1s, fast: 5s, slow: 10s, rare: 60s, "
                        "drift: 60s}\n");
  Started(program);
  const auto before = PartTimes(program.Await(20 * kSlower, "all parts", [](const Page& p) {
    return PartTimes(p).size() == 14;
  }));
  fake.Tell(R"({"dns_delay_seconds": 0.05, "api": "slow", "slow_seconds": 0.05})");
  auto seconds = ScrapeTimes(program, 300);
  std::printf("50 ms more: p50 %.2f ms, p99 %.2f ms\n", 1e3 * Percentile(seconds, 0.5),
              1e3 * Percentile(seconds, 0.99));
  EXPECT_LT(Percentile(seconds, 0.5), 0.05 * kSlower);
  // What is asked less often is renewed too, and on no page there is less than before.
  program.Await(40 * kSlower, "the lists anew", [&](const Page& p) {
    EXPECT_TRUE(p.Is("pihole_api_up", {{"pihole", "pi"}}, 1)) << p.Lines("pihole_api_state");
    EXPECT_EQ(PartTimes(p).size(), 14u) << p.Lines("pihole_api_part");
    return PartTimes(p)["lists"] > before.at("lists") + 1 || HasFailure();
  });
  EXPECT_GT(PartTimes(program.Scrape())["history"], before.at("history") + 10);
}

std::string TextOf(const std::string& path) {
  std::ifstream file(SOURCE_DIR "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Name and label keys of every series: "pihole_state{pihole,state}".
std::set<std::string> Shapes(const Page& page) {
  std::set<std::string> shapes;
  for (auto& sample : page.samples) {
    std::string keys;
    for (auto& [key, value] : sample.labels) keys += (keys.empty() ? "" : ",") + key;
    shapes.insert(sample.name + "{" + keys + "}");
  }
  return shapes;
}

TEST_F(PiholeStatesLab, TheLivePageIsCleanAndHasOnlyWhatIsOnTheGoldenOne) {
  FakePihole fake(R"({"password": "secret"})"), other(R"({"password": "secret"})");
  PiholeProgram program("piholes:\n" + EntryOf("pi", fake) + EntryOf("other", other) + kPaces);
  Started(program);
  Page page = program.Await(20 * kSlower, "what the API tells rarely", [](const Page& p) {
    return p.Has("pihole_config_drift_items") && p.Has("pihole_upstream_sent_total") &&
           p.Has("pihole_database_size_bytes");
  });
  auto golden = Shapes(ReadPage(TextOf("tests/golden/pihole.prom")));
  ASSERT_GT(golden.size(), 80u);
  for (auto& shape : Shapes(page))
    EXPECT_TRUE(golden.count(shape)) << "only on the live page: " << shape;
  EXPECT_TRUE(page.broken.empty() && page.duplicates.empty());
  TemporaryDirectory directory;
  WriteText(directory / "page", page.body);
  auto said = RunCommand({"sh", "-c", "promtool check metrics <" + (directory / "page")},
                         Deadline::In(20s));
  EXPECT_EQ(said.code, 0) << said.output;
  EXPECT_EQ(said.output, "");
}

// A real DNS server without an API: the probes alone.
TEST_F(PiholeStatesLab, WatchesARealServerByDnsAlone) {
  TemporaryDirectory directory;
  FakePihole placeholder;  // lends its port once it is gone
  const int port = placeholder.dns_port();
  placeholder.Stop();
  const std::vector<std::string> dnsmasq = {
      "/usr/sbin/dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--no-resolv",
      "--no-hosts", "--no-daemon", "--bind-interfaces", "--listen-address=127.0.0.1",
      "--pid-file=", "--user=root", "--port=" + std::to_string(port),
      "--host-record=google.com,192.0.2.1", "--host-record=pi.hole,127.0.0.1",
      "--address=/ads.google.com/0.0.0.0", "--address=/ads.google.com/::", "--local=/com/"};
  auto server = std::make_unique<Child>(dnsmasq, directory / "dnsmasq");
  PiholeProgram program("piholes:\n  - {name: pi, dns: \"127.0.0.1:" + std::to_string(port) +
                        "\"}\n" + kPaces);
  Page page = program.Await(15 * kSlower, "dnsmasq is well", [](const Page& p) {
    return Is(p, "pi", "ok") && p.Has("pihole_dns_cache_hits_total");
  });
  EXPECT_TRUE(page.Is("pihole_api_state", {{"pihole", "pi"}, {"state", "disabled"}}, 1));
  EXPECT_FALSE(page.Has("pihole_api_up"));
  server->Signal(SIGSTOP);
  program.Await(15 * kSlower, "frozen", [](const Page& p) { return Is(p, "pi", "dns_dead"); });
  server->Signal(SIGCONT);
  program.Await(15 * kSlower, "thawed", [](const Page& p) { return Is(p, "pi", "ok"); });
  server->Signal(SIGKILL);
  program.Await(15 * kSlower, "killed", [](const Page& p) { return Is(p, "pi", "stopped"); });
}

}  // namespace
