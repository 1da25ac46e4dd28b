// Who is in whose list, and who follows whom.
#include "exporters/redis-sentinel/address.h"
#include "exporters/redis-sentinel/replication_set.h"

using namespace std::chrono_literals;

namespace {

// Sentinels greet each other every 2 s.
constexpr Duration kNoHello = 30s;

const Metric kGhostSentinels("redis_sentinel_ghost_sentinels", Type::kGauge,
                             "Sentinels that do not answer us and that all who list them find down "
                             "or have not heard of for 30 s. They count for the majority until "
                             "SENTINEL RESET.",
                             "master_name");
const Metric kGhostReplicas("redis_sentinel_ghost_replicas", Type::kGauge,
                            "Replicas in the Sentinels' lists that do not answer us, that all who "
                            "list them find down or never reached, and that the master does not "
                            "know.",
                            "master_name");
const Metric kUnknown("redis_sentinel_unknown_replicas", Type::kGauge,
                      "Replicas that the master has and no Sentinel lists: unknown to them, or with "
                      "replica-announced no, and then they may be promoted all the same.",
                      "master_name");
const Metric kLoop("redis_sentinel_replication_loop", Type::kGauge,
                   "Whether nodes follow each other in a circle: none of them has a master then.",
                   "master_name");

// By address, whether all who list it find it gone.
using Gone = std::map<std::string, bool>;
void Vote(Gone& all, const Instance& instance, bool gone) {
  bool& so_far = all.try_emplace(ToText(instance.address), true).first->second;
  so_far = so_far && gone;
}

bool GoesInACircle(const std::map<std::string, std::string>& master_of, const std::string& node) {
  std::set<std::string> passed;
  for (auto at = master_of.find(node); at != master_of.end(); at = master_of.find(at->second))
    if (!passed.insert(at->first).second) return true;
  return false;
}

}  // namespace

const Info* ReplicationSet::Answer(const std::string& name, Instant now) const {
  auto node = nodes_.find(name);
  bool answers = node != nodes_.end() && node->second.last && node->second.last->info &&
                 now - node->second.end <= Patience();
  return answers ? &*node->second.last->info : nullptr;
}

void ReplicationSet::ShowLists(const Now& now, Samples& out) const {
  auto fresh = FreshViews(now.at);
  if (fresh.empty()) return;
  Gone sentinels, replicas;
  for (auto* view : fresh) {
    for (auto& s : view->second.said.sentinels)
      Vote(sentinels, s, s.flags.s_down || s.hello_age > kNoHello);
    for (auto& r : view->second.said.replicas)
      Vote(replicas, r, r.flags.s_down || r.run_id.empty());
  }
  double unknown = 0;
  const Info* master = Answer(announced_, now.at);
  if (master != nullptr && master->replicas)
    for (auto& attached : *master->replicas) {
      auto listed = replicas.find(ToText(attached.address));
      if (listed == replicas.end()) ++unknown;
      else listed->second = false;
    }
  for (auto* view : fresh) sentinels.erase(view->first);
  std::erase_if(replicas, [&](auto& r) { return Answer(r.first, now.at) != nullptr; });
  auto count = [](const Gone& all) {
    double gone = 0;
    for (auto& [address, is_gone] : all) gone += is_gone;
    return gone;
  };
  out.Add(kGhostSentinels, {name_}, count(sentinels));
  out.Add(kGhostReplicas, {name_}, count(replicas));
  if (master != nullptr && master->replicas) out.Add(kUnknown, {name_}, unknown);
}

void ReplicationSet::ShowLoop(const Now& now, Samples& out) const {
  std::map<std::string, std::string> master_of;
  bool known = false, loop = false;
  for (auto& [name, node] : nodes_) {
    const Info* info = Answer(name, now.at);
    known = known || info != nullptr;
    if (info != nullptr && info->role == Role::kReplica && info->master)
      master_of[name] = ToText(*info->master);
  }
  for (auto& [name, master] : master_of) loop = loop || GoesInACircle(master_of, name);
  if (known) out.Add(kLoop, {name_}, loop);
}
