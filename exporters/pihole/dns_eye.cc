#include "exporters/pihole/dns_eye.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {

constexpr Duration kMargin = 100ms;  // for looking the name up

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

}  // namespace

Duration DnsLookDeadline(const std::vector<ProbeOptions>& probes) {
  return Slowest(probes, DnsTransport::kUdp) + Slowest(probes, DnsTransport::kTcp) + kMargin;
}

DnsEye::DnsEye(std::shared_ptr<PiholesBoard> board, PiholeOptions pihole,
               const PiholesOptions& all)
    : board_(std::move(board)),
      pihole_(std::move(pihole)),
      udp_timeout_(Slowest(all.probes, DnsTransport::kUdp)),
      tcp_timeout_(Slowest(all.probes, DnsTransport::kTcp)),
      eye_("dns " + pihole_.name),
      pace_(all.probes, all.intervals) {}

absl::Status DnsEye::AskAll(const std::vector<const ProbeOptions*>& probes, DnsTransport transport,
                            bool counters, const Deadline& deadline, DnsLook& look) const {
  std::vector<DnsQuery> queries;
  for (auto* probe : probes) queries.push_back(QueryOf(*probe));
  if (counters)
    for (auto& query : ChaosQueries()) queries.push_back(query);
  auto outcomes = AskDnsTogether(pihole_.dns, queries, deadline, transport);
  const absl::Status status = StatusOf(outcomes);
  for (std::size_t i = 0; i < probes.size(); ++i)
    look.probes.push_back(JudgeAnswer(*probes[i], outcomes[i]));
  outcomes.erase(outcomes.begin(), outcomes.begin() + static_cast<long>(probes.size()));
  for (auto& outcome : outcomes) look.chaos_sent += outcome.sent;
  if (counters && StatusOf(outcomes).ok()) look.chaos = TakeChaosAnswers(outcomes);
  return status;
}

DnsLook DnsEye::Ask(const Deadline& deadline, Instant now) {
  DnsLook look;
  look.pihole = pihole_.name;
  std::vector<const ProbeOptions*> udp, tcp;
  for (auto* probe : pace_.Due(now))
    (probe->transport == DnsTransport::kTcp ? tcp : udp).push_back(probe);
  const bool counters = !udp.empty() && pace_.CountersDue(now);
  if (!udp.empty())
    look.status = AskAll(udp, DnsTransport::kUdp, counters, deadline.AtMost(udp_timeout_), look);
  if (look.status.ok() && !tcp.empty()) {
    auto status = AskAll(tcp, DnsTransport::kTcp, false, deadline.AtMost(tcp_timeout_), look);
    if (udp.empty()) look.status = status;  // else it did answer
  }
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
