#include "exporters/postgres-ha/patroni_against_sql.h"

#include <algorithm>

namespace {

bool IsSynchronous(const PatroniMember& m) {
  return m.role == "sync_standby" || m.role == "quorum_standby";
}

bool IsReplica(const PatroniMember& m) { return m.role == "replica" || IsSynchronous(m); }

// Whether the site is a standby cluster: its leader tells at once, the configuration later.
bool IsStandbyCluster(const Members& members, const std::string& site, const PatroniConfig* config,
                      const Now& now) {
  const Member* newest = nullptr;
  for (auto& [id, m] : members) {
    if (id.site != site || !Listed(m, now) || !m.patroni->role.ends_with("leader")) continue;
    if (!newest || m.patroni_listed > newest->patroni_listed) newest = &m;
  }
  if (newest) return newest->patroni->role == "standby_leader";
  return config && config->standby_cluster.value_or(false);
}

// Whether the member answers by SQL as a standby. Absent when nothing can be said: it does not let
// us in, or nobody looks.
std::optional<bool> AnswersAsStandby(const MemberId& id, const Member& m, const Roles& roles) {
  if (roles.count(id)) return m.sql && m.sql->in_recovery;
  if (!m.sql) return std::nullopt;
  switch (m.sql->answer) {
    case Answer::kAnswered:  // too long ago, or another data set
    case Answer::kDenied:
    case Answer::kFull:
    case Answer::kOurs:
      return std::nullopt;
    default:
      return false;
  }
}

std::optional<bool> CloseEnough(const Member& m, const PatroniConfig& config,
                                const WalRing& written) {
  auto reached = std::max(m.sql->received, m.sql->position);
  auto needed = written.PositionAt(m.begin);
  if (!reached || !needed || !config.maximum_lag_on_failover_bytes) return std::nullopt;
  return *needed - *reached <= *config.maximum_lag_on_failover_bytes;
}

std::optional<bool> IsCandidate(const MemberId& id, const Member& m, const Roles& roles,
                                const PatroniConfig* config, const WalRing& written,
                                bool standby_cluster) {
  if (!IsReplica(*m.patroni) || !Runs(*m.patroni) || m.patroni->nofailover) return false;
  auto answers = AnswersAsStandby(id, m, roles);
  if (answers != true || standby_cluster) return answers;
  if (!config || !config->synchronous_mode) return std::nullopt;
  if (*config->synchronous_mode && !IsSynchronous(*m.patroni)) return false;
  return CloseEnough(m, *config, written);
}

}  // namespace

bool Runs(const PatroniMember& m) {
  return m.state == "running" || m.state == "streaming" || m.state == "in archive recovery";
}

bool Listed(const Member& member, const Now& now) {
  return member.patroni && now.at - member.patroni_listed < kPatroniFresh;
}

std::optional<int> FailoverCandidates(const Members& members, const Roles& roles,
                                      const std::string& site, const PatroniConfig* config,
                                      const WalRing& written, const Now& now) {
  bool standby_cluster = IsStandbyCluster(members, site, config, now);
  int count = 0;
  for (auto& [id, m] : members) {
    if (id.site != site || !Listed(m, now)) continue;
    auto candidate = IsCandidate(id, m, roles, config, written, standby_cluster);
    if (!candidate) return std::nullopt;
    count += *candidate;
  }
  return count;
}

std::optional<bool> RoleDisagrees(const PatroniMember& said, bool writable) {
  if (!Runs(said)) return std::nullopt;
  if (said.role == "leader") return !writable;
  if (said.role == "standby_leader" || IsReplica(said)) return writable;
  return std::nullopt;
}
