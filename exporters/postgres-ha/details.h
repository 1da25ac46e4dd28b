#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "common/metric.h"
#include "exporters/postgres-ha/connection.h"

// What a scrape asks a server beyond the look: replication, receiver, slots, archiver, connections
// and settings. One round trip for Connection::Run, in two groups: what every role may read, and the
// views.
std::vector<std::vector<Statement>> DetailStatements(bool standby);

// Shows the answers to DetailStatements(standby), in the same order. What failed, or what the role may
// not see (PermissionDenied), is absent, and the status says why; the rest is complete.
absl::Status ShowDetails(const std::vector<absl::StatusOr<Rows>>& answers, bool standby,
                         Samples& out);
