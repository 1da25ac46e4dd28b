#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/scrape.h"
#include "exporters/pihole/config.h"
#include "exporters/pihole/verdict.h"

// The eye on one Pi-hole over DNS: the probes that are due, asked together, so that a silent server
// costs one timeout and not one for each. Mandatory ones go with every look, every 15 s; in the
// first five minutes of a failure every second, and then all that go over UDP and those that
// failed. The CHAOS counters come along at their interval while the server answers.
class DnsEye : public Collector {
 public:
  DnsEye(std::shared_ptr<PiholesBoard> board, PiholeOptions pihole, const PiholesOptions& all);
  Next Look(const Deadline& deadline) override;

 private:
  struct Asked {
    Instant at;
    bool failed = false;
  };
  bool Due(const ProbeOptions& probe, Instant now) const;
  bool Hurried(Instant now) const;
  DnsLook Ask(const std::vector<const ProbeOptions*>& due, Instant now);
  void AskUdp(const std::vector<const ProbeOptions*>& due, Instant now, DnsLook& look);
  void Note(const DnsLook& look, Instant now);

  const std::shared_ptr<PiholesBoard> board_;
  const PiholeOptions pihole_;
  const std::vector<ProbeOptions> probes_;
  const Duration interval_, chaos_interval_;
  const std::string eye_;
  std::map<std::string, Asked> asked_;    // by probe
  std::optional<Instant> chaos_asked_;
  bool answered_ = false;                 // the last look
  std::optional<Instant> failing_since_;  // a probe, and none of its kind passed since
};

// Target::look_deadline of such an eye: over UDP and then over TCP, each as long as its slowest
// probe may take.
Duration DnsLookDeadline(const std::vector<ProbeOptions>& probes);
