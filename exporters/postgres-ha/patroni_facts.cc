#include "exporters/postgres-ha/patroni_facts.h"

namespace {

const Metric kPaused("postgres_ha_patroni_paused", Type::kGauge,
                     "Whether automatic failover is paused.", "pg_cluster", "target_site");

}  // namespace

void PatroniFacts::Step(const MemberId& member, const PatroniLook& look, Instant end) {
  if (look.has_cluster) paused_[member.site] = {look.paused, end};
}

void PatroniFacts::Show(const DataSetOptions& options, const Members&, const Roles&, const Now& now,
                        Samples& out) const {
  for (auto& [site, paused] : paused_)
    if (now.at - paused.second < kPatroniFresh)
      out.Add(kPaused, {options.name, site}, paused.first);
}
