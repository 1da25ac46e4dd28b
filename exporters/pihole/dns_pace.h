#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exporters/pihole/config.h"
#include "exporters/pihole/evidence.h"

// When a Pi-hole is asked what over DNS: a fold over the looks, at times of the caller's.
//
// While all is well the looks are intervals.dns apart, and each asks the probes that are due. When
// a probe that decides begins to fail they are a second apart for five minutes, or until it passes
// again. Each such probe has five minutes of its own: one that fails for good (no upstream, ever)
// costs nothing more after them, and does not hide the failure of another.

// Whether it tells how the Pi-hole is: it is mandatory, for an ad, or for what no cache has. The
// others (names of its own, TCP) tell details.
bool Decides(const ProbeOptions& probe);
// Since when it fails, given that before, and how it ended at `at`.
std::optional<Instant> FailingSince(std::optional<Instant> before, ProbeOutcome outcome,
                                    Instant at);
// Whether looks have to hurry for its sake.
bool Hurries(const ProbeOptions& probe, const std::optional<Instant>& failing_since, Instant now);

class DnsPace {
 public:
  DnsPace(const std::vector<ProbeOptions>& probes, const PollIntervals& intervals);

  // What a look that begins now asks: what is mandatory, and what was not asked for its interval.
  // While one that decides fails, the others over UDP come along: they tell why. But of a silent
  // Pi-hole nothing more is asked than what decides, lest the questions that it then has to answer
  // all at once exceed its rate limit (1000 a minute for each client).
  std::vector<const ProbeOptions*> Due(Instant now) const;
  // Whether the CHAOS counters come along: at their interval, while it answers.
  bool CountersDue(Instant now) const;
  void Looked(const DnsLook& look, bool counters, Instant begin);
  // From the begin of a look to that of the next.
  Duration Pause(Instant now) const;

 private:
  struct Asked {
    Instant at;
    std::optional<Instant> failing_since;
  };
  bool Failing() const;

  const std::vector<ProbeOptions> probes_;
  const Duration interval_, counters_interval_;
  std::map<std::string, Asked> asked_;  // by probe
  std::optional<Instant> counters_asked_;
  bool answered_ = false;  // the last look
};
