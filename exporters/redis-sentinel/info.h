#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/net.h"

// The answer to INFO, of a Redis node or of a Sentinel: what we use of it, from Redis 7.0 and 8.0
// and Valkey 8.1 (https://redis.io/docs/latest/commands/info/). Older versions lack fields.
//
// A field is absent when the answer does not have it (another role, another version, another
// section asked for), when it is garbled, and when it is negative, which is how Redis says that
// there is no such thing: second_repl_offset of a node that was never promoted, seconds since
// something that never happened. Of a field that comes twice the first counts.

// A replica as its master sees it: "slave0:ip=10.0.0.2,port=6379,state=online,offset=7805,lag=1".
struct AttachedReplica {
  HostPort address;              // as it announces itself
  long long offset_bytes = 0;    // acknowledged
  std::optional<long long> lag_seconds;  // since it last acknowledged
};

// "db0:keys=3,expires=1,avg_ttl=0": what we use of it
struct Database {
  int number = 0;
  long long keys = 0;
};

enum class Role { kMaster, kReplica };

struct Info {
  using Number = std::optional<long long>;
  using Seconds = std::optional<std::chrono::seconds>;
  using Yes = std::optional<bool>;

  // Server
  std::string flavor;   // "redis", or as the server calls itself: "valkey"
  std::string version;  // of that flavor, "" if it does not say
  std::string run_id;   // 40 hexadecimal digits, or ""; another after each restart
  Seconds uptime;
  // Clients
  Number connected_clients, max_clients, blocked_clients;
  // Memory
  Number memory_used_bytes, memory_max_bytes;  // max: 0 is no limit
  // Persistence. *_ok: the server said "ok"; other words than "ok" and "err" are garbled.
  Yes loading;        // answers INFO, and no command that needs data
  Yes async_loading;  // serves the old data while it loads
  Seconds loading_eta;
  Number unsaved_changes;        // rdb_changes_since_last_save
  Number rdb_last_save_unix;     // seconds; of the start, if it never saved
  Yes rdb_ok;                    // rdb_last_bgsave_status
  Seconds rdb_last_duration;     // absent: it never saved
  Yes rdb_saving;
  Number loaded_keys;            // rdb_last_load_keys_loaded
  Yes aof_enabled, aof_rewriting;
  Yes aof_write_ok;              // false: writes and even PING are refused with MISCONF
  Yes aof_rewrite_ok;
  Number aof_rewrite_failures;   // in a row
  Number aof_size_bytes, aof_buffer_bytes, aof_pending_fsyncs, aof_delayed_fsyncs_total;
  // Stats
  Number connections_total, rejected_connections_total, commands_total, ops_per_second;
  Number net_input_bytes_total, net_output_bytes_total;
  Number full_syncs_total, partial_syncs_total, refused_partial_syncs_total;
  Number evicted_keys_total, expired_keys_total, fork_microseconds;
  // Replication
  std::optional<Role> role;  // says what the node believes, not that it can be written
  std::string replication_id, second_replication_id;  // 40 hexadecimal digits; second: "" if none
  Number offset_bytes;         // master_repl_offset: what it has written or taken over
  Number second_offset_bytes;  // of second_replication_id it has all below this one
  Number backlog_size_bytes, backlog_bytes;
  Number connected_replicas;
  // The slaveN lines; none if one of them cannot be read.
  std::optional<std::vector<AttachedReplica>> replicas;
  // Of a replica:
  std::optional<HostPort> master;
  Yes link_up;
  Seconds last_io, link_down;    // since; last_io is absent while the link is down
  Yes sync_in_progress;
  Number replica_priority;       // 0: never to be promoted
  Yes replica_read_only;
  // Errorstats: replies with an error by their first word. Absent below Redis 6.2.
  std::optional<std::map<std::string, long long>> errors_total;
  // Keyspace: databases that hold keys. Absent if not asked for, or if one cannot be read: no
  // database must look empty that is not.
  std::optional<std::vector<Database>> databases;
  // Sentinel
  Number monitored_masters, running_scripts, queued_scripts, simulated_failures;
  Yes tilt;
  Seconds tilt_for;  // absent: not in TILT, or below Redis 7.0
};

// DataLoss when nothing in `text` is known to us; its size is the caller's to bound. At most 1,024
// replicas, databases and kinds of errors are read: with more of one, that one is absent.
absl::StatusOr<Info> ParseInfo(std::string_view text);
