#pragma once
#include <string>

#include "exporters/pihole/api_client.h"
#include "exporters/pihole/config.h"

// The one request of a poll of version 5, with its token. It complains of requests to a name that it
// does not know: the Host is pi.hole unless configured.
class LegacyPoll {
 public:
  LegacyPoll(ApiClient& client, const ApiOptions& options, Duration interval);
  // Fills `snapshot`; else the error, and client.state() says which.
  absl::Status Poll(const Deadline& deadline, ApiSnapshot& snapshot);
  // Whether it is version 5 that answers there.
  absl::StatusOr<bool> IsThere(const Deadline& deadline);

 private:
  absl::StatusOr<std::string> Token() const;

  ApiClient& client_;
  const ApiOptions options_;
  const std::string host_;
  const Duration interval_;
};
