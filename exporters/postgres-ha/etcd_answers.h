#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "exporters/postgres-ha/evidence.h"

// What etcd answers through its JSON gateway (etcd 3.4 and later). It leaves out fields that are 0,
// writes 64-bit integers as strings, keys and values as base64. Errors everywhere: DataLoss when it
// is not such an answer; what the server says of an error of its own as PermissionDenied,
// Unauthenticated, OutOfRange (the revision is compacted) or Unavailable.

// The answer to POST /v3/maintenance/status. Alarms (no space, corruption) stand in it as errors,
// so that asking for them costs no entry in the log of etcd.
absl::StatusOr<EtcdLook> ParseEtcdStatus(std::string_view body);

// The answer to GET /health.
absl::StatusOr<bool> ParseEtcdHealth(std::string_view body);

// The token in the answer to POST /v3/auth/authenticate.
absl::StatusOr<std::string> ParseEtcdToken(std::string_view body);

// The error in an answer whose HTTP code is not 200: {"error": "etcdserver: no leader", "code":
// 14}.
absl::Status EtcdError(int http_code, std::string_view body);

// What the keys of a scope say, or how they changed. Of the keys below `prefix` leader, failover
// and history count; a history that cannot be read is left out.
struct EtcdKeys {
  long long oldest = 0, newest = 0;  // revision of the first and the last change in it
  std::vector<DcsLook> looks;        // in the order of the changes
};
// The answer to POST /v3/kv/range: kConnected with the holder of the lock, then a request that is
// waiting, then the history. `newest` is etcd's revision.
absl::StatusOr<EtcdKeys> ParseEtcdRange(std::string_view body, std::string_view prefix,
                                        const Now& now);
// A line of POST /v3/watch. One that only says that the watch is there has no looks and no
// revision.
absl::StatusOr<EtcdKeys> ParseEtcdWatch(std::string_view line, std::string_view prefix,
                                        const Now& now);
// The mod_revision of the only key in an answer to POST /v3/kv/range; 0 if the key is not there.
absl::StatusOr<long long> ParseEtcdRevision(std::string_view body);
