#include "exporters/pihole/dns_eye.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {

constexpr Duration kHurryInterval = 1s, kHurryFor = 5min;
constexpr Duration kMargin = 100ms;  // for looking the name up

bool OverTcp(const ProbeOptions& probe) { return probe.transport == DnsTransport::kTcp; }

Duration Slowest(const std::vector<ProbeOptions>& probes, bool tcp) {
  Duration slowest{};
  for (auto& probe : probes)
    if (OverTcp(probe) == tcp) slowest = std::max(slowest, probe.timeout);
  return slowest;
}

// Why a look that nothing answered is a failure of the target; what was answered, whatever it
// says, is none.
absl::Status StatusOf(const std::vector<DnsOutcome>& outcomes) {
  absl::Status first;
  for (auto& outcome : outcomes) {
    if (outcome.answer.ok()) return absl::OkStatus();
    if (first.ok()) first = outcome.answer.status();
  }
  return first;
}

}  // namespace

Duration DnsLookDeadline(const std::vector<ProbeOptions>& probes) {
  return Slowest(probes, false) + Slowest(probes, true) + kMargin;
}

DnsEye::DnsEye(std::shared_ptr<PiholesBoard> board, PiholeOptions pihole,
               const PiholesOptions& all)
    : board_(std::move(board)),
      pihole_(std::move(pihole)),
      probes_(all.probes),
      interval_(all.intervals.dns),
      chaos_interval_(all.intervals.chaos),
      eye_("dns " + pihole_.name) {}

bool DnsEye::Hurried(Instant now) const {
  return failing_since_ && now - *failing_since_ < kHurryFor;
}

bool DnsEye::Due(const ProbeOptions& probe, Instant now) const {
  auto asked = asked_.find(probe.name);
  if (probe.mandatory || asked == asked_.end()) return true;
  if (Hurried(now) && (!OverTcp(probe) || asked->second.failed)) return true;
  return now - asked->second.at >= probe.interval - kMargin;
}

// The counters go with the probes: one timeout for all.
void DnsEye::AskUdp(const std::vector<const ProbeOptions*>& due, Instant now, DnsLook& look) {
  std::vector<DnsQuery> queries;
  for (auto* probe : due) queries.push_back(QueryOf(*probe));
  const std::size_t probes = queries.size();
  const bool chaos = chaos_interval_ > 0s && answered_ &&
                     (!chaos_asked_ || now - *chaos_asked_ >= chaos_interval_ - kMargin);
  if (chaos) {
    chaos_asked_ = now;
    for (auto& query : ChaosQueries()) queries.push_back(query);
  }
  auto outcomes = AskDnsTogether(pihole_.dns, queries, Deadline::In(Slowest(probes_, false)));
  look.status.Update(StatusOf(outcomes));
  for (std::size_t i = 0; i < probes; ++i)
    look.probes.push_back(JudgeAnswer(*due[i], outcomes[i]));
  outcomes.erase(outcomes.begin(), outcomes.begin() + static_cast<long>(probes));
  if (chaos && StatusOf(outcomes).ok()) look.chaos = TakeChaosAnswers(outcomes);
}

DnsLook DnsEye::Ask(const std::vector<const ProbeOptions*>& due, Instant now) {
  DnsLook look;
  look.pihole = pihole_.name;
  std::vector<const ProbeOptions*> udp;
  std::copy_if(due.begin(), due.end(), std::back_inserter(udp),
               [](auto* probe) { return !OverTcp(*probe); });
  if (!udp.empty()) AskUdp(udp, now, look);
  for (auto* probe : due) {
    if (!OverTcp(*probe)) continue;
    auto outcomes = AskDnsTogether(pihole_.dns, {QueryOf(*probe)},
                                   Deadline::In(Slowest(probes_, true)), DnsTransport::kTcp);
    if (udp.empty()) look.status.Update(StatusOf(outcomes));
    look.probes.push_back(JudgeAnswer(*probe, outcomes.front()));
  }
  return look;
}

void DnsEye::Note(const DnsLook& look, Instant now) {
  bool failed = false;
  answered_ = false;
  for (auto& seen : look.probes) {
    bool passed = seen.outcome == ProbeOutcome::kPassed || seen.outcome == ProbeOutcome::kOurs;
    asked_[seen.probe] = {now, !passed};
    answered_ = answered_ || seen.answered;
  }
  for (auto& [probe, asked] : asked_) failed = failed || asked.failed;
  if (!failed) failing_since_.reset();
  else if (!failing_since_) failing_since_ = now;
}

Next DnsEye::Look(const Deadline& deadline) {
  const Instant begin = board_->Begin(eye_, deadline);
  std::vector<const ProbeOptions*> due;
  for (auto& probe : probes_)
    if (Due(probe, begin)) due.push_back(&probe);
  DnsLook look = Ask(due, begin);
  Note(look, begin);
  absl::Status status = look.status;
  const Instant end = Clock::now();
  board_->Post({{eye_, begin, end}, std::move(look)});
  const Duration pause = Hurried(end) ? std::min(interval_, kHurryInterval) : interval_;
  return {std::move(status), std::max(begin + pause, end)};
}
