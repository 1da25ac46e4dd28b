#pragma once
#include <optional>
#include <string>

#include "common/service.h"
#include "exporters/postgres-ha/incidents.h"
#include "exporters/postgres-ha/loss.h"

// The loss of the last failover or incident. It is told as well as it is known, again and again until
// the position where the histories part is exact.
class OpenLoss {
 public:
  struct Case {
    FormerLeader departure;
    int ended_timeline = 0;
    std::string site;       // whose Patroni will tell where it ended
    bool failover = false;  // it is that of the last failover
    std::string incident;   // and of the last incident of this kind, if not ""
    Instant until;          // so long it may become more exact
  };
  void Begin(Case open) { open_ = std::move(open); }
  void Forget() { open_.reset(); }
  void Expire(Instant now);
  // Whether the site's Patroni has not yet told where its timeline ended.
  bool WantsHistory(const std::string& site) const { return open_ && open_->site == site; }
  // Says what is known now.
  void Tell(const TimelineEnds& ends, Service& service, Incidents& incidents);

 private:
  std::optional<Case> open_;
};
