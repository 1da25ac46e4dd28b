#include "exporters/postgres-ha/show_objectives.h"

#include <algorithm>

namespace {

const Metric kLag("postgres_ha_replication_lag_objective_seconds", Type::kGauge,
                  "How outdated a standby may be.", "pg_cluster");
const Metric kConnections("postgres_ha_connections_objective_ratio", Type::kGauge,
                          "Which share of max_connections without the reserved ones may be taken.",
                          "pg_cluster");
const Metric kApplication("postgres_ha_application_connection_limit", Type::kGauge,
                          "How many sessions the pool of one application may open.", "pg_cluster");
const Metric kSlot("postgres_ha_slot_retained_objective_bytes", Type::kGauge,
                   "How much WAL a slot may hold back.", "pg_cluster");
const Metric kTransaction("postgres_ha_oldest_transaction_objective_seconds", Type::kGauge,
                          "How long a transaction may be open.", "pg_cluster");
const Metric kClock("postgres_ha_clock_offset_objective_seconds", Type::kGauge,
                    "How far a server's clock may be from the exporter's.", "pg_cluster");
const Metric kExpectedMembers("postgres_ha_expected_members", Type::kGauge,
                              "How many members the site should have: as configured, or as many "
                              "as are known (configured, listed by Patroni, seen within "
                              "forget_after).",
                              "pg_cluster", "target_site");

}  // namespace

void ShowObjectives(const DataSetOptions& options, Samples& out) {
  const Objectives& o = options.objectives;
  out.Add(kLag, {options.name}, o.replication_lag_seconds);
  out.Add(kConnections, {options.name}, o.connections_ratio);
  out.Add(kApplication, {options.name}, o.application_connections);
  out.Add(kSlot, {options.name}, o.slot_retained_bytes);
  out.Add(kTransaction, {options.name}, o.transaction_seconds);
  out.Add(kClock, {options.name}, o.clock_offset_seconds);
}

void ShowExpectedMembers(const DataSetOptions& options, const Members& members, Samples& out) {
  for (auto& site : options.sites) {
    auto known = std::count_if(members.begin(), members.end(),
                               [&](auto& item) { return item.first.site == site.name; });
    out.Add(kExpectedMembers, {options.name, site.name},
            site.expected_members.value_or(static_cast<int>(known)));
  }
}
