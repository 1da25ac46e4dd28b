#pragma once
#include <optional>
#include <string>

#include "exporters/postgres-ha/loss.h"

// What the verdict on a data set remembers of its leaders: who leads, who took over from whom, what
// that cost. DataSet's part that turns writable looks into it is succession.cc.

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
// A loss whose positions may still become exact.
struct Counted {
  Departure departure;
  int ended_timeline = 0;
  std::string site;      // whose Patroni will tell
  bool failover = false; // of the last failover
  std::string incident;  // and of the last one of this kind, if not ""
  Instant until;
};
