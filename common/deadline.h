#pragma once
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <chrono>

// The clock of every measurement: monotonic, and it goes on while the machine sleeps
// (CLOCK_BOOTTIME), so that a suspend widens an interval instead of vanishing from it.
struct Clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept {
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return time_point(std::chrono::seconds(t.tv_sec) + duration(t.tv_nsec));
  }
};
using Instant = Clock::time_point;
using Duration = Clock::duration;

// Seconds, the unit of everything that is exported.
inline double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
inline Duration FromSeconds(double s) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

// One reading of both clocks: durations come from `at`, timestamps from `unix_seconds`.
struct Now {
  Instant at;
  double unix_seconds = 0;
  static Now Read() {
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    return {Clock::now(), static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec)};
  }
  // The wall-clock time of another instant, as the wall clock stands now.
  double Unix(Instant t) const { return unix_seconds - Seconds(at - t); }
  Instant AtUnix(double unix) const { return at - FromSeconds(unix_seconds - unix); }
};

// The moment by which a piece of work must be over. Every call to a target takes one, and waits
// for the network only through Wait(): that is what makes a promise of it.
class Deadline {
 public:
  explicit Deadline(Instant at) : at_(at) {}
  static Deadline In(Duration d) { return Deadline(Clock::now() + d); }

  Instant at() const { return at_; }
  bool Over() const { return Clock::now() >= at_; }
  // Time left, rounded up to a millisecond (so that nobody spins); 0 when over.
  std::chrono::milliseconds Left() const {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now());
    return std::max(left, std::chrono::milliseconds(0));
  }
  // The earlier of this deadline and `d` from now.
  Deadline AtMost(Duration d) const { return Deadline(std::min(at_, Clock::now() + d)); }
  // Waits for poll(2) `events` on `fd` and returns those that came; 0 when the deadline came first.
  int Wait(int fd, short events) const {
    while (true) {
      pollfd p{fd, events, 0};
      int n = poll(&p, 1, static_cast<int>(std::min<long>(Left().count(), 3'600'000)));
      if (n > 0) return p.revents;
      if (Over()) return 0;
    }
  }

 private:
  Instant at_;
};
