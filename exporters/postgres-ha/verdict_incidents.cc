// How the verdict on a data set shows what happened: incidents, what they cost, and the phases of the
// last failover.
#include "exporters/postgres-ha/verdict.h"

namespace {

const Metric kIncidents("postgres_ha_incidents_total", Type::kCounter,
                        "What happened without a change of leader: in_place_recovery (it crashed and "
                        "came back), restart, demotion (told to step down, came back), "
                        "timeline_regression (a newer history was dropped for an older one), "
                        "split_brain (a second member took writes and gave way).",
                        "pg_cluster", "kind");
const Metric kIncidentTime("postgres_ha_last_incident_timestamp_seconds", Type::kGauge,
                           "When the last one of its kind was seen.", "pg_cluster", "kind");
const Metric kLost("postgres_ha_last_incident_lost_seconds", Type::kGauge,
                   "Time of work that was dropped with the other history, best estimate.",
                   "pg_cluster", "kind");
const Metric kLostLow("postgres_ha_last_incident_lost_low_seconds", Type::kGauge,
                      "At least this much was dropped.", "pg_cluster", "kind");
const Metric kLostHigh("postgres_ha_last_incident_lost_high_seconds", Type::kGauge,
                       "At most this much was dropped.", "pg_cluster", "kind");
const Metric kLostBytes("postgres_ha_last_incident_lost_bytes", Type::kGauge,
                        "WAL that was dropped with the other history, best estimate.", "pg_cluster",
                        "kind");
const Metric kLostLowBytes("postgres_ha_last_incident_lost_low_bytes", Type::kGauge,
                           "At least this much WAL was dropped.", "pg_cluster", "kind");
const Metric kLostHighBytes("postgres_ha_last_incident_lost_high_bytes", Type::kGauge,
                            "At most this much WAL was dropped.", "pg_cluster", "kind");
const Metric kPhase("postgres_ha_last_failover_phase_seconds", Type::kGauge,
                    "What the last change of leader took: detect (outage to lock released), elect "
                    "(to lock taken), promote (to writable), as etcd's watch stream tells, and route "
                    "(to new sessions through the port for writing).",
                    "pg_cluster", "phase");

}  // namespace

void DataSet::ShowIncidents(Samples& out) const {
  for (auto& [kind, incident] : incidents_.by_kind()) {
    out.Add(kIncidents, {options_.name, kind}, incident.count);
    if (incident.count == 0) continue;
    out.Add(kIncidentTime, {options_.name, kind}, incident.unix_seconds);
    // Named anew: clang 14 captures no structured binding.
    auto add = [&, &label = kind](const Metric<2>& metric, std::optional<double> value) {
      if (value) out.Add(metric, {options_.name, label}, *value);
    };
    const Loss& loss = incident.loss;
    add(kLost, loss.seconds), add(kLostLow, loss.low_seconds), add(kLostHigh, loss.high_seconds);
    add(kLostBytes, loss.bytes), add(kLostLowBytes, loss.low_bytes);
    add(kLostHighBytes, loss.high_bytes);
  }
}

void DataSet::ShowPhases(const Now& now, Samples& out) const {
  if (postgres_.outages().empty() || postgres_.failovers().empty()) return;
  const OutageFact& outage = postgres_.outages().back();
  double changed = postgres_.failovers().back().unix_seconds;
  if (outage.end_unknown || changed < outage.start_unix_seconds ||
      changed > outage.end_unix_seconds + 1)
    return;
  auto instant = [&](double unix_seconds) { return now.at + FromSeconds(unix_seconds - now.unix_seconds); };
  auto phase = [&](std::string_view name, double seconds) {
    out.Add(kPhase, {options_.name, name}, std::max(0.0, seconds));
  };
  Instant start = instant(outage.start_unix_seconds), end = instant(outage.end_unix_seconds);
  auto story = locks_.find(reference_.site);
  if (story != locks_.end()) {
    // The lock may go a moment before the last session ends.
    auto released = story->second.Released(start - std::chrono::seconds(2), end);
    auto taken = story->second.Taken(reference_.name, start - std::chrono::seconds(2),
                                     end + std::chrono::seconds(1));
    if (released && taken) {
      phase("detect", Seconds(*released - start));
      phase("elect", Seconds(*taken - *released));
      phase("promote", Seconds(end - *taken));
    }
  }
  if (auto* route = routes_.service(RouteKind::kReadWrite))
    for (auto& r : route->outages())
      if (r.start_unix_seconds < outage.end_unix_seconds + 1 &&
          r.end_unix_seconds >= outage.start_unix_seconds)
        return phase("route", r.end_unix_seconds - outage.end_unix_seconds);
}
