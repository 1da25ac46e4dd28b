#include "exporters/redis-sentinel/show_objectives.h"

namespace {

const Metric kLag("redis_sentinel_replication_lag_objective_bytes", Type::kGauge,
                  "How far a replica may be behind its master.", "master_name");
const Metric kBacklog("redis_sentinel_replication_backlog_objective_seconds", Type::kGauge,
                      "How long a replica must be able to be away without needing a copy of all "
                      "data.",
                      "master_name");
const Metric kTest("redis_sentinel_failover_test_objective_seconds", Type::kGauge,
                   "How long ago the last failover may be before one should be tested.",
                   "master_name");
const Metric kMemory("redis_sentinel_memory_objective_ratio", Type::kGauge,
                     "Which share of its limit of memory a node may take.", "master_name");
const Metric kClients("redis_sentinel_clients_objective_ratio", Type::kGauge,
                      "Which share of its limit of clients a node may have.", "master_name");
const Metric kPersistence("redis_sentinel_expected_persistence", Type::kStateSet,
                          "How the deployment promises to keep its data over a restart: aof, rdb, "
                          "any (one of the two), or none.",
                          "master_name", "kind");
const Metric kSentinels("redis_sentinel_expected_sentinels", Type::kGauge,
                        "Sentinels that the configuration expects.", "master_name");
const Metric kReplicas("redis_sentinel_expected_replicas", Type::kGauge,
                       "Replicas that the configuration expects.", "master_name");

}  // namespace

void ShowRedisObjectives(const DeploymentOptions& options, const std::string& name, Samples& out) {
  const RedisObjectives& o = options.objectives;
  out.Add(kLag, {name}, o.replication_lag_bytes);
  out.Add(kBacklog, {name}, o.backlog_seconds);
  out.Add(kTest, {name}, o.failover_test_seconds);
  out.Add(kMemory, {name}, o.memory_ratio);
  out.Add(kClients, {name}, o.clients_ratio);
  out.AddState(kPersistence, {name, ""}, kPersistences, options.persistence);
  if (options.expected_sentinels > 0) out.Add(kSentinels, {name}, options.expected_sentinels);
  if (options.expected_replicas > 0) out.Add(kReplicas, {name}, options.expected_replicas);
}
