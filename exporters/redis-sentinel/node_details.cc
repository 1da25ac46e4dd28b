#include <array>

#include "exporters/redis-sentinel/node_eye.h"

// The health and persistence of a Redis node, by its own INFO. What a role or replication means is
// the verdict's.

namespace {

// Databases with a label of their own: as many as a server has by default.
constexpr std::size_t kMaxDatabases = 16;

const Metric kInfo("redis_sentinel_node_info", Type::kInfo, "What a Redis node is.", "flavor",
                   "version", "run_id");
const Metric kStart("redis_sentinel_node_start_timestamp_seconds", Type::kGauge,
                    "When the Redis node started, to the second.");
const Metric kRestarts("redis_sentinel_node_restarts_total", Type::kCounter,
                       "How often the node came back as a new process while it was watched.");
const Metric kEta("redis_sentinel_node_loading_remaining_seconds", Type::kGauge,
                  "How long the node expects to be loading its data; absent while it is not.");
const Metric kKeys("redis_sentinel_node_keys", Type::kGauge,
                   "Keys by database: of the first 16 that hold keys, and of all others as other.",
                   "db");
const Metric kForkSeconds("redis_sentinel_persistence_fork_seconds", Type::kGauge,
                          "How long the node stood still when it last forked to save.");
const Metric kRdbDuration("redis_sentinel_persistence_rdb_last_duration_seconds", Type::kGauge,
                          "How long the last save to RDB took; absent if there was none.");
const Metric kSyncs("redis_sentinel_node_partial_syncs_total", Type::kCounter,
                    "Requests of replicas to go on where they were, by whether they could.",
                    "result");
const Metric kErrors("redis_sentinel_node_errors_total", Type::kCounter,
                     "Errors that the node answered to commands. READONLY: clients that write to "
                     "a replica; MISCONF: writes refused because they cannot be saved.",
                     "error");

// INFO's numbers as they are.
struct NumberMetric {
  Metric<0> metric;
  Info::Number Info::*value;
};
constexpr Type kG = Type::kGauge, kC = Type::kCounter;
const NumberMetric kNumbers[] = {
    {{"redis_sentinel_node_connected_clients", kG, "Clients connected."}, &Info::connected_clients},
    {{"redis_sentinel_node_max_clients", kG, "Clients that may be connected."}, &Info::max_clients},
    {{"redis_sentinel_node_blocked_clients", kG, "Clients that wait in a blocking command."},
     &Info::blocked_clients},
    {{"redis_sentinel_node_memory_used_bytes", kG, "Memory that the node's data takes."},
     &Info::memory_used_bytes},
    {{"redis_sentinel_node_memory_max_bytes", kG, "The limit of that memory; 0: none."},
     &Info::memory_max_bytes},
    {{"redis_sentinel_node_replica_priority", kG,
      "Of replicas the one with the lowest number is promoted; 0: never."},
     &Info::replica_priority},
    {{"redis_sentinel_node_replication_offset_bytes", kG,
      "Position in the stream of replication: what the node wrote or took over."},
     &Info::offset_bytes},
    {{"redis_sentinel_node_backlog_size_bytes", kG,
      "How much of the stream is kept for replicas that were away."},
     &Info::backlog_size_bytes},
    {{"redis_sentinel_node_backlog_bytes", kG, "How much of it there is now."},
     &Info::backlog_bytes},
    {{"redis_sentinel_node_connections_total", kC, "Connections accepted."},
     &Info::connections_total},
    {{"redis_sentinel_node_rejected_connections_total", kC,
      "Connections refused because there were too many."},
     &Info::rejected_connections_total},
    {{"redis_sentinel_node_commands_total", kC, "Commands executed."}, &Info::commands_total},
    {{"redis_sentinel_node_ops_per_second", kG,
      "Commands executed per second, over the last 1.6 s of the node."},
     &Info::ops_per_second},
    {{"redis_sentinel_node_net_input_bytes_total", kC, "Bytes read from the network."},
     &Info::net_input_bytes_total},
    {{"redis_sentinel_node_net_output_bytes_total", kC, "Bytes written to the network."},
     &Info::net_output_bytes_total},
    {{"redis_sentinel_node_full_syncs_total", kC, "Copies of all data given to replicas."},
     &Info::full_syncs_total},
    {{"redis_sentinel_node_evicted_keys_total", kC, "Keys given up because memory was full."},
     &Info::evicted_keys_total},
    {{"redis_sentinel_node_expired_keys_total", kC, "Keys whose time was over."},
     &Info::expired_keys_total},
    {{"redis_sentinel_persistence_unsaved_changes", kG, "Changes since the last save to RDB."},
     &Info::unsaved_changes},
    {{"redis_sentinel_persistence_rdb_last_save_timestamp_seconds", kG,
      "When RDB was last saved; the start of the node if it never was."},
     &Info::rdb_last_save_unix},
    {{"redis_sentinel_persistence_loaded_keys", kG, "Keys that RDB held when the node started."},
     &Info::loaded_keys},
    {{"redis_sentinel_persistence_aof_rewrite_failures", kG,
      "Rewrites of the AOF that failed, in a row."},
     &Info::aof_rewrite_failures},
    {{"redis_sentinel_persistence_aof_size_bytes", kG, "Size of the AOF."}, &Info::aof_size_bytes},
    {{"redis_sentinel_persistence_aof_buffer_bytes", kG, "What is not written to the AOF yet."},
     &Info::aof_buffer_bytes},
    {{"redis_sentinel_persistence_aof_pending_fsyncs", kG, "fsyncs of the AOF that wait."},
     &Info::aof_pending_fsyncs},
    {{"redis_sentinel_persistence_aof_delayed_fsyncs_total", kC,
      "fsyncs of the AOF that came late because the disk was busy."},
     &Info::aof_delayed_fsyncs_total},
};

struct YesMetric {
  Metric<0> metric;
  Info::Yes Info::*value;
};
const YesMetric kYes[] = {
    {{"redis_sentinel_node_loading", kG, "Whether the node loads its data and refuses commands."},
     &Info::loading},
    {{"redis_sentinel_node_replica_read_only", kG,
      "Whether the node refuses writes of clients while it is a replica."},
     &Info::replica_read_only},
    {{"redis_sentinel_persistence_rdb_ok", kG, "Whether the last save to RDB worked."},
     &Info::rdb_ok},
    {{"redis_sentinel_persistence_rdb_saving", kG, "Whether RDB is being saved."},
     &Info::rdb_saving},
    {{"redis_sentinel_persistence_aof_enabled", kG, "Whether there is an append-only file."},
     &Info::aof_enabled},
    {{"redis_sentinel_persistence_aof_write_ok", kG,
      "Whether the last write to the AOF worked; if not, writes and even PING are refused."},
     &Info::aof_write_ok},
    {{"redis_sentinel_persistence_aof_rewrite_ok", kG,
      "Whether the last rewrite of the AOF worked."},
     &Info::aof_rewrite_ok},
    {{"redis_sentinel_persistence_aof_rewriting", kG, "Whether the AOF is being rewritten."},
     &Info::aof_rewriting},
};

// Those that tell of failovers, persistence, memory and rights; clients make up others.
constexpr std::array<std::string_view, 10> kErrorKinds = {
    "LOADING", "MASTERDOWN", "MISCONF",  "NOAUTH",   "NOPERM",
    "NOREPLICAS", "OOM",     "READONLY", "WRONGPASS", "ERR"};

void ShowErrors(const std::map<std::string, long long>& errors, Samples& out) {
  double other = 0;
  for (auto& [word, count] : errors) other += static_cast<double>(count);
  for (auto kind : kErrorKinds) {
    auto found = errors.find(std::string(kind));
    double count = found == errors.end() ? 0 : static_cast<double>(found->second);
    out.Add(kErrors, {kind}, count);
    other -= count;
  }
  out.Add(kErrors, {"other"}, other);
}

// Database 0 is the one that nearly all use: that it is empty must be seen.
void ShowKeys(const std::vector<Database>& databases, Samples& out) {
  if (databases.empty() || databases[0].number != 0) out.Add(kKeys, {"0"}, 0);
  double other = 0;
  for (std::size_t i = 0; i < databases.size(); ++i) {
    double keys = static_cast<double>(databases[i].keys);
    if (i < kMaxDatabases) out.Add(kKeys, {std::to_string(databases[i].number)}, keys);
    else other += keys;
  }
  if (databases.size() > kMaxDatabases) out.Add(kKeys, {"other"}, other);
}

void ShowDurations(const Info& info, Samples& out) {
  if (info.loading_eta) out.Add(kEta, static_cast<double>(info.loading_eta->count()));
  if (info.rdb_last_duration)
    out.Add(kRdbDuration, static_cast<double>(info.rdb_last_duration->count()));
  if (info.fork_microseconds)
    out.Add(kForkSeconds, static_cast<double>(*info.fork_microseconds) / 1e6);
}

}  // namespace

void ShowRestarts(double restarts, Samples& out) { out.Add(kRestarts, restarts); }

void ShowNode(const Info& info, std::optional<double> start_unix_seconds, Samples& out) {
  out.Add(kInfo, {info.flavor, info.version, info.run_id}, 1);
  if (start_unix_seconds) out.Add(kStart, *start_unix_seconds);
  for (auto& [metric, value] : kNumbers)
    if (info.*value) out.Add(metric, static_cast<double>(*(info.*value)));
  for (auto& [metric, value] : kYes)
    if (info.*value) out.Add(metric, *(info.*value));
  ShowDurations(info, out);
  if (info.partial_syncs_total)
    out.Add(kSyncs, {"accepted"}, static_cast<double>(*info.partial_syncs_total));
  if (info.refused_partial_syncs_total)
    out.Add(kSyncs, {"refused"}, static_cast<double>(*info.refused_partial_syncs_total));
  if (info.errors_total) ShowErrors(*info.errors_total, out);
  if (info.databases) ShowKeys(*info.databases, out);
}
