#pragma once
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "exporters/postgres-ha/evidence.h"

// The answer of GET /cluster, of Patroni 3 and 4. Members without a usable name are left out, at
// most 64 are taken. Roles are leader, standby_leader, sync_standby, quorum_standby or replica; the
// state of what runs is "running" in Patroni 3.0.2, later "streaming" or "in archive recovery" for
// a standby that does so. A switchover whose time cannot be read is not scheduled. DataLoss when it
// is not such an answer.
absl::StatusOr<PatroniLook> ParseCluster(std::string_view body);

// "http://10.0.0.1:8008/patroni" as "10.0.0.1:8008", with the scheme's port where none is given.
std::string HostPortOf(std::string_view url);
