// Whether the Sentinels agree, and whether they could fail the master over now.
#include <algorithm>
#include <functional>

#include "exporters/redis-sentinel/address.h"
#include "exporters/redis-sentinel/eligibility.h"
#include "exporters/redis-sentinel/replication_set.h"

namespace {

const Metric kKnown("redis_sentinel_known_sentinels", Type::kGauge,
                    "Sentinels that know each other, by the one that knows most. One that is gone "
                    "for good is never forgotten and counts for the majority: see SENTINEL RESET.",
                    "master_name");
const Metric kReachable("redis_sentinel_reachable_sentinels", Type::kGauge,
                        "Sentinels that tell us of this master.", "master_name");
const Metric kReplicas("redis_sentinel_known_replicas", Type::kGauge,
                       "Replicas by the Sentinel that knows most.", "master_name");
const Metric kAddresses("redis_sentinel_master_addresses", Type::kGauge,
                        "How many different nodes the Sentinels send clients to; more than 1: they "
                        "disagree.",
                        "master_name");
const Metric kMismatch("redis_sentinel_config_mismatch", Type::kGauge,
                       "Whether Sentinels differ in this setting, or follow different versions of "
                       "the configuration (epoch).",
                       "master_name", "key");
const Metric kPossible("redis_sentinel_failover_possible", Type::kGauge,
                       "Whether the Sentinels could fail the master over now: enough of them for "
                       "quorum and majority, not in TILT, and with a replica that they would "
                       "promote. SENTINEL CKQUORUM asks neither of the last two. Absent: unknown, "
                       "as when only replicas that the Sentinels hide could be promoted.",
                       "master_name");
const Metric kBlocked("redis_sentinel_failover_blocked", Type::kStateSet,
                      "Why no failover is possible: the first of its reasons.", "master_name",
                      "reason");
const Metric kEligible("redis_sentinel_eligible_replicas", Type::kGauge,
                       "Replicas that a Sentinel would promote, by the Sentinel that finds fewest. "
                       "Absent: unknown, as they hide some (replica-announced no).",
                       "master_name");
const Metric kRefused("redis_sentinel_view_replica_ineligible", Type::kStateSet,
                      "Why this Sentinel would not promote the replica; all 0: it would.",
                      "sentinel", "master_name", "node", "reason");

constexpr std::string_view kNobody = "no_eligible_replica";
const std::vector<std::string_view> kReasons = {
    "no_sentinel", "no_quorum", "no_majority", "tilt", "disagreement", kNobody};

using Setting = std::function<long long(const MonitoredMaster&)>;
const std::pair<std::string_view, Setting> kSettings[] = {
    {"quorum", [](auto& m) { return m.quorum; }},
    {"down_after", [](auto& m) { return m.down_after.count(); }},
    {"failover_timeout", [](auto& m) { return m.failover_timeout.count(); }},
    {"parallel_syncs", [](auto& m) { return m.parallel_syncs; }},
    {"epoch", [](auto& m) { return m.config_epoch; }},
};

// SENTINEL REPLICAS hides those with replica-announced no. num-slaves counts them, and a Sentinel
// promotes them as any other.
bool HidesReplicas(const MasterView& view) {
  return view.master.replicas > static_cast<int>(view.replicas.size());
}

int EligibleIn(const MasterView& view) {
  return static_cast<int>(std::count_if(
      view.replicas.begin(), view.replicas.end(), [&](const MonitoredReplica& replica) {
        return EligibilityOf(replica, view.master) == Eligibility::kEligible;
      }));
}

// What the views that are fresh say together.
struct Council {
  int reachable = 0, active = 0;  // active: not in TILT
  int known = 0, quorum = 0, replicas = 0;
  int ready = 0;       // active, with an eligible replica
  int hoping = 0;      // active, without one, but with replicas that it does not list
  bool hidden = false;  // replicas, by any of them
  int connected = 0;   // active, and see quorum and majority themselves
  int eligible = -1;   // replicas, the fewest
  std::map<std::string, int> named;  // master addresses, by active ones

  void Add(const MasterView& view, bool tilt) {
    ++reachable;
    known = std::max(known, view.master.other_sentinels + 1);
    quorum = std::max(quorum, view.master.quorum);
    replicas = std::max(replicas, static_cast<int>(view.replicas.size()));
    int here = EligibleIn(view);
    eligible = eligible < 0 ? here : std::min(eligible, here);
    hidden = hidden || HidesReplicas(view);
    if (tilt) return;
    ++active;
    ready += here > 0;
    hoping += here == 0 && HidesReplicas(view);
    connected += !view.quorum || (view.quorum->quorum && view.quorum->majority);
    if (view.address) ++named[ToText(*view.address)];
  }
  int MostNamed() const {
    int most = 0;
    for (auto& [node, n] : named) most = std::max(most, n);
    return most;
  }
  int Majority() const { return known / 2 + 1; }
  int Needed() const { return std::max(quorum, Majority()); }
  // "" when a failover is possible.
  std::string_view Blocked() const {
    const int majority = Majority(), needed = Needed();
    if (reachable == 0) return "no_sentinel";
    if (reachable < quorum) return "no_quorum";
    if (reachable < majority) return "no_majority";
    if (active < needed) return "tilt";
    if (connected == 0) return "no_majority";
    if (MostNamed() < needed) return "disagreement";
    return ready < needed ? kNobody : "";
  }
  // Whether only replicas that are not listed decide.
  bool Unknown() const { return Blocked() == kNobody && ready + hoping >= Needed(); }
};

}  // namespace

void ReplicationSet::ShowAgreement(const Now& now, Samples& out) const {
  auto fresh = FreshViews(now.at);
  if (fresh.empty()) return;
  std::set<std::string> addresses;
  for (auto* view : fresh)
    if (auto& address = view->second.said.address) addresses.insert(ToText(*address));
  out.Add(kAddresses, {name_}, static_cast<double>(addresses.size()));
  for (auto& [key, read] : kSettings) {
    std::set<long long> values;
    for (auto* view : fresh) values.insert(read(view->second.said.master));
    out.Add(kMismatch, {name_, key}, values.size() > 1);
  }
}

// A Sentinel that was looked at in vain is not there; what was not looked at is not known.
void ReplicationSet::ShowProspects(const Now& now, Samples& out) const {
  Council council;
  for (auto* item : FreshViews(now.at)) {
    auto& [sentinel, view] = *item;
    council.Add(view.said, view.tilt);
    for (auto& replica : view.said.replicas)
      if (replica.address.port != 0)
        out.AddState(kRefused, {sentinel, name_, ToText(replica.address), ""}, kIneligibleReasons,
                     EligibilityName(EligibilityOf(replica, view.said.master)));
  }
  bool asked = now.at - asked_in_vain_ <= kViewPatience + options_.look_deadline;
  if (council.reachable == 0 && !asked) return;
  out.Add(kReachable, {name_}, council.reachable);
  std::string_view reason = council.Blocked();
  if (!council.Unknown()) {
    out.Add(kPossible, {name_}, reason.empty());
    out.AddState(kBlocked, {name_, ""}, kReasons, reason);
  }
  if (council.reachable == 0) return;
  out.Add(kKnown, {name_}, council.known);
  out.Add(kReplicas, {name_}, council.replicas);
  if (!council.hidden) out.Add(kEligible, {name_}, council.eligible);
}
