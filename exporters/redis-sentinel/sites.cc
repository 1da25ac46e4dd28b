#include "exporters/redis-sentinel/sites.h"

namespace {

const Metric kNode("redis_sentinel_node_site_info", Type::kInfo,
                   "The site of a node, by the address that it announces. Absent: in none of the "
                   "configured sites.",
                   "master_name", "node", "target_site");
const Metric kSentinel("redis_sentinel_sentinel_site_info", Type::kInfo,
                       "The site of a Sentinel, by the address that it announces. Absent: in none "
                       "of the configured sites.",
                       "sentinel", "target_site");

}  // namespace

std::string_view SiteOf(const std::vector<Site>& sites, const std::string& address) {
  auto parsed = ParseHostPort(address);
  if (!parsed.ok()) return "";
  std::string_view found;
  int longest = -1;
  for (auto& site : sites)
    for (auto& network : site.networks) {
      if (network.prefix() <= longest || !network.Contains(parsed->host)) continue;
      found = site.name;
      longest = network.prefix();
    }
  return found;
}

void ShowSitesOfNodes(const std::vector<Site>& sites, const std::string& master_name,
                      const std::set<std::string>& nodes, Samples& out) {
  for (auto& node : nodes)
    if (auto site = SiteOf(sites, node); !site.empty())
      out.Add(kNode, {master_name, node, site}, 1);
}

void ShowSitesOfSentinels(const std::vector<Site>& sites, const std::set<std::string>& sentinels,
                          Samples& out) {
  for (auto& sentinel : sentinels)
    if (auto site = SiteOf(sites, sentinel); !site.empty())
      out.Add(kSentinel, {sentinel, site}, 1);
}
