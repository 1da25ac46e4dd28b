#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/service.h"
#include "exporters/pihole/api_facts.h"
#include "exporters/pihole/cache_facts.h"
#include "exporters/pihole/config.h"
#include "exporters/pihole/dns_facts.h"
#include "exporters/pihole/drift_facts.h"
#include "exporters/pihole/evidence.h"

// The judgement on the Pi-holes: service dns. For each of them (scope = its name) up means that it
// resolves and blocks: its mandatory probes passed, an ad among them. For scope "all" it means that
// at least one does: an outage of that is what every client feels. Nobody holds a role here.
//
// Questions that never leave this host (no route, a name that is not found) are a failure of their
// Pi-hole as long as those to others do leave. If none does it is our own network that is down:
// such looks prove nothing, and nothing is known.
//
// The API never decides that. It tells why (see StateOf), and details, which are shown as long as
// they are fresh: three intervals after the last good answer a detail is gone, not repeated.
class Piholes {
 public:
  using Evidence = PiholeEvidence;
  explicit Piholes(PiholesOptions options);
  void Configure(PiholesOptions options);  // a reload; what is known stays known

  void Step(const PiholeEvidence& evidence, const Now& now);
  void Show(const Now& now, Samples& out) const;
  Pace pace() const { return troubled_ ? Pace::kFast : Pace::kCalm; }
  int targets_revision() const { return targets_revision_; }
  int facts_revision() const;
  // Outages, seats (SIDs: the file is for the owner only), and the name of this installation.
  std::string Facts(const Now& now) const;
  absl::Status Restore(const std::string& facts, const Now& now);
  std::vector<Headline> Headlines(const Now& now) const;
  std::vector<Story> Stories() const;

  const PiholesOptions& options() const { return options_; }
  // Kept from before, for the URL of its API: no other host is to see it. "" = none.
  std::string sid(const std::string& pihole) const;
  std::map<std::string, std::shared_ptr<const ConfigItems>> compared_with(
      const std::string& pihole, Instant now) const {
    return drift_.ComparedWith(pihole, options_.drift.reference, now);
  }
  // "sentinel-pihole-exporter/0.1.0 (qkzv...)": the same as long as the state directory is; without
  // one, as the machine and the address that it listens on.
  std::string user_agent() const;

 private:
  struct Watched {
    Service service;
    DnsFacts dns;
    ApiFacts api;
    CacheFacts cache;  // by both
    bool unsent = false;  // all of the last look
    std::optional<PiholeState> state;  // at the last step
    double state_since_unix_seconds = 0;
  };
  Watched* Find(const std::string& pihole);
  std::optional<PiholeState> StateOfWatched(const Watched& watched, Instant now) const;
  void Step(const PiholeEvidence& evidence, const DnsLook& look, Watched& watched, const Now& now);
  void NoteState(Watched& watched, const Now& now);
  // The look as it counts: our own fault, when no question to any of them leaves this host.
  DnsLook Judged(const DnsLook& look, Watched& watched, const Now& now);
  std::vector<const Service*> Services() const;

  PiholesOptions options_;
  std::map<std::string, Watched> piholes_;
  Service all_;
  Sweep sweep_;                               // over all Pi-holes
  DriftFacts drift_;
  std::string installation_;                  // kept over restarts
  bool saved_ = false;                        // installation_ is on its way to the disk
  struct Seat { std::string url, sid; };
  std::map<std::string, Seat> seats_;         // by Pi-hole
  bool troubled_ = false;                     // one of them has begun to fail
  int targets_revision_ = 0, own_facts_revision_ = 0;
};

using PiholesBoard = Board<Piholes>;
