#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/scrape.h"
#include "exporters/pihole/config.h"
#include "exporters/pihole/dns_pace.h"
#include "exporters/pihole/verdict.h"

// The eye on one Pi-hole over DNS: what is due (dns_pace.h), asked together, so that a silent one
// costs one timeout and not one for each. Over TCP it asks after UDP, and only one that answered
// that: who says nothing at all is not waited for twice.
//
// A stale answer is no failure yet. A Pi-hole gives the first who asks for an expired name what it
// has, and only then asks upstream (dnsmasq's use-stale-cache, Pi-hole's dns.cache.optimizer). So
// within the look it is asked again, after a quarter of a second and 0.75 s after that: a name that
// is still stale then has no upstream. If the question that no cache can answer fails in the same
// look that is known already. Twice, because a name may be kept for a second only.
class DnsEye : public Collector {
 public:
  DnsEye(std::shared_ptr<PiholesBoard> board, PiholeOptions pihole, const PiholesOptions& all);
  Next Look(const Deadline& deadline) override;

  // The inside of a look: asks what is due at `now`, as if it were that time.
  DnsLook Ask(const Deadline& deadline, Instant now);
  // From the begin of the last look to that of the next, as things stand at `now`.
  Duration Pause(Instant now) const { return pace_.Pause(now); }

 private:
  using Probes = std::vector<const ProbeOptions*>;
  // Adds what comes of them, and of the counters, to `look`; says why if nothing is answered.
  absl::Status AskAll(const Probes& probes, DnsTransport transport, bool counters,
                      const Deadline& deadline, DnsLook& look) const;
  // Those of the look that were stale; until none is.
  void AskStaleAgain(const Probes& probes, const Deadline& deadline, DnsLook& look) const;
  std::vector<DnsOutcome> Send(const std::vector<DnsQuery>& queries, DnsTransport transport,
                               const Deadline& deadline) const;

  const std::shared_ptr<PiholesBoard> board_;
  const PiholeOptions pihole_;
  const Duration udp_timeout_, tcp_timeout_;  // of the slowest probe
  const std::string eye_;
  DnsPace pace_;
};

// Target::look_deadline of such an eye: over UDP and then over TCP, each as long as its slowest
// probe may take, and once more for what was stale.
Duration DnsLookDeadline(const std::vector<ProbeOptions>& probes);
