#pragma once
#include <optional>
#include <string>
#include <vector>

// One look at a Patroni by REST.
struct PatroniMember {
  std::string name, role, state, host, api_url;
  int port = 0;
  std::optional<int> timeline;
  bool pending_restart = false;
  bool nofailover = false;         // tagged so: no candidate
};
// A line of /history: `leader` ("" where the line does not say) began a new timeline.
struct Promotion {
  int ended_timeline = 0;          // the new one is the next number
  long long switch_position = 0;   // bytes of WAL at which the old one ended
  std::optional<double> unix_seconds;
  std::string leader;
};
// What is in force by /config; absent what could not be read.
struct PatroniConfig {
  std::optional<double> ttl_seconds, loop_wait_seconds, retry_timeout_seconds;
  std::optional<long long> maximum_lag_on_failover_bytes;
  std::optional<bool> synchronous_mode, standby_cluster;
};
struct PatroniLook {
  bool alive = false;              // /liveness or /cluster answered
  bool has_cluster = false;        // /cluster answered: members, paused and scheduled are known
  std::string asked;               // host:port of the URL that was asked
  std::vector<PatroniMember> members;
  bool paused = false;
  std::optional<double> scheduled_switchover_unix_seconds;
  // Asked now and then only.
  std::optional<std::vector<Promotion>> history;       // oldest first
  std::optional<PatroniConfig> config;
  std::optional<double> dcs_last_seen_unix_seconds;    // by the Patroni that was asked
};
