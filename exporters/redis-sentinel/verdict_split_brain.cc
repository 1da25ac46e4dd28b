// Two masters at once.
#include <algorithm>

#include "exporters/redis-sentinel/replication_set.h"

namespace {

// Whether a master that was silent took writes meanwhile: one that was cut off did, and one that hung
// did not. More writes than clients that may each have had one waiting when it went on.
bool TookWrites(const Info& info, const WatchedNode& before) {
  if (before.marks.marks.empty()) return false;
  const WriteMark& last = before.marks.marks.back();
  if (!info.unsaved_changes || !last.unsaved_changes) return false;
  if (info.rdb_last_save_unix != last.rdb_last_save_unix) return false;
  long long waiting = std::max(before.clients, info.connected_clients.value_or(0));
  return *info.unsaved_changes - *last.unsaved_changes > waiting;
}

}  // namespace

void ReplicationSet::StepSplitBrain(const RedisEvidence& e, const NodeLook& look, Node& node) {
  if (!look.info) {
    node.silent = true;
    split_brain_.Silent(look.node);
    return service_.SetSplitBrain(split_brain_.proven());
  }
  const Info& info = *look.info;
  if (node.silent && !TookWrites(info, node)) split_brain_.Forget(look.node);
  node.silent = false;
  node.clients = info.connected_clients.value_or(0);
  bool master = info.role == Role::kMaster && !info.loading.value_or(false);
  std::string incarnation = info.run_id + " " + info.replication_id;
  if (auto seconds = split_brain_.Step(look.node, incarnation, master, e.begin, e.end))
    service_.SplitBrain(*seconds);
  service_.SetSplitBrain(split_brain_.proven());
}
