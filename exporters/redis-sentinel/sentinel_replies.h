#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/net.h"
#include "exporters/redis-sentinel/resp.h"

// What a Sentinel answers about the masters it monitors. The fields are those of Redis 7.0, 8.0 and
// Valkey 8.1, which are the same (https://redis.io/docs/latest/operate/oss_and_stack/management/
// sentinel/, "SENTINEL MASTERS"). Always ask with the old names; REPLICAS, not SLAVES.
//
// Every function takes the outcome of its command and hands its error on. DataLoss when the answer
// lacks a field that all versions have, or has no number where one belongs: a view with a hole
// would be judged as if it were whole. Fields that we do not know do not matter.
//
// Durations are ages when the Sentinel answered: a moment, to the millisecond, without comparing
// clocks. They come from its wall clock, so they can be negative after a step of it. Those beyond a
// century are cut to one.
using Milliseconds = std::chrono::milliseconds;

struct InstanceFlags {
  bool s_down = false;        // this Sentinel has no valid answer to PING for down-after
  bool o_down = false;        // and enough others agree; masters only
  bool disconnected = false;  // this Sentinel has no connection for commands to it
  bool failover_in_progress = false, force_failover = false;
};

// What is said of every kind.
struct Instance {
  std::string name;    // a master's as configured, a replica's "ip:port", a Sentinel's run id
  // Announced: numeric, or a name. Port 0 is an address found to be wrong; without a host, too, it is
  // unknown: a name that the Sentinel cannot resolve (resolve-hostnames without announce-hostnames).
  HostPort address;
  std::string run_id;  // "" until it answered INFO for the first time
  InstanceFlags flags;
  std::optional<Milliseconds> pending_ping;  // last-ping-sent: age of the oldest ping not answered
  Milliseconds last_ok_ping{};               // since the last valid answer to PING
  Milliseconds down_after{};
  std::optional<Milliseconds> s_down, o_down;  // for how long; absent: it is not
};

// Redis' words for the steps of a failover, in order, and "none".
extern const std::vector<std::string_view> kFailoverStates;

struct MonitoredMaster : Instance {
  Milliseconds info_age{};     // of the last INFO
  long long config_epoch = 0;  // grows with every failover
  int replicas = 0, other_sentinels = 0, quorum = 0, parallel_syncs = 0;
  Milliseconds failover_timeout{};
  std::string failover_state = "none";  // of kFailoverStates, or a new word
};

struct MonitoredReplica : Instance {
  Milliseconds info_age{};
  Milliseconds link_down{};  // for how long its replication has been broken; 0: it stands
  int priority = 0;          // 0: never to be promoted
};

struct MonitoredSentinel : Instance {
  Milliseconds hello_age{};  // since its last message in the channel __sentinel__:hello
};

// SENTINEL MASTERS, SENTINEL REPLICAS name, SENTINEL SENTINELS name. The latter does not list the
// Sentinel that answers.
absl::StatusOr<std::vector<MonitoredMaster>> ParseMasters(const absl::StatusOr<Reply>& reply);
absl::StatusOr<std::vector<MonitoredReplica>> ParseReplicas(const absl::StatusOr<Reply>& reply);
absl::StatusOr<std::vector<MonitoredSentinel>> ParseSentinels(const absl::StatusOr<Reply>& reply);

// SENTINEL CKQUORUM name. Usable Sentinels are those that this one has not marked down, itself
// included; it counts those in TILT, and does not look for a replica: it says OK in states in which
// no failover is possible.
struct QuorumCheck {
  int usable_sentinels = 0;
  bool quorum = false;    // enough of them to agree that the master is down
  bool majority = false;  // enough of them to elect who fails over
};
absl::StatusOr<QuorumCheck> ParseCkquorum(const absl::StatusOr<Reply>& reply);

// SENTINEL GET-MASTER-ADDR-BY-NAME name: where clients are sent; none if it does not know the name,
// or cannot resolve the master's.
// During a failover the leader names the new master here while MASTERS still has the old address.
absl::StatusOr<std::optional<HostPort>> ParseMasterAddress(const absl::StatusOr<Reply>& reply);
