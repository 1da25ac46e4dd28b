#include "exporters/pihole/dns_eye.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {

constexpr Duration kMargin = 100ms;  // for looking the name up
constexpr Duration kPauses[] = {250ms, 750ms};  // before what was stale is asked again

Duration Slowest(const std::vector<ProbeOptions>& probes, DnsTransport transport) {
  Duration slowest{};
  for (auto& probe : probes)
    if (probe.transport == transport) slowest = std::max(slowest, probe.timeout);
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

// Whether a question that no cache can answer failed.
bool UpstreamFails(const std::vector<const ProbeOptions*>& probes, const DnsLook& look) {
  return std::any_of(probes.begin(), probes.end(), [&](auto* probe) {
    return IsUncached(*probe) &&
           std::any_of(look.probes.begin(), look.probes.end(), [&](auto& seen) {
             return seen.probe == probe->name && seen.outcome != ProbeOutcome::kPassed &&
                    seen.outcome != ProbeOutcome::kOurs;
           });
  });
}

void SleepUntil(const Deadline& until) {
  while (!until.Over()) until.Wait(-1, 0);
}

}  // namespace

Duration DnsLookDeadline(const std::vector<ProbeOptions>& probes) {
  const Duration udp = Slowest(probes, DnsTransport::kUdp);
  const Duration tcp = Slowest(probes, DnsTransport::kTcp);
  return udp + tcp + kPauses[0] + kPauses[1] + std::max(udp, tcp) + kMargin;
}

DnsEye::DnsEye(std::shared_ptr<PiholesBoard> board, PiholeOptions pihole,
               const PiholesOptions& all)
    : board_(std::move(board)),
      pihole_(std::move(pihole)),
      udp_timeout_(Slowest(all.probes, DnsTransport::kUdp)),
      tcp_timeout_(Slowest(all.probes, DnsTransport::kTcp)),
      eye_("dns " + pihole_.name),
      pace_(all.probes, all.intervals) {}

std::vector<DnsOutcome> DnsEye::Send(const std::vector<DnsQuery>& queries,
                                     DnsTransport transport, const Deadline& deadline) const {
  const Duration timeout = transport == DnsTransport::kTcp ? tcp_timeout_ : udp_timeout_;
  return AskDnsTogether(pihole_.dns, queries, deadline.AtMost(timeout), transport);
}

absl::Status DnsEye::AskAll(const Probes& probes, DnsTransport transport, bool counters,
                            const Deadline& deadline, DnsLook& look) const {
  std::vector<DnsQuery> queries;
  for (auto* probe : probes) queries.push_back(QueryOf(*probe));
  if (counters)
    for (auto& query : ChaosQueries()) queries.push_back(query);
  auto outcomes = Send(queries, transport, deadline);
  const absl::Status status = StatusOf(outcomes);
  for (std::size_t i = 0; i < probes.size(); ++i)
    look.probes.push_back(JudgeAnswer(*probes[i], outcomes[i]));
  outcomes.erase(outcomes.begin(), outcomes.begin() + static_cast<long>(probes.size()));
  for (auto& outcome : outcomes) look.chaos_sent += outcome.sent;
  if (counters && StatusOf(outcomes).ok()) look.chaos = TakeChaosAnswers(outcomes);
  return status;
}

void DnsEye::AskStaleAgain(const Probes& probes, const Deadline& deadline, DnsLook& look) const {
  for (Duration pause : kPauses) {
    const Deadline until = deadline.AtMost(pause);
    for (auto& seen : look.probes) {
      if (seen.outcome != ProbeOutcome::kStale) continue;
      SleepUntil(until);
      auto of_it = [&](auto* p) { return p->name == seen.probe; };
      const ProbeOptions& probe = **std::find_if(probes.begin(), probes.end(), of_it);
      const int sent = seen.sent;
      seen = JudgeAnswer(probe, Send({QueryOf(probe)}, probe.transport, deadline)[0]);
      seen.sent += sent;
    }
  }
}

DnsLook DnsEye::Ask(const Deadline& deadline, Instant now) {
  DnsLook look;
  look.pihole = pihole_.name;
  const Probes due = pace_.Due(now);
  Probes udp, tcp;
  for (auto* probe : due) (probe->transport == DnsTransport::kTcp ? tcp : udp).push_back(probe);
  const bool counters = !udp.empty() && pace_.CountersDue(now);
  if (!udp.empty()) look.status = AskAll(udp, DnsTransport::kUdp, counters, deadline, look);
  if (look.status.ok() && !tcp.empty()) {
    auto status = AskAll(tcp, DnsTransport::kTcp, false, deadline, look);
    if (udp.empty()) look.status = status;  // else it did answer
  }
  if (!UpstreamFails(due, look)) AskStaleAgain(due, deadline, look);
  pace_.Looked(look, counters, now);
  return look;
}

Next DnsEye::Look(const Deadline& deadline) {
  const Instant begin = board_->Begin(eye_, deadline);
  DnsLook look = Ask(deadline, begin);
  absl::Status status = look.status;
  const Instant end = Clock::now();
  board_->Post({{eye_, begin, end}, std::move(look)});
  return {std::move(status), std::max(begin + Pause(end), end)};
}
