#include "common/service.h"

#include <algorithm>

namespace {

constexpr Duration kSaveOpenEvery = std::chrono::minutes(1);

const Metric kUp("ha_service_up", Type::kGauge,
                 "Whether the operation that defines the service works now. Absent: unknown.",
                 "service", "scope");
const Metric kLookInterval("ha_look_interval_seconds", Type::kGauge,
                           "How often the service is looked at while all is calm. Always present: "
                           "the inventory of what is watched.",
                           "service", "scope");
const Metric kLastLook("ha_last_look_timestamp_seconds", Type::kGauge,
                       "The oldest of the looks that the verdict needs.", "service", "scope");
const Metric kOutages("ha_outages_total", Type::kCounter, "Outages declared.", "service", "scope");
const Metric kShortFailures("ha_short_failures_total", Type::kCounter,
                            "Failures that ended before they counted as outages.", "service",
                            "scope");
const Metric kUnavailable("ha_unavailable_seconds_total", Type::kCounter,
                          "Time without the service: the proven part while an outage is open, the "
                          "best estimate once it is over.",
                          "service", "scope");
const Metric kOpenOutage("ha_open_outage_start_timestamp_seconds", Type::kGauge,
                         "When the outage that is open now began (at the latest, if nobody looked "
                         "before). Absent: none is open.",
                         "service", "scope");
const Metric kLastStart("ha_last_outage_start_timestamp_seconds", Type::kGauge,
                        "When the last closed outage began.", "service", "scope");
const Metric kLastEnd("ha_last_outage_end_timestamp_seconds", Type::kGauge,
                      "When the last closed outage ended.", "service", "scope");
const Metric kLastSeconds("ha_last_outage_seconds", Type::kGauge,
                          "The measured recovery time of the last closed outage, best estimate.",
                          "service", "scope");
const Metric kLastLow("ha_last_outage_low_seconds", Type::kGauge,
                      "The last closed outage took at least this long.", "service", "scope");
const Metric kLastHigh("ha_last_outage_high_seconds", Type::kGauge,
                       "The last closed outage took at most this long. Absent: nobody can know.",
                       "service", "scope");
const Metric kActive("ha_active", Type::kGauge, "Whether this one holds the active role.",
                     "service", "scope", "holder");
const Metric kFailovers("ha_failovers_total", Type::kCounter,
                        "Changes of the holder: failover (it failed), switchover (it said goodbye "
                        "first), unseen (nobody watched).",
                        "service", "scope", "kind");
const Metric kLastFailover("ha_last_failover_timestamp_seconds", Type::kGauge,
                           "When the holder changed last.", "service", "scope");
const Metric kLastFailoverInfo("ha_last_failover_info", Type::kInfo,
                               "The last change of the holder.", "service", "scope", "from", "to",
                               "kind");
const Metric kLost("ha_last_failover_lost_seconds", Type::kGauge,
                   "Commits lost in the last change of the holder, as seconds of work, best "
                   "estimate: the measured recovery point.",
                   "service", "scope");
const Metric kLostLow("ha_last_failover_lost_low_seconds", Type::kGauge,
                      "At least this much was lost.", "service", "scope");
const Metric kLostHigh("ha_last_failover_lost_high_seconds", Type::kGauge,
                       "At most this much was lost. Absent: nobody can know.", "service", "scope");
const Metric kLostBytes("ha_last_failover_lost_bytes", Type::kGauge,
                        "Log lost in the last change of the holder, best estimate.", "service",
                        "scope");
const Metric kLostLowBytes("ha_last_failover_lost_low_bytes", Type::kGauge,
                           "At least this much log was lost.", "service", "scope");
const Metric kLostHighBytes("ha_last_failover_lost_high_bytes", Type::kGauge,
                            "At most this much log was lost. Absent: nobody can know.", "service",
                            "scope");
const Metric kSplitBrain("ha_split_brain", Type::kGauge,
                         "Whether two hold the active role at once, proven by looks at one, the "
                         "other, and the first again.",
                         "service", "scope");
const Metric kSplitBrainSeconds("ha_split_brain_seconds_total", Type::kCounter,
                                "Time during which two held the active role.", "service", "scope");
const Metric kRto("ha_rto_objective_seconds", Type::kGauge,
                  "How long an outage may take (recovery time objective).", "service", "scope");
const Metric kRpo("ha_rpo_objective_seconds", Type::kGauge,
                  "How much work may be lost (recovery point objective).", "service", "scope");

void AddIf(const Metric<2>& metric, const ServiceOptions& o, std::optional<double> value,
           Samples& out) {
  if (value) out.Add(metric, {o.service, o.scope}, *value);
}

template <class T>
void Keep(std::deque<T>& kept, T fact) {
  kept.push_back(std::move(fact));
  if (kept.size() > kKeptFacts) kept.pop_front();
}

void ShowOutage(const OutageFact& f, const ServiceOptions& o, Samples& out) {
  out.Add(kLastStart, {o.service, o.scope}, f.start_unix_seconds);
  if (!f.end_unknown) out.Add(kLastEnd, {o.service, o.scope}, f.end_unix_seconds);
  out.Add(kLastLow, {o.service, o.scope}, f.low_seconds);
  AddIf(kLastSeconds, o, f.mid_seconds, out);
  AddIf(kLastHigh, o, f.high_seconds, out);
}

void ShowFailover(const FailoverFact& f, const ServiceOptions& o, Samples& out) {
  out.Add(kLastFailover, {o.service, o.scope}, f.unix_seconds);
  out.Add(kLastFailoverInfo, {o.service, o.scope, f.from, f.to, f.kind}, 1);
  AddIf(kLost, o, f.loss.seconds, out);
  AddIf(kLostLow, o, f.loss.low_seconds, out);
  AddIf(kLostHigh, o, f.loss.high_seconds, out);
  AddIf(kLostBytes, o, f.loss.bytes, out);
  AddIf(kLostLowBytes, o, f.loss.low_bytes, out);
  AddIf(kLostHighBytes, o, f.loss.high_bytes, out);
}

}  // namespace

Service::Service(ServiceOptions options)
    : options_(std::move(options)),
      watch_(options_.fall, options_.rise, options_.sure),
      failovers_total_{{"failover", 0}, {"switchover", 0}, {"unseen", 0}} {}

void Service::Configure(ServiceOptions options) {
  options_ = std::move(options);
  watch_.Debounce(options_.fall, options_.rise, options_.sure);
}

OutageWatch::Event Service::Attempted(const Attempt& attempt, const Now& now) {
  if (attempt.result == Result::kOk || attempt.result == Result::kFail)
    attempted_ = std::max(attempted_, attempt.end);
  auto event = watch_.Step(attempt);
  if (event.opened) {
    ++outages_total_;
    open_start_unix_seconds_ = now.Unix(watch_.open()->Start());
  }
  // A long outage is written down again and again, so that a later process knows it was still open.
  if (auto& open = watch_.open();
      open && (!open_saved_ || open->last_fail - *open_saved_ > kSaveOpenEvery)) {
    open_saved_ = open->last_fail;
    ++facts_revision_;
  }
  if (event.short_failure) ++short_failures_total_;
  if (event.closed) Close(*event.closed, now);
  return event;
}

void Service::Close(const Outage& outage, const Now& now) {
  OutageFact fact{now.Unix(outage.Start()), now.Unix(outage.End()), outage.LowSeconds(),
                  outage.MidSeconds(), outage.HighSeconds(), false};
  Outage counted = Counted(outage);
  unavailable_seconds_ += std::max(counted.LowSeconds(), counted.MidSeconds().value_or(0));
  open_saved_.reset();
  Keep(outages_, std::move(fact));
  ++facts_revision_;
}

Outage Service::Counted(Outage outage) const {
  outage.first_fail = std::max(outage.first_fail, counted_from_);
  if (outage.last_ok) outage.last_ok = std::max(*outage.last_ok, counted_from_);
  return outage;
}

void Service::Hold(const std::string& holder) {
  holder_ = holder;
  if (holder.empty() || holder == last_holder_) return;
  last_holder_ = holder;
  ++facts_revision_;
}

void Service::Failover(FailoverFact fact) {
  ++failovers_total_[fact.kind];
  Hold(fact.to);
  Keep(failovers_, std::move(fact));
  ++facts_revision_;
}

void Service::Amend(FailoverFact fact) {
  if (failovers_.empty()) return;
  fact.kind = failovers_.back().kind;
  failovers_.back() = std::move(fact);
  ++facts_revision_;
}

bool Service::Known(const Now& now) const {
  return attempted_ != Instant() && Seconds(now.at - attempted_) <= options_.patience_seconds;
}

void Service::Show(const Now& now, const std::vector<std::string>& holders, Samples& out) const {
  const std::string &service = options_.service, &scope = options_.scope;
  out.Add(kLookInterval, {service, scope}, options_.look_interval_seconds);
  out.Add(kRto, {service, scope}, options_.rto_objective_seconds);
  bool known = Known(now) && watch_.state() != OutageWatch::State::kUnknown;
  if (known) out.Add(kUp, {service, scope}, watch_.state() == OutageWatch::State::kUp);
  if (looked_ != Instant()) out.Add(kLastLook, {service, scope}, now.Unix(looked_));
  auto& open = watch_.open();
  double open_seconds = open ? Counted(*open).LowSeconds() : 0;
  out.Add(kOutages, {service, scope}, outages_total_);
  out.Add(kShortFailures, {service, scope}, short_failures_total_);
  out.Add(kUnavailable, {service, scope}, unavailable_seconds_ + open_seconds);
  if (open) out.Add(kOpenOutage, {service, scope}, open_start_unix_seconds_);
  if (!outages_.empty()) ShowOutage(outages_.back(), options_, out);
  if (!options_.has_holder) return;

  out.Add(kRpo, {service, scope}, options_.rpo_objective_seconds);
  if (known)
    for (auto& holder : holders) out.Add(kActive, {service, scope, holder}, holder == holder_);
  for (auto& [kind, n] : failovers_total_) out.Add(kFailovers, {service, scope, kind}, n);
  if (!failovers_.empty()) ShowFailover(failovers_.back(), options_, out);
  if (known) out.Add(kSplitBrain, {service, scope}, split_brain_);
  out.Add(kSplitBrainSeconds, {service, scope}, split_brain_seconds_);
}
