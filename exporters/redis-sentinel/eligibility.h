#pragma once
#include <string_view>
#include <vector>

#include "exporters/redis-sentinel/sentinel_replies.h"

// Which replicas a Sentinel could promote. This is the rule of sentinelSelectReplica in Redis'
// sentinel.c (sentinelSelectSlave before Valkey), recomputed from what the Sentinel says in
// SENTINEL MASTERS and SENTINEL REPLICAS: CKQUORUM says OK where none is eligible, and the failover
// is then aborted with no-good-slave. Ask both in one batch: the rule compares their ages.

// The first test that a replica fails, in the order of the source.
enum class Eligibility {
  kEligible,
  kDown,          // flag s_down or o_down
  kDisconnected,  // flag disconnected
  kNoPing,        // no valid answer to PING for more than 5 s (5 ping periods)
  kPriorityZero,  // replica-priority 0
  kInfoOld,       // INFO older than 30 s; 5 s when the master is s_down; or there never was one
  kLinkDown,      // replication broken for longer than the master is s_down plus 10 x down-after
};
extern const std::vector<std::string_view> kIneligibleReasons;  // all but kEligible, as labels
std::string_view EligibilityName(Eligibility eligibility);       // "eligible", or one of those

// In the view of one Sentinel, now. Frozen Sentinels come back with old pings and long broken
// links: kLinkDown can hold a failover up for good when the master was down meanwhile. A replica
// that reports the role of a master is eligible too (an old master that came back, for some 10 s,
// with offset 0), and so is one whose link never stood (an age of -1 s).
Eligibility EligibilityOf(const MonitoredReplica& replica, const MonitoredMaster& master);
