#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "exporters/redis-sentinel/address.h"
#include "exporters/redis-sentinel/connection.h"
#include "exporters/redis-sentinel/sites.h"

// What the configuration says: deployments of Sentinels, each with the masters that they monitor.

// What is still well; shown beside what is, for alert rules.
struct RedisObjectives {
  double replication_lag_bytes = 1 << 20;  // the backlog's size, if nobody configured another one
  double backlog_seconds = 60;
  double failover_test_seconds = 90 * 86400.0;
  double memory_ratio = 0.9, clients_ratio = 0.9;
};

// Writes to the masters, to see what a client sees.
struct CanaryOptions {
  Duration interval{};  // zero: it does not write
  std::string key;      // of this exporter alone: two that write to one see no loss
};

struct DeploymentOptions {
  std::string name;                     // of the group of targets
  std::vector<RedisAddress> sentinels;  // seeds: one is enough, the others are found
  std::set<std::string> masters;        // names to watch; empty: all that the Sentinels monitor
  std::string prefix;  // "sessions/": before the names of masters in labels and scopes, or ""
  // User, password, TLS; without an address. TLS for all Sentinels that are found; a seed by
  // rediss:// has it in any case.
  RedisConnectionOptions sentinel, node;
  std::map<std::string, RedisConnectionOptions> node_of;  // of a master that has its own password
  bool redis_nodes = true;  // false: only the Sentinels are asked
  AddressMap address_map;
  std::vector<Site> sites;
  Duration look_interval{}, look_deadline{};  // of a node, while all is calm
  Duration forget_after{};  // a node that nobody lists any more is watched so long
  int expected_sentinels = 0, expected_replicas = 0;  // 0: as many as are known
  // How the deployment promises to keep its data over a restart: kPersistences.
  std::string persistence = "any";
  double rto_objective_seconds = 0, rpo_objective_seconds = 0;
  RedisObjectives objectives;
  CanaryOptions canary;
};

// "any" is one of the two, "none" is a cache.
extern const std::vector<std::string_view> kPersistences;

// What a deployment dials the nodes of a master with.
const RedisConnectionOptions& NodeLogin(const DeploymentOptions& options,
                                        const std::string& master);

// No two deployments can watch masters of one name under one prefix, nor have a seed in common:
// nothing on the page would tell them apart.
//
// Reads the whole file; `fields` without keys gives the local default: a Sentinel at
// 127.0.0.1:26379 without a password. Errors as Fields::Finish() says them.
absl::StatusOr<std::vector<DeploymentOptions>> ReadDeployments(Fields& fields);
