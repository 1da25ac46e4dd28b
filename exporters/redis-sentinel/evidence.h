#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/board.h"
#include "exporters/redis-sentinel/info.h"
#include "exporters/redis-sentinel/sentinel_event.h"
#include "exporters/redis-sentinel/sentinel_replies.h"

// What the eyes of a deployment post on its board. Nodes and Sentinels are named by the address
// that they announce, "10.0.0.1:6379"; a seed by the address in the configuration until that answers.

// One look at a Redis node, by INFO.
struct NodeLook {
  std::string node;
  absl::Status status;        // of the look; as RedisConnection::Run
  std::optional<Info> info;   // when it answered
  bool ended = false;         // the session that was kept had ended just before the look
};

// What a Sentinel says of one master that it monitors, asked for in one batch.
struct MasterView {
  MonitoredMaster master;
  std::vector<MonitoredReplica> replicas;
  std::vector<MonitoredSentinel> sentinels;  // the others
  std::optional<QuorumCheck> quorum;
  std::optional<HostPort> address;           // where it sends clients
};

// A Sentinel is looked at every 5 s; what it said is a view of now for three times as long, and its
// look's deadline.
constexpr Duration kSentinelInterval = std::chrono::seconds(5);
constexpr Duration kViewPatience = 3 * kSentinelInterval;

// One look at a Sentinel.
struct SentinelLook {
  std::string sentinel;
  absl::Status status;
  std::optional<Info> info;        // when it answered
  std::vector<MasterView> views;
  int unwatched = 0;  // masters that it was not asked for: too many
};

// What a Sentinel announced. It was said between the evidence's begin (the last ping that was
// answered before it) and its end; a late one, which came with a burst after a cut of the network,
// is counted, but dates nothing.
struct EventLook {
  std::string sentinel;
  SentinelEvent event;
  bool late = false;
};

// Whether we listen to a Sentinel; said again at `again` at the latest.
struct SubscriptionLook {
  std::string sentinel;
  bool subscribed = false;
  Instant again = Instant();
};

struct RedisEvidence : Look {
  std::variant<NodeLook, SentinelLook, EventLook, SubscriptionLook> seen;
};
