#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/metric.h"
#include "exporters/redis-sentinel/address.h"

// Where nodes and Sentinels stand: a site is some networks, of the addresses that they announce.
struct Site {
  std::string name;
  std::vector<Network> networks;
};

// The site with the longest prefix that holds `address`, "10.0.0.1:6379"; "": none does, or it is
// a name.
std::string_view SiteOf(const std::vector<Site>& sites, const std::string& address);

void ShowSitesOfNodes(const std::vector<Site>& sites, const std::string& master_name,
                      const std::set<std::string>& nodes, Samples& out);
void ShowSitesOfSentinels(const std::vector<Site>& sites, const std::set<std::string>& sentinels,
                          Samples& out);
