// How the verdict on a data set shows how far its standbys are, and what that would cost.
#include "exporters/postgres-ha/verdict.h"

namespace {

const Metric kLag("postgres_ha_replication_lag_seconds", Type::kGauge,
                  "How long what the standby has replayed has been outdated: 0 when it has all. It "
                  "goes on growing when the standby or the link is dead, and is the least it can be "
                  "when the standby was behind already as the exporter began to watch.",
                  "pg_cluster", "target_site", "member");
const Metric kLagBytes("postgres_ha_replication_lag_bytes", Type::kGauge,
                       "WAL of the primary that the standby has not received, or not replayed.",
                       "pg_cluster", "target_site", "member", "stage");
const Metric kProspect("postgres_ha_prospective_loss_seconds", Type::kGauge,
                       "Time of work that would be lost if the leader died now and this standby took "
                       "over: what it has not received.",
                       "pg_cluster", "target_site", "member");
const Metric kProspectBytes("postgres_ha_prospective_loss_bytes", Type::kGauge,
                            "WAL that would be lost if the leader died now and this standby took over.",
                            "pg_cluster", "target_site", "member");
const Metric kSiteProspect("postgres_ha_site_prospective_loss_seconds", Type::kGauge,
                           "Time of work that would be lost if the leader died now and the best "
                           "standby of this site took over.",
                           "pg_cluster", "target_site");
const Metric kDiverged("postgres_ha_member_diverged", Type::kGauge,
                       "Whether the member has WAL that is not in the leader's history: it cannot "
                       "follow without losing it. 0: none was proven.",
                       "pg_cluster", "target_site", "member");
const Metric kAhead("postgres_ha_member_ahead_bytes", Type::kGauge,
                    "WAL of a diverged member beyond where the histories part, as far as positions "
                    "tell. It may be the only copy of acknowledged commits.",
                    "pg_cluster", "target_site", "member");

}  // namespace

// Where the member's history left the leader's: by its timeline, or because it writes, or follows one
// that writes on its site, beside the leader. Absent when it is the leader's, as far as is known.
std::optional<Range> DataSet::ForkOf(const MemberId& id, const Member& m) const {
  auto timeline = SureTimeline(m);
  if (!timeline || !tenure_.seen) return std::nullopt;
  if (*timeline != tenure_.timeline) return ends_.Of(std::min(*timeline, tenure_.timeline));
  for (auto& [other, writer] : members_) {
    bool beside = other.site == id.site && other != reference_ && !Foreign(writer) && writer.sql &&
                  writer.sql->Writable();
    // Two that write under one number both began where the number before ended.
    if (beside && id.site != reference_.site) return ends_.Of(tenure_.timeline - 1);
    if (beside && other == id) return ends_.Of(tenure_.timeline - 1);
  }
  return std::nullopt;
}

// How far the member is in the leader's history: what it has beyond a fork is no part of that.
std::optional<long long> DataSet::Shared(const MemberId& id, const Member& m,
                                         std::optional<long long> position) const {
  auto fork = ForkOf(id, m);
  return position && fork ? std::min(*position, fork->high) : position;
}

std::optional<double> DataSet::LagOf(const MemberId& id, std::optional<long long> position,
                                     const Now& now) const {
  auto found = members_.find(id), leader = members_.find(reference_);
  if (found == members_.end() || leader == members_.end() || id == reference_ || !position)
    return std::nullopt;
  const Member& m = found->second;
  if (Foreign(m)) return std::nullopt;
  bool fresh = Fresh(id, m, now.at) && m.sql->answer == Answer::kAnswered;
  auto lag = written_.LagSeconds(*Shared(id, m, position),
                                 fresh ? m.begin + (m.end - m.begin) / 2 : now.at);
  // It has all that was seen of the leader; but nobody sees the leader now.
  bool seen = now.at - leader->second.writable_until <
              Patience(reference_.site) + LongestLookDeadline(options_);
  return lag == 0 && !seen ? std::nullopt : lag;
}

std::optional<double> DataSet::LagSeconds(const MemberId& id, const Now& now) const {
  auto member = members_.find(id);
  return member == members_.end() ? std::nullopt : LagOf(id, member->second.replayed, now);
}

void DataSet::ShowLag(const MemberId& id, const Member& m, const Now& now, Samples& out) const {
  auto seconds = LagSeconds(id, now);
  if (!seconds) return;
  const std::string label = LabelOf(members_, id);
  out.Add(kLag, {options_.name, id.site, label}, *seconds);
  auto written = written_.last_position();
  auto bytes = [&](std::string_view stage, std::optional<long long> position) {
    if (written && position)
      out.Add(kLagBytes, {options_.name, id.site, label, stage},
              static_cast<double>(std::max(0LL, *written - *position)));
  };
  bytes("replay", Shared(id, m, m.replayed));
  if (m.sql->answer == Answer::kAnswered) bytes("receive", Shared(id, m, m.sql->received));
}

void DataSet::ShowProspects(const Now& now, Samples& out) const {
  std::map<std::string, double> best;
  for (auto& [id, m] : members_) {
    auto position = std::max(m.received, m.replayed);
    auto seconds = LagOf(id, position, now);
    if (!seconds) continue;
    const std::string label = LabelOf(members_, id);
    out.Add(kProspect, {options_.name, id.site, label}, *seconds);
    if (auto written = written_.last_position())
      out.Add(kProspectBytes, {options_.name, id.site, label},
              static_cast<double>(std::max(0LL, *written - *Shared(id, m, position))));
    auto [site, first] = best.try_emplace(id.site, *seconds);
    if (!first) site->second = std::min(site->second, *seconds);
  }
  for (auto& [site, seconds] : best) out.Add(kSiteProspect, {options_.name, site}, seconds);
}

// Bytes beyond the leader's history, 0 when none are proven; absent when nothing can be compared.
std::optional<double> DataSet::AheadBytes(const MemberId& id, const Member& m) const {
  const SqlLook& look = *m.sql;
  auto position = look.in_recovery ? std::max(look.position, look.received) : look.position;
  auto leader = members_.find(reference_);
  if (id == reference_ || !tenure_.seen || leader == members_.end() || !position || !SureTimeline(m))
    return std::nullopt;
  if (auto fork = ForkOf(id, m)) return static_cast<double>(std::max(0LL, *position - fork->high));
  auto written = written_.last_position();
  // The leader may have written this after it was looked at.
  if (!written || (*written < *position && leader->second.writable_begin < m.end)) return 0;
  return static_cast<double>(std::max(0LL, *position - *written));
}

void DataSet::ShowDivergence(const MemberId& id, const Member& m, const Now& now,
                             Samples& out) const {
  if (!Fresh(id, m, now.at) || m.sql->answer != Answer::kAnswered || Foreign(m)) return;
  auto ahead = AheadBytes(id, m);
  if (!ahead) return;
  const std::string label = LabelOf(members_, id);
  out.Add(kDiverged, {options_.name, id.site, label}, *ahead > 0);
  out.Add(kAhead, {options_.name, id.site, label}, *ahead);
}
