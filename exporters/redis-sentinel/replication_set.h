#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/service.h"
#include "common/split_brain.h"
#include "exporters/redis-sentinel/config.h"
#include "exporters/redis-sentinel/evidence.h"

// The judgement on one monitored master and its replicas: service redis, scope = master name. The
// service is "the node that the Sentinels send clients to takes writes".
//
// What counts as an attempt is a look at that node: ok when it answers as a master that is not
// loading and does not refuse writes. When another node is announced, that ends the outage: it was
// mended between the announcement's two bounds if the new master had been seen writable by then, and
// else with the first look that finds it so. Sentinel announces about 0.7 s after it promoted: until
// then clients are still sent to the old master, so looks at the new one prove nothing yet.
//
// Two masters: any two nodes of the set that answer as masters, by the sandwich, whoever is
// announced. An old master that comes back, and every SENTINEL FAILOVER, give ten seconds of it.
class ReplicationSet {
 public:
  ReplicationSet(const DeploymentOptions& options, const std::string& master_name);
  void Configure(const DeploymentOptions& options);

  void Step(const RedisEvidence& evidence, const NodeLook& look, const Now& now);
  // `view` is what the Sentinel of `look` says of this master.
  void Step(const RedisEvidence& evidence, const SentinelLook& look, const MasterView& view,
            const Now& now);
  void Step(const RedisEvidence& evidence, const EventLook& look, const Now& now);
  void Show(const Now& now, Samples& out) const;

  // Whether something is wrong or was, a moment ago: then looks come faster.
  bool Suspect(Instant now) const { return now < suspect_until_; }
  // All nodes to watch: master, replicas, and former masters, by announced address. Those that no
  // Sentinel has listed for forget_after are gone.
  std::set<std::string> Nodes(Instant now) const;
  std::set<std::string> Sentinels(Instant now) const;
  Service& service() { return service_; }
  const Service& service() const { return service_; }

 private:
  struct Node {
    std::optional<NodeLook> last;             // the newest look
    Instant begin = Instant(), end = Instant();
    Instant listed = Instant();               // by a Sentinel, last
    bool writable = false;                    // by the newest look
    Instant writable_begin = Instant();       // of the last look that found it so
  };
  struct View {
    MasterView said;
    Instant end = Instant();
  };
  std::optional<std::string> Majority(Instant now) const;  // the node that most Sentinels name
  void Announced(const std::string& node, Instant begin, Instant end, const Now& now);
  void Attempted(const Attempt& attempt, const Now& now);

  std::string name_;
  Service service_;
  std::map<std::string, Node> nodes_;
  std::map<std::string, View> views_;  // by Sentinel
  std::string announced_;              // the node that clients are sent to
  SplitBrain split_brain_;
  bool objectively_down_ = false;      // +odown of the master, since it was announced
  bool asked_for_ = false;             // +try-failover without that: by SENTINEL FAILOVER
  Instant suspect_until_ = Instant();
};
