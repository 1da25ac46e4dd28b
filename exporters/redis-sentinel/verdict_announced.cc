// Whom the Sentinels send clients to, and what a change of that means.
#include <algorithm>

#include "exporters/redis-sentinel/address.h"
#include "exporters/redis-sentinel/replication_set.h"

using namespace std::chrono_literals;

namespace {

// A silence longer than this means that nobody watched.
constexpr Duration kUnwatched = 10s;
// Sentinels follow the one that leads the failover within a tenth of a second, and a slow one
// within a period of their messages, 2 s: until then those that still name the old master are no news.
constexpr Duration kFollowWithin = 2s;

std::optional<Instant> Known(Instant at) {
  return at == Instant::max() ? std::nullopt : std::optional(at);
}

// A master that works for us and not for its Sentinels failed after its last answer to them.
std::optional<Instant> FailedAt(const Service& service, const CutOff& cut_off) {
  auto& outage = service.open_outage();
  return outage ? outage->Start() : cut_off.last_ok;
}

}  // namespace

std::vector<const ReplicationSet::ViewOf*> ReplicationSet::FreshViews(Instant now) const {
  std::vector<const ViewOf*> fresh;
  for (auto& view : views_)
    if (view.second.answered && now - view.second.end < kViewPatience + options_.look_deadline)
      fresh.push_back(&view);
  return fresh;
}

// The node that most Sentinels name, by looks that came after the last change; of two that are
// named as often, the one in force, or else the one with the newer configuration.
std::string ReplicationSet::Majority(Instant now) const {
  std::map<std::string, std::pair<int, long long>> votes;  // and the epoch
  for (auto* view : FreshViews(now)) {
    if (!view->second.said.address || view->second.begin < since_) continue;
    auto& [n, epoch] = votes[ToText(*view->second.said.address)];
    ++n;
    epoch = std::max(epoch, view->second.said.master.config_epoch);
  }
  std::string best = votes.count(announced_) ? announced_ : "";
  for (auto& [node, n] : votes)
    if (best.empty() || (best == announced_ ? n.first > votes[best].first : n > votes[best]))
      best = node;
  return best;
}

// Of the Sentinels that are configured, or that any of them knows.
bool ReplicationSet::AreMost(std::size_t sentinels) const {
  std::size_t known = std::max<std::size_t>(options_.sentinels.size(), 1);
  for (auto& view : views_) known = std::max(known, view.second.said.sentinels.size() + 1);
  return 2 * sentinels > known;
}

// Whether most of the Sentinels have been heard since a start, or had the time to: the first to
// answer may be one that is cut off and has the configuration of before.
bool ReplicationSet::HeardMost(Instant now) const {
  return AreMost(views_.size()) || now - heard_since_ > kFollowWithin;
}

// Another node is in force when most Sentinels name it, unless they are cut off and repeat what was
// so before: the configuration with the highest epoch is the true one, as long as any Sentinel may
// still follow it.
void ReplicationSet::Compare(const Now& now, Instant at) {
  std::string node = Majority(at);
  if (node.empty() || (announced_.empty() && !HeardMost(at))) return;
  long long epoch = -1;
  bool contradicted = true;
  std::size_t naming = 0;
  Instant begin = Instant::max();
  for (auto& [sentinel, view] : views_) {
    if (!view.said.address) continue;
    std::string named = ToText(*view.said.address);
    contradicted = contradicted && named != announced_ && view.begin >= since_;
    if (named != node) continue;
    ++naming;
    epoch = std::max(epoch, view.said.master.config_epoch);
    // One that was not there before knows nothing of when it changed.
    if (view.other_begin != Instant()) begin = std::min(begin, view.other_begin);
  }
  if (node != announced_) {
    if (epoch < announced_epoch_ && !contradicted) return;
    if (begin == Instant::max()) begin = announced_at_;
    Announced(node, std::max(begin, announced_at_), at, Instant::max(), now);
    announced_epoch_ = epoch;
  }
  announced_epoch_ = std::max(announced_epoch_, epoch);
  Told(epoch, AreMost(naming), at, now);
}

// Who watched all the while knows of each change: to him the number says nothing new, as it may grow
// by more than one. Who did not knows of one change at least, but not who was master meanwhile.
// Where most say a lower one they lost their state, and count from 0 again.
void ReplicationSet::Told(long long config_epoch, bool by_most, Instant at, const Now& now) {
  const bool same = told_.master == announced_, newer = config_epoch > told_.config_epoch;
  const bool anew = config_epoch < told_.config_epoch && by_most;
  const bool first = told_.at == Instant();  // since a start
  const bool unwatched = first || at - told_.at > kViewPatience + options_.look_deadline;
  if (same && newer && unwatched) {
    const Instant middle = first ? at : told_.at + (at - told_.at) / 2;
    TakenOver({now.Unix(middle), "unknown", announced_, "unseen", {}}, Node(), at, at);
    last_change_.phases.Changed({"unseen", "", {}, {}, {}});
  }
  told_.at = at;
  if (same && !newer && !anew) return;
  told_.master = announced_;
  told_.config_epoch = config_epoch;
  ++told_.revision;
}

// What was in force until now comes to an end between `begin` and `end`; what we heard was said just
// now (`likely`).
void ReplicationSet::Announced(const std::string& node, Instant begin, Instant end, Instant likely,
                               const Now& now) {
  if (node == announced_) return;
  const std::string from = announced_.empty() ? service_.last_holder() : announced_;
  const Node old = announced_.empty() ? Node() : nodes_[announced_];
  // Until then clients were sent to one that failed.
  if (old.result == Result::kFail && old.begin < begin)
    Attempted({Result::kFail, begin, begin}, now);
  const bool first = announced_.empty();
  if (!from.empty() && from != node) {
    FailoverFact fact;
    fact.unix_seconds = now.Unix(first ? end : begin + (end - begin) / 2);
    fact.from = from;
    fact.to = node;
    fact.kind = KindOfChange(old, end);
    TakenOver(fact, old, begin, end);
    last_change_.phases.Changed({fact.kind, from, FailedAt(service_, cut_off_),
                                 nodes_[node].master_since, Known(likely)});
  }
  announced_ = node;
  announced_at_ = end;
  since_ = first ? end : end + kFollowWithin;
  ++announced_epoch_;  // at least
  objectively_down_ = asked_for_ = false;
  cut_off_ = {};
  const Node& successor = nodes_[node];
  if (departure_ && successor.last && successor.last->info &&
      departure_->Succeeded(*successor.last->info))
    TellLoss(end);
  bool ready = successor.result == Result::kOk && end - successor.end < Patience();
  if (!first && ready) Attempted({Result::kOk, begin, end, begin, likely, true}, now);
}

void ReplicationSet::TakenOver(const FailoverFact& fact, const Node& old, Instant begin,
                               Instant end) {
  auto& [low, high, phases, told, restored] = last_change_;
  restored.reset();
  low.reset();
  high.reset();
  if (fact.kind == "failover" && cut_off_.first_unanswered)
    low = std::max(0.0, Seconds(begin - *cut_off_.first_unanswered));
  if (fact.kind == "failover" && cut_off_.last_ok)
    high = Seconds(end - *cut_off_.last_ok);
  service_.Failover(fact);
  told_.master.clear();  // the next number that is told says no more than this
  departure_.reset();
  if (fact.kind != "unseen") Depart(fact.from, old);
  Trouble(end);
}

// Where no node is asked, up is what most Sentinels do not find down, and reached a moment ago.
void ReplicationSet::TakeSentinelsWord(const RedisEvidence& e, const Now& now) {
  if (announced_.empty()) return;
  std::size_t up = 0, down = 0;
  auto fresh = FreshViews(e.end);
  for (auto* view : fresh) {
    const MonitoredMaster& master = view->second.said.master;
    if (ToText(master.address) != announced_) continue;
    down += master.flags.s_down;
    up += !master.flags.s_down && !master.flags.disconnected && master.last_ok_ping < kUnwatched;
  }
  service_.Looked(e.end);
  Result result = 2 * up > fresh.size()     ? Result::kOk
                  : 2 * down > fresh.size() ? Result::kFail
                                            : Result::kVoid;
  Attempted({result, e.begin, e.end}, now);
}

// A switchover is somebody's wish, and only a wish that was seen: +try-failover before any +odown,
// or the flag force_failover of the Sentinel that leads. That the old master works for us proves
// none: on its side of a cut network it does all the while. Where events are denied and the leader
// was not looked at in the second or two in which it had the flag, a wish is told as a failover:
// one alarm too many is better than none. What it was is only known to who heard something of the
// old master until then, by itself or by a Sentinel.
std::string ReplicationSet::KindOfChange(const Node& old, Instant at) const {
  const Duration by_looks = std::max<Duration>(kUnwatched, Patience());
  const Duration by_views = kViewPatience + options_.look_deadline;
  Instant told = old.answered;
  for (auto& [sentinel, view] : views_)  // the last look that found it naming the old one
    told = std::max(told, view.said.address && ToText(*view.said.address) == announced_
                              ? view.begin
                              : view.other_begin);
  bool watched = at - told <= (options_.redis_nodes ? std::max(by_looks, by_views) : by_views);
  if (options_.redis_nodes) watched = watched && at - old.end <= by_looks;
  if (announced_.empty() || !watched) return "unseen";
  return asked_for_ ? "switchover" : "failover";
}
