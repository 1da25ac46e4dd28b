#include "exporters/pihole/drift_facts.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace {

constexpr std::size_t kMaxDifferences = 2000;  // 64 Pi-holes, 10 components, and some

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

void DriftFacts::Keep(const std::set<std::string>& piholes, const DriftOptions& options) {
  options_ = options;
  auto gone = [&](auto& item) { return !piholes.count(item.first); };
  std::erase_if(configs_, gone);
  std::erase_if(read_, gone);
  facts_revision_ += std::erase_if(since_unix_seconds_, [&](auto& item) {
    auto& [reference, pihole, component] = item.first;
    return !piholes.count(reference) || !piholes.count(pihole) || !options_.Compares(component);
  }) > 0;
}

void DriftFacts::Step(const std::string& pihole, const Part<ConfigItems>& config,
                      const std::string& reference, const Now& now) {
  configs_[pihole] = config;
  if (config.value && !config.value->empty()) read_[pihole] = config.at;
  auto* wanted = Fresh(reference, now.at);
  for (auto& [name, part] : configs_) {
    auto* items = Fresh(name, now.at);
    if (name == reference || !items || !wanted) continue;
    for (auto& [component, theirs] : *wanted) {
      auto own = items->find(component);
      if (own == items->end() || !options_.Compares(component)) continue;
      const std::tuple key(reference, name, component);
      const bool changed = own->second.fingerprint == theirs.fingerprint
                               ? since_unix_seconds_.erase(key) > 0
                               : since_unix_seconds_.try_emplace(key, now.unix_seconds).second;
      facts_revision_ += changed;
    }
  }
}

void DriftFacts::Show(const std::vector<std::string>& piholes, const std::string& reference,
                      const Now& now, Samples& out) const {
  auto* wanted = Fresh(reference, now.at);
  for (auto& name : piholes) {
    if (auto read = read_.find(name); read != read_.end())
      out.Add(kChecked, {name}, now.Unix(read->second));
    auto* items = Fresh(name, now.at);
    if (items == nullptr) continue;
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

std::map<std::string, std::shared_ptr<const ConfigItems>> DriftFacts::ComparedWith(
    const std::string& pihole, const std::string& reference, Instant now) const {
  std::map<std::string, std::shared_ptr<const ConfigItems>> others;
  for (auto& [name, part] : configs_)
    if (name != pihole && (pihole == reference || name == reference) && part.Fresh(now))
      others[name] = part.value;
  return others;
}

std::string DriftFacts::Facts() const {
  std::string list;
  for (auto& [key, since] : since_unix_seconds_) {
    auto& [reference, pihole, component] = key;
    list += absl::StrFormat(
        "%s{\"reference\":%s,\"pihole\":%s,\"component\":%s,\"since\":%.6f}",
        list.empty() ? "" : ",\n", JsonQuote(reference), JsonQuote(pihole), JsonQuote(component),
        since);
  }
  return "[" + list + "]";
}

void DriftFacts::Restore(JsonView facts, const Now& now) {
  for (JsonView item : facts.Items()) {
    auto reference = item["reference"].String(), pihole = item["pihole"].String(),
         component = item["component"].String();
    auto since = item["since"].Number();
    if (!reference || !pihole || !component || since_unix_seconds_.size() >= kMaxDifferences)
      continue;
    const bool known = std::count(kDriftComponents.begin(), kDriftComponents.end(), *component) > 0;
    // A wall clock that went back does not tell any more.
    if (!known || !since || *since <= 0 || *since > now.unix_seconds) continue;
    since_unix_seconds_.try_emplace({std::string(*reference), std::string(*pihole),
                                     std::string(*component)}, *since);
  }
}
