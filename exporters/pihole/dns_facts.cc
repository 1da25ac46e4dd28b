#include "exporters/pihole/dns_facts.h"

#include <algorithm>

#include "exporters/pihole/dns_pace.h"

namespace {

const Metric kUp("pihole_dns_up", Type::kGauge,
                 "Whether the Pi-hole resolves: the mandatory probes passed that do not ask for "
                 "what is blocked. That it blocks too: ha_service_up.",
                 "pihole");
const Metric kSuccess("pihole_probe_success", Type::kGauge,
                      "Whether the probe passed when it was last asked.", "pihole", "probe",
                      "transport");
const Metric kDuration("pihole_probe_duration_seconds", Type::kGauge,
                       "From the question to the answer of the last probe that was answered.",
                       "pihole", "probe", "transport");
const Metric kFailures("pihole_probe_failures_total", Type::kCounter,
                       "Probes that did not pass, by what came instead of the expected answer.",
                       "pihole", "probe", "reason");
const Metric kTtl("pihole_probe_answer_ttl_seconds", Type::kGauge,
                  "How long the last answer may be kept.", "pihole", "probe");
const Metric kStale("pihole_probe_answer_stale", Type::kGauge,
                    "Whether the last answer came from the cache beyond its time. Where an address "
                    "is expected, also when asked again: the upstream does not answer.",
                    "pihole", "probe");
const Metric kPassed("pihole_probe_last_success_timestamp_seconds", Type::kGauge,
                     "When the probe last passed.", "pihole", "probe");
const Metric kInterval("pihole_probe_interval_seconds", Type::kGauge,
                       "How often the probe is asked while all is well.", "pihole", "probe");
const Metric kSent("pihole_probes_sent_total", Type::kCounter,
                   "Questions that the exporter asked over DNS: they count in the statistics of "
                   "the Pi-hole.",
                   "pihole", "transport");
const Metric kHits("pihole_dns_cache_hits_total", Type::kCounter,
                   "Questions answered from the cache since FTL started, by CHAOS hits.bind.",
                   "pihole");
const Metric kMisses("pihole_dns_cache_misses_total", Type::kCounter,
                     "Questions that went upstream since FTL started, by CHAOS misses.bind.",
                     "pihole");
const Metric kUpstreamSent("pihole_upstream_sent_total", Type::kCounter,
                           "Questions sent to the upstream since FTL started, by CHAOS "
                           "servers.bind.",
                           "pihole", "upstream");
const Metric kUpstreamFailed("pihole_upstream_failed_total", Type::kCounter,
                             "Of these, those that got no good answer.", "pihole", "upstream");
const Metric kVersion("pihole_ftl_info", Type::kInfo, "FTL, by CHAOS version.ftl.", "pihole",
                      "version");

std::string_view Name(DnsTransport transport) {
  return transport == DnsTransport::kTcp ? "tcp" : "udp";
}

bool Filters(const ProbeOptions& probe) { return probe.expect == ProbeExpectation::kBlocked; }

// Whether only who works can have said this. Who says of every name that there is none is no help,
// and passes where any answer is expected.
bool IsUseful(const ProbeOptions& probe, ProbeOutcome outcome) {
  if (probe.expect != ProbeExpectation::kAddress && !Filters(probe)) return false;
  return outcome == ProbeOutcome::kPassed || outcome == ProbeOutcome::kStale ||
         outcome == ProbeOutcome::kNotBlocked;
}

// Of several probes the first that failed counts, else that they passed; of those for ads the one
// that proves something.
void Merge(std::optional<ProbeOutcome>& fact, ProbeOutcome outcome, bool ad = false) {
  const bool better = fact && ad && !ProvesNoBlock(*fact) && ProvesNoBlock(outcome);
  if (!fact || fact == ProbeOutcome::kPassed || better) fact = outcome;
}

}  // namespace

void DnsFacts::Configure(const std::vector<ProbeOptions>& options, Duration chaos_interval) {
  std::vector<Probe> probes;
  for (auto& o : options) {
    auto old = std::find_if(probes_.begin(), probes_.end(),
                            [&](auto& p) { return p.options.name == o.name; });
    Probe probe{o, old == probes_.end() ? Seen() : old->seen};
    for (auto reason : kProbeFailures) probe.seen.failures.try_emplace(reason);
    probes.push_back(std::move(probe));
  }
  probes_ = std::move(probes);
  chaos_interval_ = chaos_interval;
}

void DnsFacts::ForgetUnsent() {
  for (auto& probe : probes_) {
    if (!probe.seen.last || !probe.seen.last->unsent) continue;
    probe.seen.last.reset();
    probe.seen.failing_since.reset();
  }
}

void DnsFacts::Step(const DnsLook& look, Instant begin, Instant end, const Now& now) {
  const bool ours = std::all_of(look.probes.begin(), look.probes.end(), [](auto& seen) {
    return seen.outcome == ProbeOutcome::kOurs;
  });
  if (ours) return;
  answered_ = look.chaos.has_value();
  useful_ = false;
  for (auto& seen : look.probes) {
    answered_ = answered_ || seen.answered;
    (seen.transport == DnsTransport::kTcp ? sent_tcp_ : sent_udp_) += seen.sent;
    auto probe = std::find_if(probes_.begin(), probes_.end(),
                              [&](auto& p) { return p.options.name == seen.probe; });
    if (probe == probes_.end() || seen.outcome == ProbeOutcome::kOurs) continue;
    useful_ = useful_ || IsUseful(probe->options, seen.outcome);
    probe->seen.last = seen;
    probe->seen.end = end;
    probe->seen.failing_since = FailingSince(probe->seen.failing_since, seen.outcome, begin);
    if (seen.outcome == ProbeOutcome::kPassed) probe->seen.passed_unix_seconds = now.Unix(end);
    else ++probe->seen.failures[ProbeOutcomeName(seen.outcome)];
  }
  if (answered_) silent_since_.reset();
  else if (!silent_since_) silent_since_ = begin;
  sent_udp_ += look.chaos_sent;
  if (!look.chaos) return;
  chaos_ = look.chaos;
  chaos_end_ = end;
}

Result DnsFacts::Filters(const DnsLook& look) const {
  bool failed = false, missing = false;
  for (auto& probe : probes_) {
    if (!probe.options.mandatory) continue;
    auto seen = std::find_if(look.probes.begin(), look.probes.end(),
                             [&](auto& s) { return s.probe == probe.options.name; });
    if (seen == look.probes.end()) missing = true;
    else if (seen->outcome == ProbeOutcome::kOurs) return Result::kVoid;
    else if (seen->outcome != ProbeOutcome::kPassed) failed = true;
  }
  return failed ? Result::kFail : missing ? Result::kVoid : Result::kOk;
}

bool DnsFacts::Fresh(const Probe& probe, Instant now) const {
  return probe.seen.last && now - probe.seen.end <= 3 * probe.options.interval;
}

StateFacts DnsFacts::Known(Instant now) const {
  StateFacts known;
  known.answered = answered_;
  known.useful = useful_;
  for (auto& probe : probes_) {
    if (!Fresh(probe, now)) continue;
    const ProbeOutcome outcome = probe.seen.last->outcome;
    if (::Filters(probe.options)) Merge(known.blocked, outcome, true);
    else if (probe.options.mandatory) Merge(known.resolve, outcome);
    if (IsUncached(probe.options)) Merge(known.uncached, outcome);
  }
  return known;
}

bool DnsFacts::Hurries(Instant now) const {
  return std::any_of(probes_.begin(), probes_.end(), [&](auto& probe) {
    return ::Hurries(probe.options, probe.seen.failing_since, now);
  });
}

void DnsFacts::Show(const std::string& pihole, const Now& now, Samples& out) const {
  auto resolve = Known(now.at).resolve;
  if (resolve) out.Add(kUp, {pihole}, resolve == ProbeOutcome::kPassed);
  out.Add(kSent, {pihole, "udp"}, sent_udp_);
  out.Add(kSent, {pihole, "tcp"}, sent_tcp_);
  for (auto& probe : probes_) {
    const std::string& name = probe.options.name;
    out.Add(kInterval, {pihole, name}, Seconds(probe.options.interval));
    for (auto& [reason, n] : probe.seen.failures) out.Add(kFailures, {pihole, name, reason}, n);
    if (auto passed = probe.seen.passed_unix_seconds) out.Add(kPassed, {pihole, name}, *passed);
    if (!Fresh(probe, now.at)) continue;
    const ProbeSeen& last = *probe.seen.last;
    const std::string_view transport = Name(last.transport);
    out.Add(kSuccess, {pihole, name, transport}, last.outcome == ProbeOutcome::kPassed);
    if (last.seconds) out.Add(kDuration, {pihole, name, transport}, *last.seconds);
    if (last.ttl_seconds) out.Add(kTtl, {pihole, name}, *last.ttl_seconds);
    if (last.answered) out.Add(kStale, {pihole, name}, last.stale);
  }
  ShowChaos(pihole, now, out);
}

void DnsFacts::ShowChaos(const std::string& pihole, const Now& now, Samples& out) const {
  if (!chaos_ || now.at - chaos_end_ > 3 * chaos_interval_) return;
  auto number = [](long long n) { return static_cast<double>(n); };
  if (chaos_->hits) out.Add(kHits, {pihole}, number(*chaos_->hits));
  if (chaos_->misses) out.Add(kMisses, {pihole}, number(*chaos_->misses));
  if (chaos_->version) out.Add(kVersion, {pihole, *chaos_->version}, 1);
  if (!chaos_->upstreams) return;
  for (auto& upstream : *chaos_->upstreams) {
    out.Add(kUpstreamSent, {pihole, upstream.upstream}, number(upstream.sent));
    out.Add(kUpstreamFailed, {pihole, upstream.upstream}, number(upstream.failed));
  }
}
