#pragma once
#include <optional>
#include <string>

#include "common/metric.h"
#include "exporters/pihole/api_snapshot.h"
#include "exporters/pihole/chaos.h"

// The cache of one Pi-hole: pihole_dns_cache_size, _inserted_total, _evicted_total. By its API, and
// while that does not tell (off, dead, denied) by the CHAOS counters, which are the same numbers. Of
// both only what was told last is shown, for three intervals: a counter never goes back because
// another source spoke.
class CacheFacts {
 public:
  void Step(const Part<ReplyCounters>& api);
  // `api`: what it told last.
  void Step(const ChaosCounters& chaos, Instant end, Duration interval,
            const Part<ReplyCounters>& api);
  void Show(const std::string& pihole, const Now& now, Samples& out) const;

 private:
  struct Counters {
    std::optional<double> size, inserted, evicted;
  };
  Counters last_;
  std::optional<Instant> told_;
  Duration interval_{};
};
