#pragma once
#include "absl/status/status.h"
#include "common/metric.h"
#include "exporters/postgres-ha/connection.h"

// What a scrape asks a server beyond the look: replication, receiver, slots, archiver, connections
// and settings, all in one round trip. What the role may not see is absent, and the status says so
// (PermissionDenied); the rest is complete.
absl::Status CollectDetails(Connection& connection, bool standby, const Deadline& deadline,
                            Samples& out);
