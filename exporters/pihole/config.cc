#include "exporters/pihole/config.h"

#include <algorithm>
#include <set>

#include "common/net.h"
#include "exporters/pihole/config_probes.h"
#include "exporters/pihole/drift.h"

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kAll = "all";
constexpr std::size_t kMaxPiholes = 64;

DnsServer ReadServer(Fields& fields) {
  std::string text = fields.Required("dns");
  DnsServer server{text, 53};
  bool bare_v6 = std::count(text.begin(), text.end(), ':') > 1 && !text.starts_with('[');
  if (text.find(':') == text.npos || bare_v6) return server;
  auto address = ParseHostPort(text);
  if (address.ok() && address->port > 0 && !address->host.empty())
    return {address->host, address->port};
  fields.Error("dns", "not an address: '" + text + "' (like 10.0.0.2 or 10.0.0.2:53)");
  return server;
}

ApiMode ReadMode(Fields& fields) {
  constexpr std::pair<std::string_view, ApiMode> kModes[] = {
      {"auto", ApiMode::kAuto}, {"v6", ApiMode::kV6}, {"v5", ApiMode::kV5}, {"off", ApiMode::kOff}};
  std::string mode = fields.String("mode", "auto");
  for (auto& [name, value] : kModes)
    if (mode == name) return value;
  fields.Error("mode", "not auto, v6, v5 or off: '" + mode + "'");
  return ApiMode::kAuto;
}

std::string ReadUrl(Fields& fields) {
  std::string url = fields.Required("url");
  while (url.ends_with("/")) url.pop_back();
  bool http = url.starts_with("http://"), https = url.starts_with("https://");
  if (!url.empty() && !http && !https)
    fields.Error("url", "not a URL: '" + url + "' (like http://10.0.0.2)");
  else if (url.find('@') != url.npos)
    fields.Error("url", "no user or password in a URL, please");
  else if ((http || https) && url.find('/', https ? 8 : 7) != url.npos)
    fields.Error("url", "without a path, please: '" + url + "'");
  return url;
}

void ReadTls(Fields fields, ApiOptions& api) {
  api.ca_file = fields.String("ca_file");
  api.server_name = fields.String("server_name");
  std::string verify = fields.String("verify", "full");
  api.skip_verification = verify == "none";
  if (verify != "full" && verify != "none")
    fields.Error("verify", "not full or none: '" + verify + "'");
}

ApiOptions ReadApi(Fields fields) {
  ApiOptions api;
  api.mode = ReadMode(fields);
  api.url = ReadUrl(fields);
  api.password = fields.Secret("password");
  api.password_file = fields.String("password_file");
  api.token = fields.Secret("token");
  api.token_file = fields.String("token_file");
  if (!api.password_file.empty()) api.password.clear();  // the session reads it, again and again
  if (!api.token_file.empty()) api.token.clear();
  api.host_header = fields.String("host_header");
  ReadTls(fields.Map("tls"), api);
  api.timeout = fields.Time("timeout", 2s, 50ms, 30s);
  return api;
}

PiholeOptions ReadPihole(Fields& fields) {
  PiholeOptions o;
  o.name = fields.Required("name");
  o.dns = ReadServer(fields);
  if (fields.Has("api")) o.api = ReadApi(fields.Map("api"));
  else o.api.mode = ApiMode::kOff;
  if (o.name == kAll)
    fields.Error("name", "a Pi-hole cannot be called 'all': that is the scope of all together");
  return o;
}

PiholeOptions LocalDefault() {
  PiholeOptions o;
  o.name = "pihole";
  o.dns = {"127.0.0.1", 53};
  o.api.url = "http://127.0.0.1";
  o.api.timeout = 2s;
  return o;
}

PollIntervals ReadIntervals(Fields fields) {
  PollIntervals i;
  i.dns = fields.Time("dns", 15s, 1s, 1h);
  i.chaos = fields.Time("chaos", 60s, 0s, 1h);
  i.fast = fields.Time("fast", 15s, 1s, 1h);
  i.slow = fields.Time("slow", 60s, 1s, 24h);
  i.rare = fields.Time("rare", 5min, 1s, 24h);
  i.drift = fields.Time("drift", 5min, 0s, 24h);
  return i;
}

PiholeObjectives ReadObjectives(Fields fields) {
  PiholeObjectives o;
  o.rto_seconds = Seconds(fields.Time("rto", 300s, 1ms, 24h));
  o.gravity_age_seconds = Seconds(fields.Time("gravity_age", 24h * 8, 1min, 24h * 3650));
  o.blocking_off_seconds = Seconds(fields.Time("blocking_off", 15min, 0s, 24h * 365));
  o.drift_seconds = Seconds(fields.Time("drift", 45min, 0s, 24h * 365));
  o.seats_ratio = fields.Number("seats", 0.75, 0, 1);
  return o;
}

// Not all are meant to be alike everywhere: upstreams often are not.
std::vector<std::string> ReadComponents(Fields& fields, bool comments) {
  if (!fields.Has("components")) return {};
  const std::vector<std::string> components = fields.Strings("components");
  std::string known;
  for (auto component : kDriftComponents)
    known += (known.empty() ? "" : ", ") + std::string(component);
  for (auto& component : components) {
    if (std::count(kDriftComponents.begin(), kDriftComponents.end(), component) == 0)
      fields.Error("components", "nothing is called '" + component + "' (but " + known + ")");
    if (component == "comments" && !comments)
      fields.Error("components", "comments need include_comments: true");
  }
  if (components.empty()) fields.Error("components", "nothing to compare: set intervals.drift: 0s");
  return components;
}

void ReadDrift(Fields fields, PiholesOptions& all) {
  DriftOptions& drift = all.drift;
  drift.reference = fields.String("reference", all.piholes.empty() ? "" : all.piholes[0].name);
  drift.max_domain_rules = fields.Integer("max_domain_rules", 2000, 0, 1'000'000);
  drift.include_comments = fields.Bool("include_comments", false);
  drift.components = ReadComponents(fields, drift.include_comments);
  bool known = std::any_of(all.piholes.begin(), all.piholes.end(),
                           [&](auto& pihole) { return pihole.name == drift.reference; });
  if (!known && fields.Has("reference"))
    fields.Error("reference", "no Pi-hole is called '" + drift.reference + "'");
}

void ReadList(Fields& fields, PiholesOptions& all) {
  std::set<std::string> names;
  for (Fields& item : fields.Maps("piholes")) {
    all.piholes.push_back(ReadPihole(item));
    const std::string& name = all.piholes.back().name;
    if (!name.empty() && !names.insert(name).second)
      item.Error("name", "Pi-hole '" + name + "' is given twice");
  }
  if (!fields.Has("piholes")) all.piholes.push_back(LocalDefault());
  if (all.piholes.empty()) fields.Error("piholes", "nothing to watch");
  if (all.piholes.size() > kMaxPiholes) fields.Error("piholes", "more than 64");
}

}  // namespace

bool DriftOptions::Compares(std::string_view component) const {
  return components.empty() ||
         std::count(components.begin(), components.end(), component) > 0;
}

absl::StatusOr<PiholesOptions> ReadPiholes(Fields& fields) {
  PiholesOptions all;
  ReadList(fields, all);
  all.intervals = ReadIntervals(fields.Map("intervals"));
  all.probes = ReadProbes(fields, all.intervals.dns);
  ReadDrift(fields.Map("drift"), all);
  all.objectives = ReadObjectives(fields.Map("objectives"));
  auto read = fields.Finish();
  if (!read.ok()) return read;
  return all;
}
