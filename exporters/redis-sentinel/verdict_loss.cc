// What the last change of the master cost.
#include "exporters/redis-sentinel/replication_set.h"

#include <algorithm>

#include "absl/strings/str_format.h"

#include "common/net.h"

using namespace std::chrono_literals;

namespace {

// The loss is a fact that is saved; while it grows not at every look.
constexpr Duration kTellEvery = 5s;

const Metric kDivergedBytes("redis_sentinel_split_brain_diverged_bytes", Type::kGauge,
                            "While there are two masters: what the old one has written so far that "
                            "will be dropped when it gives way, pings and hellos included.",
                            "master_name", "node");
const Metric kDivergedWrites("redis_sentinel_split_brain_diverged_writes", Type::kGauge,
                             "And so many changes of keys, of a master that came back at least. "
                             "Absent: unknown.",
                             "master_name", "node");

void ShowDivergence(const std::string& name, const Departure& old, Samples& out) {
  if (old.returned()) out.Add(kDivergedWrites, {name, old.node()}, old.returned_writes());
  if (!old.known() || !old.exact()) return;
  if (auto bytes = old.loss().bytes) out.Add(kDivergedBytes, {name, old.node()}, *bytes);
  if (auto writes = old.writes(); writes && writes->best)
    out.Add(kDivergedWrites, {name, old.node()}, *writes->best);
}

}  // namespace

void ReplicationSet::Depart(const std::string& from, const Node& old) {
  departure_.emplace(from, old.marks);
  last_change_.loss_told = Instant();
  if (old.last && !old.last->info) departure_->Failed(old.refused);
}

void ReplicationSet::StepLoss(const RedisEvidence& e, const NodeLook& look) {
  Node& node = nodes_[look.node];
  if (look.info) node.refused.reset();
  // The process is gone. A firewall can say so too; if the master answers again as it was, that is
  // taken back.
  else if (!node.refused && IsRefused(look.status)) node.refused = e.end;
  if (!departure_) return;
  if (look.node == announced_ && look.info && departure_->Succeeded(*look.info)) TellLoss(e.end);
  if (look.node != departure_->node()) return;
  if (!look.info) return departure_->Failed(node.refused);
  bool ended = departure_->Answered(*look.info, e.begin, e.end);
  bool due = departure_->growing() && e.end - last_change_.loss_told > kTellEvery;
  if (ended || due) TellLoss(e.end);
}

void ReplicationSet::TellLoss(Instant at) {
  if (!departure_->known() || service_.failovers().empty()) return;
  last_change_.loss_told = at;
  FailoverFact fact = service_.failovers().back();
  fact.loss = departure_->loss();
  service_.Amend(std::move(fact));
}

ChangeFigures ReplicationSet::Figures() const {
  if (last_change_.restored) return *last_change_.restored;
  ChangeFigures figures;
  figures.unreachable_low_seconds = last_change_.unreachable_low;
  figures.unreachable_high_seconds = last_change_.unreachable_high;
  figures.phase_seconds = last_change_.phases.seconds();
  auto writes = departure_ && departure_->known() ? departure_->writes() : std::nullopt;
  if (!writes) return figures;
  figures.lost_low_writes = writes->low;
  figures.lost_writes = writes->best;
  figures.lost_high_writes = writes->high;
  return figures;
}

// What still grows is a low bound for another process.
std::string ReplicationSet::Facts() const {
  ChangeFigures figures = Figures();
  if (departure_ && departure_->exact()) figures.lost_writes = figures.lost_high_writes = {};
  return absl::StrFormat("\"change\":%s,\"told\":{\"master\":%s,\"config_epoch\":%d}",
                         ToJson(figures), JsonQuote(told_.master), told_.config_epoch);
}

int ReplicationSet::facts_revision() const {
  return service_.facts_revision() + last_change_.phases.revision() + told_.revision;
}

void ReplicationSet::Restore(JsonView facts) {
  last_change_.restored = ReadChange(facts["change"]);
  told_.master = facts["told"]["master"].String().value_or("");
  constexpr double kMost = 1e15;  // exact as a double
  double epoch = facts["told"]["config_epoch"].Number().value_or(0);
  told_.config_epoch = static_cast<long long>(std::clamp(epoch, 0.0, kMost));
}

void ReplicationSet::ShowLoss(Samples& out) const {
  ShowChange(Figures(), name_, out);
  if (departure_ && split_brain_.proven()) ShowDivergence(name_, *departure_, out);
}
