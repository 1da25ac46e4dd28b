#include "exporters/postgres-ha/canary_facts.h"

using namespace std::chrono_literals;

namespace {

const Metric kUp("postgres_ha_canary_up", Type::kGauge,
                 "Whether a new session to the member could be opened and used when it was last "
                 "tried. 0 while one is stuck: the postmaster may hang although the member answers.",
                 "pg_cluster", "target_site", "member");
const Metric kDuration("postgres_ha_canary_session_duration_seconds", Type::kGauge,
                       "How long the last new session took from connect to the answer of a query, "
                       "or has been waited for.",
                       "pg_cluster", "target_site", "member");
const Metric kInterval("postgres_ha_canary_interval_seconds", Type::kGauge,
                       "How often a new session to each member is opened.", "pg_cluster");
const Metric kCommit("postgres_ha_heartbeat_commit_duration_seconds", Type::kGauge,
                     "How long the last heartbeat took to commit on the leader.", "pg_cluster",
                     "member");
const Metric kCommitted("postgres_ha_heartbeat_commit_timestamp_seconds", Type::kGauge,
                        "When the last heartbeat was committed.", "pg_cluster", "member");
const Metric kFailed("postgres_ha_heartbeat_failures_total", Type::kCounter,
                     "Heartbeats that were not committed in time, while the member took writes.",
                     "pg_cluster", "member");

}  // namespace

void CanaryFacts::Step(const MemberId& member, const CanaryLook& look, Instant end) {
  if (look.answer == Answer::kOurs) return;
  Seen& seen = seen_[member];
  seen.canary = look;
  seen.canary_end = end;
}

void CanaryFacts::Step(const MemberId& member, const HeartbeatLook& look, Instant end) {
  Seen& seen = seen_[member];
  seen.heartbeat = look;
  seen.heartbeat_end = end;
  if (look.committed) seen.committed = end;
  else ++seen.heartbeats_failed;
}

void CanaryFacts::Show(const DataSetOptions& options, const Members& members, const Roles& roles,
                       const Now& now, Samples& out) const {
  const SiteOptions& first = options.sites.front();
  if (first.canary_interval == 0s) return;
  out.Add(kInterval, {options.name}, Seconds(first.canary_interval));
  for (auto& [id, seen] : seen_) {
    auto role = roles.find(id);
    if (role == roles.end() || !members.count(id)) continue;
    const std::string label = LabelOf(members, id);
    if (seen.canary_end != Instant() && now.at - seen.canary_end < 3 * first.canary_interval) {
      out.Add(kUp, {options.name, id.site, label}, seen.canary.answer == Answer::kAnswered);
      out.Add(kDuration, {options.name, id.site, label}, seen.canary.seconds);
    }
    if (seen.heartbeat_end == Instant() || first.heartbeat_interval == 0s) continue;
    out.Add(kFailed, {options.name, label}, seen.heartbeats_failed);
    if (seen.committed) out.Add(kCommitted, {options.name, label}, now.Unix(*seen.committed));
    bool fresh = now.at - seen.heartbeat_end < 3 * first.heartbeat_interval + 2s;
    if (fresh && role->second && seen.heartbeat.committed)
      out.Add(kCommit, {options.name, label}, seen.heartbeat.seconds);
  }
}
