// How far replicas are behind, and how long one may be away.
#include <algorithm>

#include "exporters/redis-sentinel/address.h"
#include "exporters/redis-sentinel/replication_set.h"

namespace {

const Metric kLink("redis_sentinel_replication_link_up", Type::kGauge,
                   "Whether the replica is connected to its master.", "master_name", "node");
const Metric kLinkDown("redis_sentinel_replication_link_down_timestamp_seconds", Type::kGauge,
                       "Since when the replica is not connected to its master, to the second; "
                       "absent while it is.",
                       "master_name", "node");
const Metric kLastIo("redis_sentinel_replication_last_io_timestamp_seconds", Type::kGauge,
                     "When the replica last heard from its master, to the second; absent while it "
                     "is not connected.",
                     "master_name", "node");
const Metric kAcknowledged("redis_sentinel_replication_acknowledged_timestamp_seconds",
                           Type::kGauge,
                           "When the replica last told the master how far it is, to the second, by "
                           "the master.",
                           "master_name", "node");
const Metric kSync("redis_sentinel_replication_sync_in_progress", Type::kGauge,
                   "Whether the replica gets a copy of all data.", "master_name", "node");
const Metric kLag("redis_sentinel_replication_lag_bytes", Type::kGauge,
                  "At least so much that the master had written before the replica was looked at "
                  "had not come to the replica.",
                  "master_name", "node");
const Metric kLagSeconds("redis_sentinel_replication_lag_seconds", Type::kGauge,
                         "For at least so long something that the master had written had not come "
                         "to the replica when it was looked at; of the last 64 looks at the "
                         "master.",
                         "master_name", "node");
const Metric kHeadroom("redis_sentinel_replication_backlog_headroom_seconds", Type::kGauge,
                       "How long a replica may be away and then go on where it was: the size of "
                       "the master's backlog over its pace of writing of the last minute or so.",
                       "master_name");

// The marks of the master's history that the replica follows, of before the look at the replica
// began; none for a replica of another history, or if the master was not looked at lately.
std::deque<WriteMark> WrittenBefore(const WatchedNode& replica, const WatchedNode& master,
                                    Duration patience) {
  if (master.marks.replication_id != replica.last->info->replication_id) return {};
  std::deque<WriteMark> marks = master.marks.marks;
  while (!marks.empty() && marks.back().end > replica.begin) marks.pop_back();
  if (!marks.empty() && replica.begin - marks.back().end > patience) return {};
  return marks;
}

}  // namespace

void ReplicationSet::ShowLag(const std::string& name, const Node& replica, Samples& out) const {
  auto master = nodes_.find(announced_);
  auto& offset = replica.last->info->offset_bytes;
  if (master == nodes_.end() || !offset) return;
  auto marks = WrittenBefore(replica, master->second, Patience());
  if (marks.empty()) return;
  out.Add(kLag, {name_, name},
          static_cast<double>(std::max(0LL, marks.back().offset_bytes - *offset)));
  auto first = std::find_if(marks.begin(), marks.end(),
                            [&](const WriteMark& m) { return m.offset_bytes > *offset; });
  out.Add(kLagSeconds, {name_, name},
          first == marks.end() ? 0 : Seconds(replica.begin - first->end));
}

void ReplicationSet::ShowReplica(const std::string& name, const Node& replica, const Now& now,
                                 Samples& out) const {
  const Info& info = *replica.last->info;
  const double seen = now.Unix(replica.end);
  auto since = [&](const Metric<2>& metric, const Info::Seconds& age) {
    if (age) out.Add(metric, {name_, name}, seen - static_cast<double>(age->count()));
  };
  if (info.link_up) out.Add(kLink, {name_, name}, *info.link_up);
  if (info.sync_in_progress) out.Add(kSync, {name_, name}, *info.sync_in_progress);
  since(kLastIo, info.last_io);
  since(kLinkDown, info.link_down);
  ShowLag(name, replica, out);
}

void ReplicationSet::ShowMaster(const Now& now, Samples& out) const {
  const Info* info = Answer(announced_, now.at);
  if (info == nullptr || info->role != Role::kMaster) return;
  const Node& node = nodes_.at(announced_);
  if (info->replicas)
    for (auto& replica : *info->replicas)
      if (std::string name = ToText(replica.address); replica.lag_seconds && nodes_.count(name))
        out.Add(kAcknowledged, {name_, name},
                now.Unix(node.end) - static_cast<double>(*replica.lag_seconds));
  double pace = node.pace.bytes_per_second().value_or(0);
  if (info->backlog_size_bytes && pace > 0)
    out.Add(kHeadroom, {name_}, static_cast<double>(*info->backlog_size_bytes) / pace);
}
