// The lists of what is blocked.
#include <algorithm>
#include <map>
#include <tuple>

#include "exporters/pihole/show_details.h"

namespace {

const Metric kUp("pihole_gravity_up", Type::kGauge,
                 "Whether FTL can read its database of lists. If not, nothing is blocked.",
                 "pihole");
const Metric kDomains("pihole_gravity_domains", Type::kGauge, "Names on the lists.", "pihole");
const Metric kUpdate("pihole_gravity_last_update_timestamp_seconds", Type::kGauge,
                     "When the lists were renewed as a whole. That they are in force: "
                     "ha_service_up.",
                     "pihole");
const Metric kLists("pihole_lists", Type::kGauge,
                    "Lists by how their last download went: unknown, updated, unchanged, "
                    "failed_cached (the old copy is used), failed_empty.",
                    "pihole", "type", "enabled", "status");
const Metric kOldest("pihole_lists_oldest_update_timestamp_seconds", Type::kGauge,
                     "When the enabled list that waited longest was last renewed.", "pihole");
const Metric kRules("pihole_domain_rules", Type::kGauge, "Rules for single names and patterns.",
                    "pihole", "type", "kind", "enabled");
const Metric kGroups("pihole_groups", Type::kGauge, "Groups of clients.", "pihole");

void ShowLists(const std::string& pihole, const std::vector<ListAnswer>& lists, Samples& out) {
  std::map<std::tuple<std::string, bool, std::string>, double> counts;
  std::optional<double> oldest;
  for (auto& list : lists) {
    ++counts[{list.type, list.enabled, list.status}];
    if (list.enabled && list.update_unix)
      oldest = std::min(oldest.value_or(*list.update_unix), *list.update_unix);
  }
  for (auto& [key, n] : counts) {
    auto& [type, enabled, status] = key;
    out.Add(kLists, {pihole, type, enabled ? "true" : "false", status}, n);
  }
  if (oldest) out.Add(kOldest, {pihole}, *oldest);
}

void ShowFtl(const std::string& pihole, const FtlAnswer& ftl, Samples& out) {
  if (ftl.groups) out.Add(kGroups, {pihole}, *ftl.groups);
  for (auto& rules : ftl.rules) {
    out.Add(kRules, {pihole, rules.type, rules.kind, "true"}, rules.enabled);
    if (rules.disabled) out.Add(kRules, {pihole, rules.type, rules.kind, "false"}, *rules.disabled);
  }
}

}  // namespace

void ShowGravity(const std::string& pihole, const ApiSnapshot& api, const Now& now, Samples& out) {
  auto* summary = api.summary.Fresh(now.at);
  auto* ftl = api.ftl.Fresh(now.at);
  if (ftl) ShowFtl(pihole, *ftl, out);
  if (auto* lists = api.lists.Fresh(now.at)) ShowLists(pihole, *lists, out);
  const bool failed = (summary && summary->gravity_failed) || (ftl && ftl->gravity_failed);
  if (failed || (summary && summary->gravity_domains)) out.Add(kUp, {pihole}, !failed);
  if (summary == nullptr) return;
  if (summary->gravity_domains) out.Add(kDomains, {pihole}, *summary->gravity_domains);
  if (summary->gravity_update_unix) out.Add(kUpdate, {pihole}, *summary->gravity_update_unix);
}
