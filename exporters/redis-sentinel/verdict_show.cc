// How the verdict on a replication set shows itself on the page.
#include <algorithm>

#include "exporters/redis-sentinel/replication_set.h"
#include "exporters/redis-sentinel/show_objectives.h"

namespace {

const Metric kIncidents("redis_sentinel_incidents_total", Type::kCounter,
                        "What happened without a change of master: restart (the master came back "
                        "as a new process before it was failed over), a failover that was given up "
                        "(failover_not_elected, failover_no_good_replica, "
                        "failover_replica_timeout), reconfiguration_timeout (replicas did not "
                        "follow the new master in time).",
                        "master_name", "kind");
const Metric kUp("redis_sentinel_node_up", Type::kGauge,
                 "Whether the node answers INFO within the look deadline. 0: also if it does not let "
                 "us in.",
                 "master_name", "node");
const Metric kMaster("redis_sentinel_node_is_master", Type::kGauge,
                     "Whether the node says that it is a master. More than one: see "
                     "ha_split_brain.",
                     "master_name", "node");
const Metric kResets("redis_sentinel_dataset_resets_total", Type::kCounter,
                     "How often the node lost its data while clients or its master relied on it: a "
                     "new process, another history or an offset that went back, and half of the "
                     "keys or more gone.",
                     "master_name", "node");
const Metric kQuorum("redis_sentinel_view_quorum", Type::kGauge,
                     "How many Sentinels must find the master down, as this Sentinel has it.",
                     "sentinel", "master_name");
const Metric kDownAfter("redis_sentinel_view_down_after_seconds", Type::kGauge,
                        "How long a master must not answer this Sentinel to be found down.",
                        "sentinel", "master_name");
const Metric kTimeout("redis_sentinel_view_failover_timeout_seconds", Type::kGauge,
                      "The failover-timeout of this Sentinel: after a failover that was given up "
                      "it waits for twice as long.",
                      "sentinel", "master_name");
const Metric kEpoch("redis_sentinel_view_config_epoch", Type::kGauge,
                    "The version of the configuration that this Sentinel follows; each failover "
                    "makes a new one.",
                    "sentinel", "master_name");
const Metric kDown("redis_sentinel_view_master_down", Type::kGauge,
                   "Whether this Sentinel finds the master down: subjective is by itself, "
                   "objective with the agreement of a quorum; disconnected: it has no connection "
                   "to it.",
                   "sentinel", "master_name", "kind");
const Metric kLastOk("redis_sentinel_view_master_last_ok_timestamp_seconds", Type::kGauge,
                     "When the master last gave this Sentinel a valid answer to its PING.",
                     "sentinel", "master_name");
const Metric kCheck("redis_sentinel_view_ckquorum_ok", Type::kGauge,
                    "Whether SENTINEL CKQUORUM says OK to this Sentinel. It does where no failover "
                    "is possible, too: see redis_sentinel_failover_possible.",
                    "sentinel", "master_name");
const Metric kUsable("redis_sentinel_view_usable_sentinels", Type::kGauge,
                     "Sentinels that this one does not find down, itself included.", "sentinel",
                     "master_name");
const Metric kStep("redis_sentinel_view_failover_state", Type::kStateSet,
                   "The step of the failover that this Sentinel leads, or none.", "sentinel",
                   "master_name", "state");

}  // namespace

void ReplicationSet::Show(const Now& now, Samples& out) const {
  std::set<std::string> nodes = Nodes(now.at);
  service_.Show(now, {nodes.begin(), nodes.end()}, out);
  ShowRedisObjectives(options_, name_, out);
  for (auto& [kind, n] : incidents_.by_kind()) out.Add(kIncidents, {name_, kind}, n);
  ShowLoss(out);
  ShowNodes(now, out);
  ShowMaster(now, out);
  ShowLists(now, out);
  ShowLoop(now, out);
  ShowViews(now, out);
  ShowAgreement(now, out);
  disagreement_.Show(name_, out);
  ShowProspects(now, out);
}

std::vector<Story> ReplicationSet::Stories() const {
  auto stories = service_.Stories();
  for (auto& story : incidents_.Stories(name_)) stories.push_back(std::move(story));
  return stories;
}

void ReplicationSet::ShowNodes(const Now& now, Samples& out) const {
  for (auto& [name, node] : nodes_) {
    if (options_.redis_nodes) out.Add(kResets, {name_, name}, node.dataset.resets());
    bool fresh = node.last && now.at - node.end <= Patience();
    if (!fresh) continue;
    out.Add(kUp, {name_, name}, node.last->info.has_value());
    if (!node.last->info || !node.last->info->role) continue;
    const Info& info = *node.last->info;
    out.Add(kMaster, {name_, name}, info.role == Role::kMaster);
    if (info.role == Role::kReplica) ShowReplica(name, node, now, out);
  }
}

void ReplicationSet::ShowViews(const Now& now, Samples& out) const {
  for (auto* item : FreshViews(now.at)) {
    auto& [sentinel, view] = *item;
    const MonitoredMaster& m = view.said.master;
    out.Add(kQuorum, {sentinel, name_}, m.quorum);
    out.Add(kDownAfter, {sentinel, name_}, Seconds(m.down_after));
    out.Add(kTimeout, {sentinel, name_}, Seconds(m.failover_timeout));
    out.Add(kEpoch, {sentinel, name_}, static_cast<double>(m.config_epoch));
    out.Add(kDown, {sentinel, name_, "subjective"}, m.flags.s_down);
    out.Add(kDown, {sentinel, name_, "objective"}, m.flags.o_down);
    out.Add(kDown, {sentinel, name_, "disconnected"}, m.flags.disconnected);
    out.Add(kLastOk, {sentinel, name_}, now.Unix(view.begin - m.last_ok_ping));
    out.AddState(kStep, {sentinel, name_, ""}, kFailoverStates, m.failover_state);
    if (auto& check = view.said.quorum) {
      out.Add(kUsable, {sentinel, name_}, check->usable_sentinels);
      out.Add(kCheck, {sentinel, name_}, check->quorum && check->majority);
    }
  }
}
