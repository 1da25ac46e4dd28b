#pragma once
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "exporters/postgres-ha/evidence.h"

// The answer of GET /config, of Patroni 3 and 4: the dynamic configuration of the whole scope. Of a
// key that is not set (or null) it is Patroni's own default that is in force, and returned: ttl 30
// s, loop_wait 10 s, retry_timeout 10 s, maximum_lag_on_failover 1 MiB, no synchronous mode.
// Numbers and switches are taken as text too, as Patroni does; synchronous_mode "quorum" (Patroni
// 4) is one. Absent is what is set to something that we cannot read. A standby_cluster counts only
// with a host, a port or a restore_command, as in Patroni. DataLoss when it is not such an answer.
absl::StatusOr<PatroniConfig> ParsePatroniConfig(std::string_view body);

// The answer of GET /patroni: when this Patroni last reached its store, in unix seconds. Absent
// when it does not say, or never did. DataLoss when it is not such an answer.
absl::StatusOr<std::optional<double>> ParseLastSeen(std::string_view body);
