#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/metric.h"
#include "common/outage.h"
#include "exporters/pihole/evidence.h"

// What one Pi-hole answered over DNS, over time, and the metrics of it: pihole_dns_up,
// pihole_probe_*, and from the CHAOS counters pihole_upstream_sent_total, _failed_total,
// pihole_dns_cache_hits_total, _misses_total.
//
// An outcome is known for three of its probe's intervals. One that was our own fault changes
// nothing.
class DnsFacts {
 public:
  void Configure(const std::vector<ProbeOptions>& probes, Duration chaos_interval);
  void Step(const DnsLook& look, Instant begin, Instant end, const Now& now);
  // What was unsent was our own fault: then the outcome is not known.
  void ForgetUnsent();
  void Show(const std::string& pihole, const Now& now, Samples& out) const;

  // Whether the look proves that the Pi-hole resolves and blocks: all mandatory probes passed. One
  // that was not asked (TCP, while it is silent) leaves it to the others to have failed.
  Result Filters(const DnsLook& look) const;
  // The parts of StateFacts that DNS tells.
  StateFacts Known(Instant now) const;
  // Whether a probe fails for whose sake looks hurry (dns_pace.h).
  bool Hurries(Instant now) const;
  // Begin of the first of the last looks, in a row, that got no answer at all.
  std::optional<Instant> silent_since() const { return silent_since_; }

 private:
  struct Seen {
    std::optional<ProbeSeen> last;
    Instant end = Instant();
    std::optional<double> passed_unix_seconds;
    std::optional<Instant> failing_since;
    std::map<std::string_view, double> failures;  // by reason
  };
  struct Probe {
    ProbeOptions options;
    Seen seen;
  };
  bool Fresh(const Probe& probe, Instant now) const;
  void ShowChaos(const std::string& pihole, const Now& now, Samples& out) const;

  std::vector<Probe> probes_;
  bool answered_ = false, useful_ = false;  // in the last look: see StateFacts
  std::optional<Instant> silent_since_;
  double sent_udp_ = 0, sent_tcp_ = 0;
  Duration chaos_interval_{};
  std::optional<ChaosCounters> chaos_;
  Instant chaos_end_ = Instant();
};
