#pragma once
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "exporters/redis-sentinel/address.h"
#include "exporters/redis-sentinel/connection.h"

// What the configuration says: deployments of Sentinels, each with the masters that they monitor.

struct DeploymentOptions {
  std::string name;                     // of the group of targets
  std::vector<RedisAddress> sentinels;  // seeds: one is enough, the others are found
  std::set<std::string> masters;        // names to watch; empty: all that the Sentinels monitor
  // User, password, TLS; without an address. TLS for all Sentinels that are found; a seed by
  // rediss:// has it in any case.
  RedisConnectionOptions sentinel, node;
  AddressMap address_map;
  Duration look_interval{}, look_deadline{};  // of a node, while all is calm
  Duration forget_after{};  // a node that nobody lists any more is watched so long
  int expected_sentinels = 0, expected_replicas = 0;  // 0: as many as are known
  double rto_objective_seconds = 0, rpo_objective_seconds = 0;
};

// Reads the whole file; `fields` without keys gives the local default: a Sentinel at
// 127.0.0.1:26379 without a password. Errors as Fields::Finish() says them.
absl::StatusOr<std::vector<DeploymentOptions>> ReadDeployments(Fields& fields);
