#include "exporters/pihole/drift.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "common/metric.h"
#include "common/sha256.h"

namespace {

// The items of a component as text; none if its answer cannot be understood.
using Items = std::optional<std::vector<std::string>>;

// What is compared of config.dns.
const std::vector<std::vector<std::string_view>> kDnsSettings = {
    {"CNAMEdeepInspect"}, {"blockTTL"}, {"blocking", "edns"}, {"blocking", "mode"},
    {"bogusPriv"}, {"cache", "size"}, {"dnssec"}, {"domain", "local"}, {"domain", "name"},
    {"domainNeeded"}, {"rateLimit", "count"}, {"rateLimit", "interval"},
    {"reply", "blocking", "IPv4"}, {"reply", "blocking", "IPv6"},
    {"reply", "blocking", "force4"}, {"reply", "blocking", "force6"}, {"revServers"},
    {"specialDomains", "designatedResolver"}, {"specialDomains", "iCloudPrivateRelay"},
    {"specialDomains", "mozillaCanary"}};

std::string Array(const std::vector<std::string>& parts) {
  std::string out = "[";
  for (auto& part : parts) out += (out.size() > 1 ? "," : "") + part;
  return out + "]";
}

// Compact JSON that depends on no order, of keys or of items.
std::string Compact(JsonView value) {
  if (auto text = value.String()) return JsonQuote(*text);
  if (auto truth = value.Bool()) return *truth ? "true" : "false";
  std::vector<std::string> parts;
  for (JsonView item : value.Items()) parts.push_back(Compact(item));
  for (auto& [key, member] : value.Members())
    parts.push_back(JsonQuote(key) + ":" + Compact(member));
  std::sort(parts.begin(), parts.end());
  if (value.IsArray()) return Array(parts);
  if (value.IsObject()) return "{" + Array(parts) + "}";
  std::string number;
  if (auto n = value.Number()) AppendNumber(number, *n);
  return number.empty() ? "null" : number;
}

std::uint64_t Hash(std::string_view text) {
  auto digest = Sha256(text);
  std::uint64_t hash = 0;
  for (int i = 0; i < 6; ++i) hash = hash << 8 | digest[i];
  return hash;
}

ComponentItems ComponentOf(std::vector<std::string> items) {
  std::sort(items.begin(), items.end());
  ComponentItems component;
  std::string lines;
  for (auto& item : items) {
    lines += item + '\n';
    component.items.push_back(Hash(item));
  }
  std::sort(component.items.begin(), component.items.end());
  component.fingerprint = Hash(lines);
  return component;
}

using GroupNames = std::optional<std::map<long long, std::string>>;

GroupNames NamesOf(JsonView groups) {
  if (!groups.IsArray()) return std::nullopt;
  std::map<long long, std::string> names;
  for (JsonView group : groups.Items()) {
    auto id = group["id"].Integer();
    auto name = group["name"].String();
    if (!id || !name) return std::nullopt;
    names[*id] = JsonQuote(*name);
  }
  return names;
}

// ["Default","kids"] of [0,1]: sorted.
std::optional<std::string> GroupsOf(JsonView entry, const GroupNames& names) {
  if (!names || !entry["groups"].IsArray()) return std::nullopt;
  std::vector<std::string> groups;
  for (JsonView id : entry["groups"].Items()) {
    auto found = names->find(id.Integer().value_or(-1));
    if (found == names->end()) return std::nullopt;
    groups.push_back(found->second);
  }
  std::sort(groups.begin(), groups.end());
  return Array(groups);
}

std::optional<std::string> TextOf(JsonView value) {
  auto text = value.String();
  if (!text) return std::nullopt;
  return JsonQuote(*text);
}

std::optional<std::string> TruthOf(JsonView value) {
  auto truth = value.Bool();
  if (!truth) return std::nullopt;
  return *truth ? "true" : "false";
}

std::optional<std::string> ClientOf(JsonView entry) {
  auto client = entry["client"].String();
  if (!client) return std::nullopt;
  std::string lower(*client);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return JsonQuote(lower);
}

// The items of `array`, each of the parts that `parts_of` takes from an entry.
using PartsOf = std::function<std::vector<std::optional<std::string>>(JsonView entry)>;

Items ItemsOf(JsonView array, const PartsOf& parts_of) {
  if (!array.IsArray()) return std::nullopt;
  std::vector<std::string> items;
  for (JsonView entry : array.Items()) {
    std::vector<std::string> parts;
    for (auto& part : parts_of(entry)) {
      if (!part) return std::nullopt;
      parts.push_back(*part);
    }
    items.push_back(Array(parts));
  }
  return items;
}

// Entries of the configuration, each a line of text in which only the words count.
Items EntriesOf(JsonView array) {
  return ItemsOf(array, [](JsonView entry) {
    std::optional<std::string> words;
    if (auto text = entry.String()) words.emplace();
    for (char c : entry.String().value_or("")) {
      if (c != ' ' && c != '\t') *words += c;
      else if (!words->empty() && words->back() != ' ') *words += ' ';
    }
    if (words && words->ends_with(' ')) words->pop_back();
    if (words) words = JsonQuote(*words);
    return std::vector{words};
  });
}

Items SettingsOf(JsonView dns) {
  if (!dns.IsObject()) return std::nullopt;
  std::vector<std::string> items;
  for (auto& path : kDnsSettings) {
    JsonView value = dns;
    std::vector<std::string> item;
    for (auto key : path) {
      value = value[key];
      item.push_back(JsonQuote(key));
    }
    if (!value.exists()) continue;
    item.push_back(Compact(value));
    items.push_back(Array(item));
  }
  return items;
}

Items CommentsOf(const DriftAnswers& answers) {
  std::vector<std::string> all;
  auto add = [&](JsonView array, const char* kind, const std::vector<const char*>& keys) {
    auto items = ItemsOf(array, [&](JsonView entry) {
      std::vector<std::optional<std::string>> parts = {JsonQuote(kind)};
      for (std::string_view key : keys)
        parts.push_back(key == "client" ? ClientOf(entry) : TextOf(entry[key]));
      parts.push_back(JsonQuote(entry["comment"].String().value_or("")));
      return parts;
    });
    if (items) all.insert(all.end(), items->begin(), items->end());
    return items.has_value();
  };
  if (!add(answers.groups["groups"], "groups", {"name"}) ||
      !add(answers.lists["lists"], "lists", {"type", "address"}) ||
      !add(answers.domains["domains"], "domains", {"type", "kind", "domain"}) ||
      !add(answers.clients["clients"], "clients", {"client"}))
    return std::nullopt;
  return all;
}

}  // namespace

const std::vector<std::string_view> kDriftComponents = {
    "groups",    "lists",      "domains",   "clients",      "dns_hosts",
    "dns_cnames", "upstreams", "dhcp_hosts", "dns_settings", "comments"};

ItemTexts ItemTextsOf(const DriftAnswers& answers, bool include_comments) {
  JsonView groups = answers.groups["groups"], dns = answers.config["config"]["dns"];
  GroupNames names = NamesOf(groups);
  ItemTexts texts;
  auto add = [&](const char* component, Items items) {
    if (items) texts[component] = *std::move(items);
  };
  add("groups", ItemsOf(groups, [](JsonView e) {
        return std::vector{TextOf(e["name"]), TruthOf(e["enabled"])};
      }));
  add("lists", ItemsOf(answers.lists["lists"], [&](JsonView e) {
        return std::vector{TextOf(e["type"]), TextOf(e["address"]), TruthOf(e["enabled"]),
                           GroupsOf(e, names)};
      }));
  add("domains", ItemsOf(answers.domains["domains"], [&](JsonView e) {
        return std::vector{TextOf(e["type"]), TextOf(e["kind"]), TextOf(e["domain"]),
                           TruthOf(e["enabled"]), GroupsOf(e, names)};
      }));
  add("clients", ItemsOf(answers.clients["clients"], [&](JsonView e) {
        return std::vector{ClientOf(e), GroupsOf(e, names)};
      }));
  add("dns_hosts", EntriesOf(dns["hosts"]));
  add("dns_cnames", EntriesOf(dns["cnameRecords"]));
  add("upstreams", EntriesOf(dns["upstreams"]));
  add("dhcp_hosts", EntriesOf(answers.config["config"]["dhcp"]["hosts"]));
  add("dns_settings", SettingsOf(dns));
  if (include_comments) add("comments", CommentsOf(answers));
  return texts;
}

ConfigItems FingerprintsOf(const ItemTexts& texts) {
  ConfigItems config;
  for (auto& [component, items] : texts) config[component] = ComponentOf(items);
  return config;
}

std::size_t DifferingItems(const ComponentItems& a, const ComponentItems& b) {
  std::vector<std::uint64_t> differing;
  std::set_symmetric_difference(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                                std::back_inserter(differing));
  return differing.size();
}

std::vector<std::string> NotIn(const ComponentItems& other, const std::vector<std::string>& texts) {
  std::vector<std::string> missing;
  for (auto& text : texts)
    if (!std::binary_search(other.items.begin(), other.items.end(), Hash(text)))
      missing.push_back(text);
  return missing;
}
