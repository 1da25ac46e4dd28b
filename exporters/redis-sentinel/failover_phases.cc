#include "exporters/redis-sentinel/failover_phases.h"

#include "exporters/redis-sentinel/address.h"

namespace {

const Metric kPhase("redis_sentinel_last_failover_phase_seconds", Type::kGauge,
                    "What the last change of master took, as its Sentinels told: detect (failure "
                    "to +sdown), agree (to +odown), elect (to +elected-leader), promote (to the "
                    "replica's order to be master), announce (to clients); and from then on "
                    "reconfigure (to +failover-end) and demote (to the old master a replica). "
                    "Absent: not heard in time; a manual one has no detect and agree.",
                    "master_name", "phase");

void KeepFirst(std::optional<Instant>& mark, Instant at) {
  if (!mark) mark = at;
}

}  // namespace

void FailoverPhases::Heard(const SentinelEvent& event, const std::string& master, Instant at) {
  if (!event.address) return;
  const std::string about = ToText(*event.address);
  if (about == from_ && event.name == "+failover-end") KeepFirst(last_[kEnded], at);
  if (about == from_ && event.name == "+convert-to-slave") KeepFirst(last_[kDemoted], at);
  bool promotes = event.name == "+failover-state-wait-promotion";
  if (promotes || (event.instance_type == "master" && about == master)) Before(event, at);
}

// Once a leader is elected, other Sentinels go on finding the master down. A failover that is given
// up is tried again from the election on.
void FailoverPhases::Before(const SentinelEvent& event, Instant at) {
  if (event.name == "+sdown") KeepFirst(now_[kDown], at);
  if (event.name == "+odown") KeepFirst(now_[kAgreed], at);
  if (event.name == "-sdown") now_ = {};
  if (event.name == "-odown") now_[kAgreed].reset();
  if (event.name == "+try-failover") {
    now_[kTried] = at;
    now_[kElected].reset();
    now_[kPromoted].reset();
  }
  if (event.name == "+elected-leader") now_[kElected] = at;
  if (event.name == "+failover-state-wait-promotion") now_[kPromoted] = at;
}

void FailoverPhases::Looked(const RedisEvidence& e, const NodeLook& look) {
  if (look.node != from_ || !look.info || look.info->role != Role::kReplica) return;
  if (last_[kAnnounced] && e.begin > *last_[kAnnounced]) KeepFirst(last_[kDemoted], e.end);
}

void FailoverPhases::Changed(const Change& change) {
  last_ = now_;
  now_ = {};
  from_ = change.from;
  if (change.kind == "unseen") last_ = {};
  if (change.kind == "failover") last_[kFailed] = change.failed;
  else last_[kDown] = last_[kAgreed] = std::nullopt;
  if (!last_[kPromoted]) last_[kPromoted] = change.promoted;
  last_[kAnnounced] = change.announced;
}

void FailoverPhases::Show(const std::string& master_name, Samples& out) const {
  auto phase = [&](std::string_view name, Mark begin, Mark end) {
    if (last_[begin] && last_[end] && *last_[begin] <= *last_[end])
      out.Add(kPhase, {master_name, name}, Seconds(*last_[end] - *last_[begin]));
  };
  phase("detect", kFailed, kDown);
  phase("agree", kDown, kAgreed);
  phase("elect", last_[kAgreed] ? kAgreed : kTried, kElected);
  phase("promote", kElected, kPromoted);
  phase("announce", kPromoted, kAnnounced);
  phase("reconfigure", kAnnounced, kEnded);
  phase("demote", kAnnounced, kDemoted);
}
