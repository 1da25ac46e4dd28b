#include "exporters/postgres-ha/etcd_facts.h"

#include "exporters/postgres-ha/patroni_cluster.h"

namespace {

const Metric kUp("postgres_ha_etcd_up", Type::kGauge,
                 "Whether the member of etcd answers within the look deadline.", "pg_cluster",
                 "target_site", "endpoint");
const Metric kHealthy("postgres_ha_etcd_healthy", Type::kGauge,
                      "Whether the member says within the look deadline that it is healthy: a "
                      "quorum lets it commit, and there is no alarm.",
                      "pg_cluster", "target_site", "endpoint");
const Metric kHasLeader("postgres_ha_etcd_has_leader", Type::kGauge,
                        "Whether the member knows a leader of etcd.", "pg_cluster", "target_site",
                        "endpoint");
const Metric kLeader("postgres_ha_etcd_leader", Type::kGauge,
                     "Whether the member is the leader of etcd.", "pg_cluster", "target_site",
                     "endpoint");
const Metric kDatabase("postgres_ha_etcd_database_bytes", Type::kGauge,
                       "Size of the member's database file; etcd stops writing at its quota, 2 GiB "
                       "by default.",
                       "pg_cluster", "target_site", "endpoint");
const Metric kDatabaseUsed("postgres_ha_etcd_database_used_bytes", Type::kGauge,
                           "What of the database file is in use; the rest waits for a "
                           "defragmentation.",
                           "pg_cluster", "target_site", "endpoint");
const Metric kTerm("postgres_ha_etcd_raft_term", Type::kGauge,
                   "The term of etcd's log: it grows with every election.", "pg_cluster",
                   "target_site", "endpoint");
const Metric kLag("postgres_ha_etcd_apply_lag_entries", Type::kGauge,
                  "Entries of the log that the member has committed but not applied.", "pg_cluster",
                  "target_site", "endpoint");
const Metric kAlarms("postgres_ha_etcd_alarms", Type::kGauge,
                     "Alarms of etcd (no space, corruption) as the member knows them.",
                     "pg_cluster", "target_site", "endpoint");
const Metric kInfo("postgres_ha_etcd_info", Type::kInfo, "Which etcd the member is.", "pg_cluster",
                   "target_site", "endpoint", "version");
const Metric kEndpoints("postgres_ha_etcd_endpoints", Type::kGauge,
                        "How many members of etcd are configured.", "pg_cluster", "target_site");
const Metric kQuorum("postgres_ha_etcd_quorum", Type::kGauge,
                     "Whether etcd can decide: 1 if a member is healthy, 0 if none of those that "
                     "answer is healthy or knows a leader.",
                     "pg_cluster", "target_site");

void ShowMember(const std::array<std::string_view, 3>& labels, const EtcdLook& look, Samples& out) {
  out.Add(kUp, labels, look.answered);
  if (!look.answered) return;
  auto add = [&](const Metric<3>& metric, auto value) {
    if (value) out.Add(metric, labels, static_cast<double>(*value));
  };
  add(kHealthy, look.healthy);
  add(kHasLeader, look.has_leader);
  add(kLeader, look.is_leader);
  add(kDatabase, look.database_bytes);
  add(kDatabaseUsed, look.database_used_bytes);
  add(kTerm, look.raft_term);
  add(kAlarms, look.alarms);
  if (look.raft_index && look.raft_applied_index)
    out.Add(kLag, labels,
            static_cast<double>(std::max(0LL, *look.raft_index - *look.raft_applied_index)));
  if (!look.version.empty()) out.Add(kInfo, {labels[0], labels[1], labels[2], look.version}, 1);
}

}  // namespace

void EtcdFacts::Step(const std::string& site, const EtcdLook& look, Instant end) {
  looks_[{site, look.endpoint}] = {look, end};
}

const EtcdLook* EtcdFacts::Fresh(const SiteOptions& site, const std::string& endpoint,
                                 const Now& now) const {
  auto found = looks_.find({site.name, endpoint});
  bool fresh = found != looks_.end() &&
               now.at - found->second.second <= 3 * kEtcdInterval + site.look_deadline;
  return fresh ? &found->second.first : nullptr;
}

void EtcdFacts::Show(const DataSetOptions& options, const Now& now, Samples& out) const {
  for (auto& site : options.sites) {
    if (site.etcd.endpoints.empty()) continue;
    bool answered = false, healthy = false, led = false;
    for (auto& url : site.etcd.endpoints) {
      std::string endpoint = HostPortOf(url);
      const EtcdLook* look = Fresh(site, endpoint, now);
      if (look == nullptr) continue;
      ShowMember({options.name, site.name, endpoint}, *look, out);
      answered |= look->answered;
      healthy |= look->healthy.value_or(false);
      led |= look->has_leader.value_or(false);
    }
    out.Add(kEndpoints, {options.name, site.name},
            static_cast<double>(site.etcd.endpoints.size()));
    if (healthy || (answered && !led)) out.Add(kQuorum, {options.name, site.name}, healthy);
  }
}
