#include "exporters/redis-sentinel/change_figures.h"

#include "absl/strings/str_format.h"

#include "exporters/redis-sentinel/failover_phases.h"

namespace {

const Metric kLost("redis_sentinel_last_failover_lost_writes", Type::kGauge,
                   "Changes of keys that the old master took and the new one does not have, in the "
                   "last change of master. Absent: unknown, or the old master saved meanwhile.",
                   "master_name");
const Metric kLostLow("redis_sentinel_last_failover_lost_low_writes", Type::kGauge,
                      "At least so many were lost.", "master_name");
const Metric kLostHigh("redis_sentinel_last_failover_lost_high_writes", Type::kGauge,
                       "At most so many were lost. Absent: nobody can know.", "master_name");
const Metric kUnreachableLow("redis_sentinel_last_failover_unreachable_low_seconds", Type::kGauge,
                             "In the last failover the Sentinels had not reached the old master "
                             "for at least so long when they announced the new one: what clients on "
                             "their side of a cut network missed, even if we saw it working.",
                             "master_name");
const Metric kUnreachableHigh("redis_sentinel_last_failover_unreachable_high_seconds",
                              Type::kGauge, "And at most so long.", "master_name");
const Metric kPhase("redis_sentinel_last_failover_phase_seconds", Type::kGauge,
                    "What the last change of master took, as its Sentinels told: detect (failure "
                    "to +sdown), agree (to +odown), elect (to +elected-leader), promote (to the "
                    "replica's order to be master), announce (to clients); and from then on "
                    "reconfigure (to +failover-end) and demote (to the old master a replica). "
                    "Absent: not heard in time; a manual one has no detect and agree.",
                    "master_name", "phase");

// Each single figure: its metric, its name in the file, its place.
struct Figure {
  const Metric<1>& metric;
  const char* key;
  std::optional<double> ChangeFigures::*field;
};
const Figure kFigures[] = {
    {kLost, "lost_writes", &ChangeFigures::lost_writes},
    {kLostLow, "lost_low_writes", &ChangeFigures::lost_low_writes},
    {kLostHigh, "lost_high_writes", &ChangeFigures::lost_high_writes},
    {kUnreachableLow, "unreachable_low_seconds", &ChangeFigures::unreachable_low_seconds},
    {kUnreachableHigh, "unreachable_high_seconds", &ChangeFigures::unreachable_high_seconds},
};

std::optional<double> Sensible(JsonView json) {
  constexpr double kMost = 1e18;
  auto number = json.Number();
  return number && *number >= 0 && *number <= kMost ? number : std::nullopt;
}

}  // namespace

void ShowChange(const ChangeFigures& figures, const std::string& master_name, Samples& out) {
  for (auto& [metric, key, field] : kFigures)
    if (figures.*field) out.Add(metric, {master_name}, *(figures.*field));
  for (auto phase : kFailoverPhases)
    if (auto known = figures.phase_seconds.find(std::string(phase));
        known != figures.phase_seconds.end())
      out.Add(kPhase, {master_name, phase}, known->second);
}

std::string ToJson(const ChangeFigures& figures) {
  std::string phases, all;
  for (auto& [phase, seconds] : figures.phase_seconds)
    phases += absl::StrFormat("%s%s:%.6f", phases.empty() ? "" : ",", JsonQuote(phase), seconds);
  for (auto& [metric, key, field] : kFigures)
    if (figures.*field) all += absl::StrFormat("\"%s\":%.6f,", key, *(figures.*field));
  return "{" + all + "\"phase_seconds\":{" + phases + "}}";
}

ChangeFigures ReadChange(JsonView json) {
  ChangeFigures figures;
  for (auto& [metric, key, field] : kFigures) figures.*field = Sensible(json[key]);
  for (auto phase : kFailoverPhases)
    if (auto seconds = Sensible(json["phase_seconds"][phase]))
      figures.phase_seconds[std::string(phase)] = *seconds;
  return figures;
}
