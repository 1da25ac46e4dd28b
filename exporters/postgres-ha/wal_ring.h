#pragma once
#include <deque>
#include <optional>
#include <utility>

#include "common/deadline.h"

// Where a primary's WAL was, and when: the clock against which a standby's lag is read. It needs no
// heartbeat table and no clocks in step, and stays right when nothing is written or the link is dead.
// Thinned to one sample a second after a minute and one in ten seconds after ten minutes, so that
// hours fit in 64 kB.
class WalRing {
 public:
  // The primary's position (bytes) was `position` at `at`. Samples come in the order of time. A
  // position below the last one is of a new primary that never got the rest: what lies beyond it
  // belongs to an abandoned history and is dropped.
  void Add(Instant at, long long position);
  // Nobody wrote until `at`: the next sample's bytes are younger than that.
  void Rest(Instant at);

  // How long what the standby has replayed up to `position` had been outdated at `at`: 0 when it had
  // everything; else the time since the first byte it lacks was written, interpolated between two
  // samples. When that byte is older than the ring the result is the least it can be. Absent without
  // samples.
  std::optional<double> LagSeconds(long long position, Instant at) const;

  // The least that had been written at `at`. Absent when the ring does not reach back to it.
  std::optional<long long> PositionAt(Instant at) const;
  // Between which two samples the first byte beyond `position` was written; absent when it was not.
  // With the first sample, if that was beyond it already: BeginsBeyond.
  using Between = std::pair<Instant, Instant>;
  std::optional<Between> Passed(long long position) const;
  bool BeginsBeyond(long long position) const;
  // Between which two samples the last byte was written; absent when no sample saw it move.
  std::optional<Between> LastAdvance() const;
  // Whether the last sample still saw it move.
  bool WritesUntilLast() const;
  // How fast it moved over the last seconds, and at most, as far as the samples tell.
  double BytesPerSecond() const;
  double BusiestBytesPerSecond() const;  // of the last minute
  // Bytes beyond `position` that were never written, as far as samples show: a promotion, and a
  // switch to the next file, leave the rest of a file empty.
  long long EmptyBeyond(long long position) const;

  std::optional<long long> last_position() const;
  std::size_t size() const { return samples_.size(); }

 private:
  struct Sample {
    Instant at;
    long long position;
  };
  static long long Empty(const Sample& from, const Sample& to);  // bytes
  static double Pace(const Sample& from, const Sample& to);      // bytes per second
  void Thin(Instant now);
  std::deque<Sample> samples_;
  Instant thinned_ = Instant();
};
