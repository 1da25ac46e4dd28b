#pragma once
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "exporters/postgres-ha/evidence.h"

// The answer of GET /cluster, of Patroni 3 and 4. Members without a usable name are left out, at most
// 64 are taken. DataLoss when it is not such an answer.
absl::StatusOr<PatroniLook> ParseCluster(std::string_view body);

// "http://10.0.0.1:8008/patroni" as "10.0.0.1:8008", with the scheme's port where none is given.
std::string HostPortOf(std::string_view url);
