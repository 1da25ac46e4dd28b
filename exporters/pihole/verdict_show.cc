// How the verdict on the Pi-holes shows itself.
#include "exporters/pihole/verdict.h"

namespace {

const Metric kState("pihole_state", Type::kStateSet,
                    "What a Pi-hole is, in a word, by DNS first: ok, api_dead_dns_alive, "
                    "api_denied, filtering_broken, blocking_off, upstream_dead, "
                    "dns_dead_api_alive, hung, stopped, host_down, dns_dead.",
                    "pihole", "state");
const Metric kSince("pihole_state_since_timestamp_seconds", Type::kGauge,
                    "Since when this process has seen the Pi-hole in this state.", "pihole");
const Metric kConfigured("pihole_configured", Type::kGauge, "Pi-holes in the configuration.");
const Metric kResolving("pihole_resolving", Type::kGauge,
                        "Pi-holes that resolve (pihole_dns_up), of those that are looked at.");
const Metric kFiltering("pihole_filtering", Type::kGauge,
                        "Pi-holes that resolve and block, of those that are looked at.");
const Metric kGravityAge("pihole_gravity_age_objective_seconds", Type::kGauge,
                         "How old the lists of blocked domains may be.");
const Metric kBlockingOff("pihole_blocking_off_objective_seconds", Type::kGauge,
                          "How long blocking may be off.");
const Metric kDrift("pihole_drift_objective_seconds", Type::kGauge,
                    "How long Pi-holes may differ: some intervals of what keeps them equal.");
const Metric kSeats("pihole_seats_objective_ratio", Type::kGauge,
                    "How many of the API's seats may be taken.");

void ShowObjectives(const PiholesOptions& options, Samples& out) {
  out.Add(kConfigured, static_cast<double>(options.piholes.size()));
  out.Add(kGravityAge, options.objectives.gravity_age_seconds);
  out.Add(kBlockingOff, options.objectives.blocking_off_seconds);
  out.Add(kDrift, options.objectives.drift_seconds);
  out.Add(kSeats, options.objectives.seats_ratio);
}

}  // namespace

void Piholes::Show(const Now& now, Samples& out) const {
  ShowObjectives(options_, out);
  all_.Show(now, {}, out);
  int known = 0, resolving = 0, filtering = 0;
  std::vector<std::string> names;
  for (auto& [name, watched] : piholes_) {
    names.push_back(name);
    watched.service.Show(now, {}, out);
    watched.dns.Show(name, now, out);
    watched.api.Show(name, now, out);
    watched.cache.Show(name, now, out);
    const StateFacts facts = watched.dns.Known(now.at);
    const bool resolves = facts.resolve == ProbeOutcome::kPassed;
    known += facts.resolve.has_value();
    resolving += resolves;
    filtering += resolves && facts.blocked == ProbeOutcome::kPassed;
    auto state = StateOfWatched(watched, now.at);
    if (!state) continue;
    out.AddState(kState, {name, ""}, kPiholeStates, PiholeStateName(*state));
    if (state == watched.state) out.Add(kSince, {name}, watched.state_since_unix_seconds);
  }
  drift_.Show(names, options_.drift.reference, now, out);
  if (known == 0) return;
  out.Add(kResolving, resolving);
  out.Add(kFiltering, filtering);
}

std::vector<Headline> Piholes::Headlines(const Now& now) const {
  std::vector<Headline> lines;
  for (auto* service : Services()) lines.push_back(service->Summary(now));
  return lines;
}

std::vector<Story> Piholes::Stories() const {
  std::vector<Story> stories;
  for (auto* service : Services())
    for (auto& story : service->Stories()) stories.push_back(std::move(story));
  return stories;
}
