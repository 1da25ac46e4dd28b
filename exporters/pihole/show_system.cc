// FTL itself, and the machine it runs on.
#include "exporters/pihole/show_details.h"
#include "exporters/pihole/version_order.h"

namespace {

const Metric kMessages("pihole_messages", Type::kGauge,
                       "Warnings that wait on the admin page, by their type.", "pihole", "type");
const Metric kSeats("pihole_api_sessions", Type::kGauge,
                    "Seats of the API that are taken; expired ones until somebody needs them.",
                    "pihole", "state");
const Metric kSeatsMax("pihole_api_sessions_max", Type::kGauge, "Seats of the API.", "pihole");
const Metric kComponent("pihole_component_info", Type::kInfo,
                        "A part of Pi-hole, and the version that could be there.", "pihole",
                        "component", "version", "branch", "latest");
const Metric kUpdate("pihole_update_available", Type::kGauge,
                     "Whether a newer version of the part is known.", "pihole", "component");
const Metric kSize("pihole_database_size_bytes", Type::kGauge,
                   "Size of the database of questions.", "pihole");
const Metric kStored("pihole_database_queries", Type::kGauge, "Questions that are kept.", "pihole",
                     "where");
const Metric kPrivacy("pihole_privacy_level", Type::kGauge,
                      "How much FTL hides: 0 nothing, 3 everything.", "pihole");
const Metric kMemory("pihole_host_memory_bytes", Type::kGauge, "Memory of the Pi-hole's host.",
                     "pihole", "state");
const Metric kLoad1("pihole_host_load1", Type::kGauge, "Load of one minute.", "pihole");
const Metric kLoad5("pihole_host_load5", Type::kGauge, "Load of five minutes.", "pihole");
const Metric kLoad15("pihole_host_load15", Type::kGauge, "Load of fifteen minutes.", "pihole");
const Metric kTemperature("pihole_host_temperature_celsius", Type::kGauge,
                          "Temperature of the processor.", "pihole");

// A series each that is there or not.
struct Adder {
  const std::string& pihole;
  Samples& out;
  void operator()(const Metric<1>& metric, const std::optional<double>& value) const {
    if (value) out.Add(metric, {pihole}, *value);
  }
  void operator()(const Metric<2>& metric, std::string_view label,
                  const std::optional<double>& value) const {
    if (value) out.Add(metric, {pihole, label}, *value);
  }
};

void ShowVersions(const std::string& pihole, const VersionAnswer& answer, Samples& out) {
  for (auto& c : answer.components) {
    if (c.version.empty()) continue;
    out.Add(kComponent, {pihole, c.component, c.version, c.branch, c.latest}, 1);
    if (auto newer = IsNewer(c.latest, c.version)) out.Add(kUpdate, {pihole, c.component}, *newer);
  }
}

}  // namespace

void ShowSystem(const std::string& pihole, const ApiSnapshot& api, const Now& now, Samples& out) {
  const Adder add{pihole, out};
  if (auto* messages = api.messages.Fresh(now.at))
    for (auto& [type, n] : messages->types) add(kMessages, type, n);
  if (auto* seats = api.seats.Fresh(now.at)) {
    add(kSeats, "valid", seats->valid);
    add(kSeats, "expired", seats->expired);
  }
  if (auto* max = api.seats_max.Fresh(now.at)) add(kSeatsMax, *max);
  if (auto* version = api.version.Fresh(now.at)) ShowVersions(pihole, *version, out);
  if (auto* ftl = api.ftl.Fresh(now.at)) add(kPrivacy, ftl->privacy_level);
  if (auto* database = api.database.Fresh(now.at)) {
    add(kSize, database->bytes);
    add(kStored, "memory", database->queries_memory);
    add(kStored, "disk", database->queries_disk);
  }
  auto* system = api.system.Fresh(now.at);
  if (system == nullptr) return;
  add(kMemory, "total", system->memory_total_bytes);
  add(kMemory, "available", system->memory_available_bytes);
  add(kLoad1, system->load1);
  add(kLoad5, system->load5);
  add(kLoad15, system->load15);
  add(kTemperature, system->temperature_celsius);
}
