#pragma once
#include <optional>

#include "common/deadline.h"

// What the verdict on a data set remembers of the leader, and of a member before it judges a look.

// Who leads, and since when as whom.
struct Tenure {
  bool seen = false;  // by this process
  Instant since = Instant();
  double start_unix_seconds = 0;
  int timeline = 0;
};

// What was known of a member before the look that is being judged.
struct Before {
  Instant begin;
  bool goodbye, writable;
  std::optional<long long> position, replayed;  // of a standby: received or replayed, and replayed
};
