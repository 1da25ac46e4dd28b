#pragma once
#include <deque>
#include <optional>

#include "common/deadline.h"

// How far another machine's clock is from ours, by asking it for the time (Cristian's algorithm).
// The answer was made at some time between sending and receiving; taken to be in the middle,
//   offset = its clock - (ours when sent + ours when received) / 2
// is wrong by half of what the exchange took at most. So of the last exchanges the shortest one
// counts, as in NTP's clock filter (RFC 5905, section 10).
class ClockOffset {
 public:
  // An exchange: the other clock as it was told, and both of ours.
  void Add(double server_unix_seconds, const Now& sent, const Now& received);
  // Seconds; positive when the other clock is ahead. By the shortest of the last 16 exchanges, if
  // they are of the last minute: older ones know nothing of a clock that drifts.
  std::optional<double> seconds() const;
  void Forget() { exchanges_.clear(); }

 private:
  struct Exchange {
    Instant received;
    Duration took;
    double offset_seconds;
  };
  std::deque<Exchange> exchanges_;
};
