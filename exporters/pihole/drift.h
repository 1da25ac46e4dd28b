#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/json.h"

// What the Pi-holes should have in common, as fingerprints that do not depend on ids, dates, order
// or (unless asked for) comments.
//
// A component is a list of items. An item is the compact JSON of what counts of it, the ids of
// groups replaced by the groups' names; its hash is the first 48 bits of its SHA-256, an exact
// double. The component's fingerprint is the first 48 bits of the SHA-256 of its items, sorted, a
// line each.
//   groups        name, enabled                                       /api/groups
//   lists         type, address, enabled, groups                      /api/lists
//   domains       type, kind, domain, enabled, groups                 /api/domains
//   clients       client in lower case, groups                        /api/clients
//   dns_hosts, dns_cnames, upstreams, dhcp_hosts   the entries, blanks normalised   /api/config
//   dns_settings  a fixed set of keys of config.dns, so that a new version of FTL changes nothing
//   comments      key and comment of the first four; only if asked for
// Left out is what each Pi-hole has of its own: interface, port, its own names and addresses, and
// whether blocking is on, which has a metric.
extern const std::vector<std::string_view> kDriftComponents;

struct ComponentItems {
  uint64_t fingerprint = 0;       // 48 bits
  std::vector<uint64_t> items;    // hashes, sorted; an item that stands twice is there twice
};
// By component; what could not be read is absent.
using ConfigItems = std::map<std::string, ComponentItems, std::less<>>;

// The recorded answers of the API, each absent (JsonView()) if it could not be had.
struct DriftAnswers {
  JsonView groups, lists, domains, clients, config;
};
// The items by component, as text. A component whose answer is absent or misshapen (an item of
// another shape, a group that nobody knows) is absent. Components whose items refer to groups need
// the groups, comments all four.
using ItemTexts = std::map<std::string, std::vector<std::string>, std::less<>>;
ItemTexts ItemTextsOf(const DriftAnswers& answers, bool include_comments);

ConfigItems FingerprintsOf(const ItemTexts& texts);

// How many items one has and the other has not, both ways; an item that was changed counts as two.
std::size_t DifferingItems(const ComponentItems& a, const ComponentItems& b);
// Those of `texts` that the other one has not.
std::vector<std::string> NotIn(const ComponentItems& other, const std::vector<std::string>& texts);
