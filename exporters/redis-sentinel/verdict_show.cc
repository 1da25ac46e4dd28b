// How the verdict on a replication set shows itself on the page.
#include "exporters/redis-sentinel/replication_set.h"

namespace {

const Metric kIncidents("redis_sentinel_incidents_total", Type::kCounter,
                        "What happened without a change of master: restart (the master came back as "
                        "a new process before it was failed over), a failover that was given up "
                        "(failover_not_elected, failover_no_good_replica, "
                        "failover_replica_timeout), reconfiguration_timeout (replicas did not follow "
                        "the new master in time).",
                        "master_name", "kind");

}  // namespace

void ReplicationSet::Show(const Now& now, Samples& out) const {
  std::set<std::string> nodes = Nodes(now.at);
  service_.Show(now, {nodes.begin(), nodes.end()}, out);
  for (auto& [kind, n] : incidents_) out.Add(kIncidents, {name_, kind}, n);
}
