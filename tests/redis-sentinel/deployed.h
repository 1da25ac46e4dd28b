#pragma once
// Three hosts with a node and a Sentinel each, and what their Sentinels say.
#include <string>
#include <vector>

#include "tests/redis-sentinel/replay.h"

inline const std::string k1 = "10.88.0.11:6379", k2 = "10.88.0.12:6379", k3 = "10.88.0.13:6379";
inline const std::string kS1 = "10.88.0.11:26379", kS2 = "10.88.0.12:26379",
                         kS3 = "10.88.0.13:26379";
inline const std::string kName = "{master_name=\"mymaster\"}";

inline std::vector<RedisEvidence> AllSentinels(double at, const std::string& master,
                                               long long epoch = 0) {
  std::vector<RedisEvidence> all;
  for (auto& s : {kS1, kS2, kS3})
    all.push_back(SentinelEvidence(at, at + 0.01, s, {ViewOf(s, master, epoch)}));
  return all;
}

inline void Step(Deployment& d, const std::vector<RedisEvidence>& all) {
  for (auto& e : all) d.Step(e, NowAt(EndOf(e)));
}

// The reason for which no failover is possible, or "".
inline std::string Blocked(const Deployment& d, double at) {
  for (auto* reason : {"no_sentinel", "no_quorum", "no_majority", "tilt", "disagreement",
                       "no_eligible_replica"})
    if (ValueOf(d, at, std::string("redis_sentinel_failover_blocked{master_name=\"mymaster\",") +
                           "reason=\"" + reason + "\"}") == 1)
      return reason;
  return "";
}

inline double Possible(const Deployment& d, double at) {
  return ValueOf(d, at, "redis_sentinel_failover_possible" + kName);
}
