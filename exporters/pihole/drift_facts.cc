#include "exporters/pihole/drift_facts.h"

#include <algorithm>

namespace {

const Metric kFingerprint("pihole_config_fingerprint", Type::kGauge,
                          "A number that is the same for Pi-holes with the same settings of this "
                          "kind, also across exporters.",
                          "pihole", "component");
const Metric kItems("pihole_config_items", Type::kGauge, "Settings of this kind.", "pihole",
                    "component");
const Metric kChecked("pihole_config_check_timestamp_seconds", Type::kGauge,
                      "When the settings were last read.", "pihole");
const Metric kDrift("pihole_config_drift_items", Type::kGauge,
                    "Settings that the Pi-hole has and the reference has not, and the other way "
                    "round: one that was changed counts as two.",
                    "pihole", "component", "reference");
const Metric kSince("pihole_config_drift_since_timestamp_seconds", Type::kGauge,
                    "When this difference was first seen. Absent: there is none.", "pihole",
                    "component", "reference");

}  // namespace

const ConfigItems* DriftFacts::Fresh(const std::string& pihole, Instant now) const {
  auto config = configs_.find(pihole);
  return config == configs_.end() ? nullptr : config->second.Fresh(now);
}

void DriftFacts::Step(const std::string& pihole, const Part<ConfigItems>& config,
                      const std::string& reference, const Now& now) {
  configs_[pihole] = config;
  auto* wanted = Fresh(reference, now.at);
  for (auto& [name, part] : configs_) {
    auto* items = Fresh(name, now.at);
    if (name == reference || !items || !wanted) continue;
    for (auto& [component, theirs] : *wanted) {
      auto own = items->find(component);
      if (own == items->end()) continue;
      const std::tuple key(reference, name, component);
      if (own->second.fingerprint == theirs.fingerprint) since_unix_seconds_.erase(key);
      else since_unix_seconds_.try_emplace(key, now.unix_seconds);
    }
  }
}

void DriftFacts::Show(const std::vector<std::string>& piholes, const std::string& reference,
                      const Now& now, Samples& out) const {
  auto* wanted = Fresh(reference, now.at);
  for (auto& name : piholes) {
    auto* items = Fresh(name, now.at);
    if (items == nullptr) continue;
    out.Add(kChecked, {name}, now.Unix(configs_.at(name).at));
    for (auto& [component, own] : *items) {
      out.Add(kFingerprint, {name, component}, static_cast<double>(own.fingerprint));
      out.Add(kItems, {name, component}, static_cast<double>(own.items.size()));
      auto theirs = wanted ? wanted->find(component) : items->end();
      if (!wanted || name == reference || theirs == wanted->end()) continue;
      out.Add(kDrift, {name, component, reference},
              static_cast<double>(DifferingItems(own, theirs->second)));
      auto since = since_unix_seconds_.find({reference, name, component});
      if (since != since_unix_seconds_.end())
        out.Add(kSince, {name, component, reference}, since->second);
    }
  }
}
