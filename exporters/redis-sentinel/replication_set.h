#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/service.h"
#include "common/split_brain.h"
#include "exporters/redis-sentinel/config.h"
#include "exporters/redis-sentinel/departure.h"
#include "exporters/redis-sentinel/evidence.h"
#include "exporters/redis-sentinel/redis_incidents.h"
#include "exporters/redis-sentinel/watched.h"

// The judgement on one monitored master and its replicas: service redis, scope = master name. The
// service is "the node that the Sentinels send clients to takes writes".
//
// What counts as an attempt is a look at that node: ok when it answers as a master that is not
// loading and does not refuse writes. When another node is announced, some 0.7 s after it was
// promoted, that ends the outage: between the announcement's two bounds if the new master had been
// seen writable by then, and else with the first look that finds it so. An old master that works on
// our side of a cut network makes no outage; how long the Sentinels missed it is said apart.
class ReplicationSet {
 public:
  // `scope`: the master's name as it stands on the page.
  ReplicationSet(const DeploymentOptions& options, const std::string& scope);
  void Configure(const DeploymentOptions& options);
  void Step(const RedisEvidence& evidence, const NodeLook& look, const Now& now);
  // `view` is what the Sentinel of `look` says of this master.
  void Step(const RedisEvidence& evidence, const SentinelLook& look, const MasterView& view,
            const Now& now);
  void Step(const RedisEvidence& evidence, const EventLook& look, const Now& now);
  // A look at the Sentinel failed, or it knows no such master: what it said before is not of now.
  void Silent(const std::string& sentinel, Instant at);
  void Forget(const std::string& sentinel) { views_.erase(sentinel); }
  void Show(const Now& now, Samples& out) const;
  // Whether something is wrong or was, a moment ago: then looks come faster.
  bool Suspect(Instant now) const { return now < suspect_until_; }
  // To be watched, by announced address; former masters, too, for forget_after.
  std::set<std::string> Nodes(Instant now) const, Sentinels(Instant now) const;
  const std::string& announced() const { return announced_; }  // where clients are sent, or ""
  bool Knows(const std::string& node) const { return nodes_.count(node) > 0; }
  std::vector<Story> Stories() const;  // of the service, and incidents
  Service& service() { return service_; }
  const Service& service() const { return service_; }
  // What is kept over a restart beside the service: members of a JSON object.
  std::string Facts() const;
  void Restore(JsonView facts);
  int facts_revision() const;

 private:
  using Node = WatchedNode;
  using View = SentinelView;
  using ViewOf = std::map<std::string, View>::value_type;

  // replication_set.cc: evidence in.
  Duration Patience() const;
  void Listed(const HostPort& address, Instant at);
  void Attempted(const Attempt& attempt, const Now& now);
  void Pinged(const MonitoredMaster& master, Instant at, const Now& now);
  void Restarted(Node& node, const NodeLook& look, Instant at, const Now& now);
  void SawFailover(const SentinelEvent& event, const Now& now);
  void Flagged(const MonitoredMaster& master, const RedisEvidence& evidence, bool found_down);
  void CalmDown(Instant now);
  void Trouble(Instant at);
  void FoundDown(const RedisEvidence& evidence, const std::string& sentinel);
  // verdict_announced.cc: whom the Sentinels send clients to.
  std::vector<const ViewOf*> FreshViews(Instant now) const;
  std::string Majority(Instant now) const;
  bool AreMost(std::size_t sentinels) const, HeardMost(Instant now) const;
  void Compare(const Now& now, Instant at);
  void Announced(const std::string& node, Instant begin, Instant end, Instant likely, const Now&);
  void TakenOver(const FailoverFact& fact, const Node& old, Instant begin, Instant end);
  void TakeSentinelsWord(const RedisEvidence& evidence, const Now& now);
  std::string KindOfChange(const Node& old, Instant at) const;
  void Told(long long config_epoch, bool by_most, Instant at, const Now& now);
  // verdict_split_brain.cc: two masters.
  void StepSplitBrain(const RedisEvidence& evidence, const NodeLook& look, Node& node);
  // verdict_loss.cc: what the last change of the master cost.
  void Depart(const std::string& from, const Node& old);
  void StepLoss(const RedisEvidence& evidence, const NodeLook& look);
  void TellLoss(Instant at);
  ChangeFigures Figures() const;
  void ShowLoss(Samples& out) const;
  // verdict_topology.cc: who is in whose list, and who follows whom.
  const Info* Answer(const std::string& node, Instant now) const;  // nullptr: it does not
  void ShowLists(const Now& now, Samples& out) const;
  void ShowLoop(const Now& now, Samples& out) const;
  // verdict_replication.cc: how far replicas are behind.
  void ShowLag(const std::string& name, const Node& replica, Samples& out) const;
  void ShowReplica(const std::string& name, const Node& node, const Now& now, Samples& out) const;
  void ShowMaster(const Now& now, Samples& out) const;
  // verdict_show.cc, verdict_prospects.cc: samples out.
  void ShowNodes(const Now& now, Samples& out) const;
  void ShowViews(const Now& now, Samples& out) const;
  void ShowAgreement(const Now& now, Samples& out) const;
  void ShowProspects(const Now& now, Samples& out) const;

  DeploymentOptions options_;
  std::string name_;
  Service service_;
  std::map<std::string, Node> nodes_;
  std::map<std::string, View> views_;  // by Sentinel
  std::string announced_;              // the node that clients are sent to
  Instant heard_since_ = Instant(), announced_at_ = Instant();  // any Sentinel; and the master
  Instant since_ = Instant();          // Sentinels that say otherwise later contradict it
  long long announced_epoch_ = -1;     // of its configuration, at least
  SplitBrain split_brain_;
  // Since it was announced: +odown of the master, and +try-failover without that.
  bool objectively_down_ = false, asked_for_ = false;
  std::optional<Departure> departure_;  // of the old master, at the last change
  Disagreement disagreement_;
  RedisIncidents incidents_;
  CutOff cut_off_;
  Instant trouble_heard_ = Instant();  // the newest event that is about the announced master
  LastChange last_change_;
  LastTold told_;  // by the Sentinels
  Instant suspect_until_ = Instant(), asked_in_vain_ = Instant();  // asked: a Sentinel, last
};
