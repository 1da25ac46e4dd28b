// What comes in: looks at nodes and Sentinels, and what Sentinels announce.
#include "exporters/redis-sentinel/replication_set.h"

#include <algorithm>

#include "exporters/redis-sentinel/address.h"

using namespace std::chrono_literals;

namespace {

// After an edge everything is looked at faster, for long enough to see an old master demoted.
constexpr Duration kFastFor = 60s;
constexpr std::size_t kMaxNodes = 200, kMaxViews = 50;

ServiceOptions ToServiceOptions(const DeploymentOptions& o, const std::string& name) {
  ServiceOptions s;
  s.service = "redis";
  s.scope = name;
  s.essence = "a master that takes writes";
  s.rto_objective_seconds = o.rto_objective_seconds;
  s.rpo_objective_seconds = o.rpo_objective_seconds;
  s.look_interval_seconds = Seconds(o.look_interval);
  s.patience_seconds = Seconds(3 * o.look_interval + o.look_deadline);
  s.fall = 2;
  // A client may ask a Sentinel that follows the others a moment later: the end is sure with the
  // third look.
  s.rise = s.sure = 3;
  if (o.redis_nodes) return s;
  s.essence = "a master that the Sentinels find up";
  s.look_interval_seconds = Seconds(kSentinelInterval);
  s.patience_seconds = Seconds(kViewPatience + o.look_deadline);
  return s;
}

bool IsMaster(const NodeLook& look) {
  return look.info && look.info->role == Role::kMaster && !look.info->loading.value_or(false);
}

// A node that does not let us in, and a fault of our own, prove nothing.
Result ResultOf(const NodeLook& look) {
  if (look.info) {
    // MISCONF refuses writes when the append-only file cannot be written. Its last error stays in
    // INFO when it is switched off, which ends that.
    bool refused = look.info->aof_enabled.value_or(true) && !look.info->aof_write_ok.value_or(true);
    return IsMaster(look) && !refused ? Result::kOk : Result::kFail;
  }
  switch (look.status.code()) {
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kInternal:
      return Result::kVoid;
    default:
      return Result::kFail;
  }
}

const std::pair<std::string_view, std::string_view> kAborts[] = {
    {"-failover-abort-not-elected", "failover_not_elected"},
    {"-failover-abort-no-good-slave", "failover_no_good_replica"},
    {"-failover-abort-slave-timeout", "failover_replica_timeout"},
    {"+failover-end-for-timeout", "reconfiguration_timeout"},
};

}  // namespace

ReplicationSet::ReplicationSet(const DeploymentOptions& options, const std::string& scope)
    : options_(options), name_(scope), service_(ToServiceOptions(options, scope)) {}

void ReplicationSet::Configure(const DeploymentOptions& options) {
  options_ = options;
  service_.Configure(ToServiceOptions(options, name_));
}

Duration ReplicationSet::Patience() const {
  return 3 * options_.look_interval + options_.look_deadline;
}

void ReplicationSet::Step(const RedisEvidence& e, const NodeLook& look, const Now& now) {
  auto found = nodes_.find(look.node);
  if (found == nodes_.end()) return;
  Node& node = found->second;
  node.result = ResultOf(look);
  node.begin = e.begin;
  node.end = e.end;
  Restarted(node, look, e.end, now);
  node.last = look;
  if (look.info) {
    node.answered = e.end;
    bool follows = look.info->role == Role::kReplica && look.info->link_up.value_or(false);
    bool in_use = follows || (IsMaster(look) && look.node == announced_);
    if (node.dataset.Step(*look.info, in_use, e.end)) {
      incidents_.Happened("dataset_reset", look.node, now.Unix(e.end));
      Trouble(e.end);
    }
  }
  StepSplitBrain(e, look, node);
  last_change_.phases.Looked(e, look);
  if (look.info && !IsMaster(look)) node.master_since.reset();
  if (IsMaster(look)) {
    node.master_since = node.master_since.value_or(e.end);
    Remember(*look.info, e.begin, e.end, node.marks);
    node.pace.Step(*look.info, e.end);
  }
  StepLoss(e, look);
  if (split_brain_.proven()) suspect_until_ = std::max(suspect_until_, e.end + kFastFor);
  if (look.node != announced_) return;
  service_.Looked(e.end);
  if (look.ended) Attempted({Result::kLikely, e.begin, e.begin}, now);
  Attempted({node.result, e.begin, e.end}, now);
  // What did not answer was away when it was asked, not when we gave up.
  if (node.result == Result::kFail) Attempted({Result::kUnlikely, e.begin, e.begin}, now);
}

void ReplicationSet::Restarted(Node& node, const NodeLook& look, Instant at,
                               const Now& now) {
  if (!look.info || look.info->run_id.empty()) return;
  bool restarted = !node.run_id.empty() && node.run_id != look.info->run_id;
  node.run_id = look.info->run_id;
  if (!restarted || look.node != announced_) return;
  incidents_.Happened("restart", look.node, now.Unix(at));
  Trouble(at);
}

// Each Sentinel pings the master once a second, as we do, but not at the same moments.
void ReplicationSet::Pinged(const MonitoredMaster& master, Instant at, const Now& now) {
  Instant ok = at - master.last_ok_ping;
  if (service_.open_outage() && master.last_ok_ping.count() >= 0)
    Attempted({Result::kLikely, ok, ok}, now);
  if (!master.pending_ping || master.pending_ping->count() <= 0) return;
  Instant asked = at - *master.pending_ping;
  Attempted({Result::kUnlikely, asked, asked}, now);
}

void ReplicationSet::Attempted(const Attempt& attempt, const Now& now) {
  if (attempt.result == Result::kFail) Trouble(attempt.end);
  auto event = service_.Attempted(attempt, now);
  if (event.opened) service_.Hold("");
  if (event.closed) Trouble(attempt.end);
  if (attempt.result == Result::kOk && service_.state() == OutageWatch::State::kUp)
    service_.Hold(announced_);
}

// A trouble that lasts does not keep the pace up: only its edges do.
void ReplicationSet::Trouble(Instant at) {
  auto& open = service_.open_outage();
  if (open && at - open->first_fail > kFastFor) return;
  suspect_until_ = std::max(suspect_until_, at + kFastFor);
}

void ReplicationSet::Listed(const HostPort& address, Instant at) {
  if (address.port == 0) return;
  std::string node = ToText(address);
  if (nodes_.size() >= kMaxNodes && !nodes_.count(node)) return;
  nodes_[node].listed = at;
}

void ReplicationSet::Step(const RedisEvidence& e, const SentinelLook& look, const MasterView& view,
                          const Now& now) {
  if (views_.size() >= kMaxViews && !views_.count(look.sentinel)) return;
  View& own = views_[look.sentinel];
  if (heard_since_ == Instant()) heard_since_ = e.begin;
  const bool found_down = own.said.master.flags.s_down;
  if (own.said.address && view.address && ToText(*own.said.address) != ToText(*view.address))
    own.other_begin = own.begin;
  if (view.address) disagreement_.Named(look.sentinel, ToText(*view.address), e.begin, e.end);
  own.said = view;
  own.begin = e.begin;
  own.end = e.end;
  own.answered = true;
  own.tilt = look.info && look.info->tilt.value_or(false);
  Listed(view.master.address, e.end);
  if (view.address) Listed(*view.address, e.end);
  for (auto& replica : view.replicas) Listed(replica.address, e.end);
  if (ToText(view.master.address) == announced_) {
    Pinged(view.master, e.begin, now);
    Flagged(view.master, e, found_down);
  }
  Compare(now, e.end);
  if (!options_.redis_nodes) TakeSentinelsWord(e, now);
  std::erase_if(nodes_, [&](auto& item) {
    bool gone = e.end - item.second.listed > options_.forget_after && item.first != announced_;
    if (gone) split_brain_.Forget(item.first);
    return gone;
  });
  std::erase_if(views_, [&](auto& item) {
    return e.end - item.second.end > options_.forget_after;
  });
}

// A Sentinel that cannot reach the master, for whatever reason, is news once.
void ReplicationSet::Flagged(const MonitoredMaster& master, const RedisEvidence& e,
                             bool found_down) {
  const InstanceFlags& flags = master.flags;
  if (flags.force_failover && !objectively_down_) asked_for_ = true;
  if (flags.o_down) objectively_down_ = true;
  if (flags.s_down) {
    if (!found_down) Trouble(e.end);
    Instant ok = e.begin - master.last_ok_ping;
    cut_off_.last_ok = std::min(cut_off_.last_ok.value_or(ok), ok);
  }
  CalmDown(e.end);
}

// Events that end it may have been lost, or are not heard at all: it is over, too, when no Sentinel
// finds the master down or replaces it, by looks that came after whatever told of trouble.
void ReplicationSet::CalmDown(Instant now) {
  bool seen = false;
  for (auto* view : FreshViews(now)) {
    const MonitoredMaster& master = view->second.said.master;
    if (ToText(master.address) != announced_) continue;
    const InstanceFlags& flags = master.flags;
    if (view->second.begin <= trouble_heard_ || flags.s_down || flags.o_down ||
        flags.failover_in_progress || flags.force_failover)
      return;
    seen = true;
  }
  if (!seen) return;
  objectively_down_ = asked_for_ = false;
  cut_off_ = {};
}

void ReplicationSet::Silent(const std::string& sentinel, Instant at) {
  asked_in_vain_ = at;
  auto view = views_.find(sentinel);
  if (view != views_.end()) view->second.answered = false;
}

void ReplicationSet::Step(const RedisEvidence& e, const EventLook& look, const Now& now) {
  const SentinelEvent& event = look.event;
  SawFailover(event, now);
  if (look.late || !event.address) return;  // it dates nothing
  last_change_.phases.Heard(event, announced_, e.end);
  if (AnnouncesMaster(event)) {
    Listed(*event.address, e.end);
    return Announced(ToText(*event.address), e.begin, e.end, e.end, now);
  }
  if (event.instance_type != "master" || ToText(*event.address) != announced_) return;
  trouble_heard_ = std::max(trouble_heard_, e.end);
  if (event.name == "+sdown" || event.name == "+odown") Trouble(e.end);
  if (event.name == "+sdown") FoundDown(e, look.sentinel);
  if (event.name == "-sdown") cut_off_ = {};
  if (event.name == "+odown") objectively_down_ = true;
  if (event.name == "-odown") objectively_down_ = false;
  if (event.name != "+try-failover") return;
  asked_for_ = !objectively_down_;
  Trouble(e.end);
}

// A Sentinel finds a master down when a ping has been without an answer for down-after.
void ReplicationSet::FoundDown(const RedisEvidence& e, const std::string& sentinel) {
  auto view = views_.find(sentinel);
  if (view == views_.end()) return;
  Instant ping = e.end - view->second.said.master.down_after;
  cut_off_.first_unanswered = std::max(cut_off_.first_unanswered.value_or(ping), ping);
}

void ReplicationSet::SawFailover(const SentinelEvent& event, const Now& now) {
  for (auto& [name, kind] : kAborts) {
    if (event.name != name) continue;
    incidents_.Happened(std::string(kind), announced_, now.unix_seconds);
    asked_for_ = false;
  }
}

std::set<std::string> ReplicationSet::Nodes(Instant now) const {
  std::set<std::string> names;
  for (auto& [name, node] : nodes_)
    if (name == announced_ || now - node.listed <= options_.forget_after) names.insert(name);
  return names;
}

std::set<std::string> ReplicationSet::Sentinels(Instant now) const {
  std::set<std::string> names;
  for (auto& [sentinel, view] : views_) {
    if (now - view.end > options_.forget_after) continue;
    names.insert(sentinel);
    for (auto& other : view.said.sentinels)
      if (other.address.port != 0) names.insert(ToText(other.address));
  }
  return names;
}
