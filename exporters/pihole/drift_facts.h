#pragma once
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "common/metric.h"
#include "exporters/pihole/api_snapshot.h"
#include "exporters/pihole/config.h"

// What the Pi-holes should have in common and have not, over time: each is compared, component by
// component, with the reference. What cannot be compared now (the answer of one of both is missing
// or older than three intervals) is absent, never 0. The reference has no drift of its own. When
// the settings were last read goes on being said, and stands still, when they cannot be.
//
// Since when they differ survives a restart; whether they were equal while nobody looked is not
// known, and not assumed.
class DriftFacts {
 public:
  // Forgets all Pi-holes but these, and the components that are not compared.
  void Keep(const std::set<std::string>& piholes, const DriftOptions& options);
  // The newest configuration that `pihole` told (ApiSnapshot::config), after each look at its API.
  void Step(const std::string& pihole, const Part<ConfigItems>& config,
            const std::string& reference, const Now& now);
  // pihole_config_fingerprint, _items, _check_timestamp_seconds for each of `piholes`;
  // pihole_config_drift_items, and _drift_since_timestamp_seconds while they differ.
  void Show(const std::vector<std::string>& piholes, const std::string& reference, const Now& now,
            Samples& out) const;

  // Whose settings are compared with those of `pihole` now: the reference's, or for that one those
  // of all others.
  std::map<std::string, std::shared_ptr<const ConfigItems>> ComparedWith(
      const std::string& pihole, const std::string& reference, Instant now) const;

  int facts_revision() const { return facts_revision_; }
  std::string Facts() const;  // JSON: an array
  // What makes no sense in `facts` is left out.
  void Restore(JsonView facts, const Now& now);

 private:
  const ConfigItems* Fresh(const std::string& pihole, Instant now) const;

  DriftOptions options_;
  std::map<std::string, Part<ConfigItems>> configs_;  // by Pi-hole
  std::map<std::string, Instant> read_;               // when any of it was last read
  // By reference, Pi-hole and component: when the difference was first seen.
  std::map<std::tuple<std::string, std::string, std::string>, double> since_unix_seconds_;
  int facts_revision_ = 0;
};
