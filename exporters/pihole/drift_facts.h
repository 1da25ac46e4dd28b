#pragma once
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "common/metric.h"
#include "exporters/pihole/api_snapshot.h"

// What the Pi-holes should have in common and have not, over time: each is compared, component by
// component, with the reference. What cannot be compared now (the answer of one of both is missing
// or older than three intervals) is absent, never 0. The reference has no drift of its own.
class DriftFacts {
 public:
  // The newest configuration that `pihole` told (ApiSnapshot::config), after each look at its API.
  void Step(const std::string& pihole, const Part<ConfigItems>& config,
            const std::string& reference, const Now& now);
  // pihole_config_fingerprint, _items, _check_timestamp_seconds for each of `piholes`;
  // pihole_config_drift_items, and _drift_since_timestamp_seconds while they differ.
  void Show(const std::vector<std::string>& piholes, const std::string& reference, const Now& now,
            Samples& out) const;

 private:
  const ConfigItems* Fresh(const std::string& pihole, Instant now) const;

  std::map<std::string, Part<ConfigItems>> configs_;  // by Pi-hole
  // By reference, Pi-hole and component: when the difference was first seen.
  std::map<std::tuple<std::string, std::string, std::string>, double> since_unix_seconds_;
};
