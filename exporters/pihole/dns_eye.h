#pragma once
#include <map>
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/pihole/config.h"
#include "exporters/pihole/verdict.h"

// The eye on one Pi-hole over DNS: the probes that are due, asked together, so that a silent server
// costs one timeout and not one for each. Every 15 s, or as each probe says; in the first five
// minutes of a failure every second, all of them; then as before. The CHAOS counters come along
// every interval while the server answers.
class DnsEye : public Collector {
 public:
  DnsEye(std::shared_ptr<PiholesBoard> board, PiholeOptions pihole,
         std::vector<ProbeOptions> probes, Duration interval);
  Next Look(const Deadline& deadline) override;

 private:
  std::vector<ProbeOptions> Due(Instant now) const;

  const std::shared_ptr<PiholesBoard> board_;
  const PiholeOptions pihole_;
  const std::vector<ProbeOptions> probes_;
  const Duration interval_;
  const std::string eye_;
  std::map<std::string, Instant> asked_;   // by probe
  std::optional<Instant> failing_since_;   // a probe, none passed since
};
