// A whole page from recorded answers at a fixed clock, compared byte by byte with
// tests/golden/pihole.prom; `tests/run --update` writes it anew.
#include "tests/common/golden.h"

#include "exporters/pihole/api_answers.h"
#include "tests/pihole/recorded_answers.h"
#include "tests/pihole/replay.h"

namespace {

using std::chrono::seconds;

// What the core knows to say of services that somebody holds. Nobody holds DNS.
bool NeedsAHolder(std::string_view name) {
  return name == "ha_active" || name == "ha_rpo_objective_seconds" ||
         name.starts_with("ha_failovers") || name.starts_with("ha_last_failover") ||
         name.starts_with("ha_split_brain");
}

template <class T>
Part<T> PartOf(absl::StatusOr<T> value, double at, seconds interval) {
  EXPECT_TRUE(value.ok()) << value.status();
  if (!value.ok()) return {};
  return {std::make_shared<T>(*std::move(value)), At(at), interval};
}

// The settings; `lists` are those of the answer, or without them none.
ConfigItems Settings(bool lists) {
  auto groups = Answer::Recorded("v6/nopw_groups"), adlists = Answer::Recorded("v6/nopw_lists"),
       domains = Answer::Recorded("v6/nopw_domains"), clients = Answer::Recorded("v6/nopw_clients"),
       config = Answer::Recorded("v6/nopw_config"), none = Answer("{\"lists\":[]}");
  return FingerprintsOf(
      ItemTextsOf({groups, lists ? adlists : none, domains, clients, config}, false));
}

// All that FTL 6.4.1 answered, at `at`.
std::shared_ptr<ApiSnapshot> Recorded(double at, bool lists) {
  auto of = [](const std::string& name) { return Answer::Recorded("v6/nopw_" + name); };
  auto s = std::make_shared<ApiSnapshot>();
  s->replies = PartOf(ReadReplyCounters(of("info_metrics")), at, seconds(15));
  s->summary = PartOf(ReadQuerySummary(of("stats_summary")), at, seconds(15));
  s->blocking = PartOf(ReadBlocking(of("dns_blocking")), at, seconds(15));
  s->upstreams = PartOf(ReadUpstreams(of("stats_upstreams")), at, seconds(15));
  s->history = PartOf(ReadHistory(of("history")), at, seconds(15));
  s->ftl = PartOf(ReadFtl(of("info_ftl")), at, seconds(60));
  s->seats = PartOf(ReadSeats(of("auth_sessions"), "nobody"), at, seconds(60));
  s->seats_max = PartOf(ReadSeatsMax(of("config")), at, seconds(300));
  s->messages = PartOf(ReadMessages(of("info_messages")), at, seconds(60));
  s->lists = PartOf(ReadLists(of("lists")), at, seconds(60));
  auto version = ReadVersion(of("info_version"));
  if (version.ok())  // the recorded machine could not ask for the latest ones
    for (auto& c : version->components) c.latest = c.component == "ftl" ? "v6.5" : c.version;
  s->version = PartOf(std::move(version), at, seconds(300));
  s->database = PartOf(ReadDatabase(of("info_database")), at, seconds(60));
  // The recording machine has no sensor.
  auto sensors = Answer("{\"sensors\":{\"cpu_temp\":48.5,\"unit\":\"C\"}}");
  s->system = PartOf(ReadSystem(of("info_system"), sensors), at, seconds(300));
  s->config = {std::make_shared<ConfigItems>(Settings(lists)), At(at), seconds(300)};
  for (std::string path : {"history", "info/ftl", "lists"})
    s->paths["/api/" + path] = {std::make_shared<const bool>(path != "lists" || lists), At(at),
                                seconds(60)};
  return s;
}

ApiTraffic Traffic() {
  return {{{0, 2}, {200, 5}, {401, 1}},
          {{ApiState::kTimeout, 2}},
          {{"ok", 1}},
          {0.0004, 0.002, 0.3}};
}

ChaosCounters Chaos() {
  ChaosCounters c;
  c.hits = 287, c.misses = 68, c.insertions = 11, c.evictions = 0, c.cache_size = 10000;
  c.upstreams = {{{"10.99.0.1#5353", 68, 7}}};
  c.version = "v6.4.1";
  return c;
}

PiholeEvidence WithCounters(PiholeEvidence e) {
  auto& look = std::get<DnsLook>(e.seen);
  look.chaos = Chaos();
  look.chaos_sent = 7;
  return e;
}

void Step(Piholes& piholes, PiholeEvidence e) { piholes.Step(e, NowAt(Seconds(e.end - At(0)))); }

void StepApi(Piholes& piholes, double at, const std::string& pihole,
             std::shared_ptr<ApiSnapshot> snapshot) {
  Step(piholes, {{"api " + pihole, At(at - 0.01), At(at)},
                 ApiLook{pihole, ApiState::kOk, Traffic(), std::move(snapshot)}});
}

// The first is well; the second has fewer lists, and blocking is off for a while; the third was
// away and came back, and is away again; the fourth has no API.
Samples Verdict() {
  auto options = ThreePiholes({"pihole1", "pihole2", "pihole3", "pihole4"});
  options.piholes[3].api.mode = ApiMode::kOff;
  Piholes piholes(options);
  auto off = Recorded(45, false);
  off->blocking = PartOf(ReadBlocking(Answer::Recorded("v6/blocking_disabled_timer")), 45,
                         seconds(15));
  using enum ProbeOutcome;
  const Outcomes unblocked{{"blocked", kNotBlocked}, {"blocked_aaaa", kNotBlocked}};
  for (double at : {0, 15, 16, 17, 18, 30, 45, 46}) {
    Step(piholes, WithCounters(Dns(at, "pihole1")));
    Step(piholes, Dns(at, "pihole2", at < 30 ? Outcomes() : unblocked));
    bool away = at == 15 || at == 16 || at > 40;
    Step(piholes, Dns(at, "pihole3", away ? Each(kConnectionRefused) : Outcomes()));
    Step(piholes, WithCounters(Dns(at, "pihole4")));
  }
  StepApi(piholes, 45, "pihole1", Recorded(45, true));
  StepApi(piholes, 45.1, "pihole2", off);
  Step(piholes, Api(45.2, "pihole3", ApiState::kUnreachable));
  Samples samples;
  piholes.Show(NowAt(47), samples);
  return samples;
}

std::string Page() {
  Samples verdict = Verdict(), self = GoldenSelf("pihole_dns", "pihole1");
  return RenderPage({&verdict, &self}, Format::kText);
}

TEST(Golden, ThePageIsTheGoldenOne) { ExpectGolden("tests/golden/pihole.prom", Page()); }

TEST(Golden, HoldsEveryMetricOfTheCatalogueThatNeedsNoHolder) {
  const std::string page = Page();
  for (auto* metric : MetricBase::Catalogue()) {
    bool shown = page.find("# TYPE " + std::string(metric->name) + " ") != page.npos;
    EXPECT_EQ(shown, !NeedsAHolder(metric->name)) << metric->name;
  }
}

TEST(Golden, TheDocumentedMetricsAreTheCatalogue) { ExpectDocumented("pihole"); }

TEST(Golden, NoSeriesTwice) { ExpectNoSeriesTwice(Page()); }

}  // namespace
