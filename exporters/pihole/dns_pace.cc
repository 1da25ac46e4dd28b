#include "exporters/pihole/dns_pace.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {

constexpr Duration kHurryInterval = 1s, kHurryFor = 5min;
constexpr Duration kEarly = 100ms;  // a look that is late must not put off the next by a whole one

}  // namespace

bool Decides(const ProbeOptions& probe) {
  return probe.mandatory || probe.expect == ProbeExpectation::kBlocked || IsUncached(probe);
}

std::optional<Instant> FailingSince(std::optional<Instant> before, ProbeOutcome outcome,
                                    Instant at) {
  if (outcome == ProbeOutcome::kOurs) return before;
  if (outcome == ProbeOutcome::kPassed) return {};
  return before ? before : at;
}

bool Hurries(const ProbeOptions& probe, const std::optional<Instant>& failing_since, Instant now) {
  return Decides(probe) && failing_since && now - *failing_since < kHurryFor;
}

DnsPace::DnsPace(const std::vector<ProbeOptions>& probes, const PollIntervals& intervals)
    : probes_(probes), interval_(intervals.dns), counters_interval_(intervals.chaos) {}

bool DnsPace::Failing() const {
  return std::any_of(probes_.begin(), probes_.end(), [&](auto& probe) {
    auto asked = asked_.find(probe.name);
    return Decides(probe) && asked != asked_.end() && asked->second.failing_since;
  });
}

std::vector<const ProbeOptions*> DnsPace::Due(Instant now) const {
  const bool failing = Failing();
  std::vector<const ProbeOptions*> due;
  for (auto& probe : probes_) {
    auto asked = asked_.find(probe.name);
    const bool over =
        asked == asked_.end() || now - asked->second.at >= probe.interval - kEarly;
    const bool along = failing && probe.transport == DnsTransport::kUdp &&
                       (answered_ || Decides(probe));
    if (probe.mandatory || over || along) due.push_back(&probe);
  }
  return due;
}

bool DnsPace::CountersDue(Instant now) const {
  return counters_interval_ > 0s && answered_ &&
         (!counters_asked_ || now - *counters_asked_ >= counters_interval_ - kEarly);
}

void DnsPace::Looked(const DnsLook& look, bool counters, Instant begin) {
  answered_ = false;
  for (auto& seen : look.probes) {
    Asked& asked = asked_[seen.probe];
    asked.at = begin;
    asked.failing_since = FailingSince(asked.failing_since, seen.outcome, begin);
    answered_ = answered_ || seen.answered;
  }
  if (counters) counters_asked_ = begin;
}

Duration DnsPace::Pause(Instant now) const {
  const bool hurried = std::any_of(probes_.begin(), probes_.end(), [&](auto& probe) {
    auto asked = asked_.find(probe.name);
    return asked != asked_.end() && Hurries(probe, asked->second.failing_since, now);
  });
  return hurried ? std::min(interval_, kHurryInterval) : interval_;
}
