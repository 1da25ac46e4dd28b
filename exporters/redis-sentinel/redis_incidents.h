#pragma once
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/judge.h"

// What happened to a replication set without a change of master: counted by kind, and the last 20
// told on the status page.
class RedisIncidents {
 public:
  // `kind` is restart, dataset_reset (told only: nodes count it), failover_not_elected,
  // failover_no_good_replica, failover_replica_timeout or reconfiguration_timeout; `node` is the
  // one it happened to.
  void Happened(const std::string& kind, const std::string& node, double unix_seconds);
  const std::map<std::string, double>& by_kind() const { return by_kind_; }  // all but told ones
  std::vector<Story> Stories(const std::string& scope) const;  // oldest first

 private:
  struct Told {
    double unix_seconds;
    std::string kind, node;
  };
  std::map<std::string, double> by_kind_ = {{"restart", 0},
                                            {"failover_not_elected", 0},
                                            {"failover_no_good_replica", 0},
                                            {"failover_replica_timeout", 0},
                                            {"reconfiguration_timeout", 0}};
  std::deque<Told> told_;
};
