#pragma once
#include <map>
#include <string>

#include "common/deadline.h"
#include "common/metric.h"
#include "exporters/postgres-ha/members.h"

// What the canaries and heartbeats of a data set met.
class CanaryFacts {
 public:
  void Step(const MemberId& member, const CanaryLook& look, Instant end);
  void Step(const MemberId& member, const HeartbeatLook& look, Instant end);
  // Only of members that answer by SQL: of the others it is known already that they do not.
  void Show(const DataSetOptions& options, const Members& members, const Roles& roles,
            const Now& now, Samples& out) const;

 private:
  struct Seen {
    CanaryLook canary;
    Instant canary_end = Instant();
    HeartbeatLook heartbeat;
    Instant heartbeat_end = Instant();
    std::optional<Instant> committed;
    double heartbeats_failed = 0;
  };
  std::map<MemberId, Seen> seen_;
};
