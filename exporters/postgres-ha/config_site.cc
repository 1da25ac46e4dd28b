#include "exporters/postgres-ha/config_site.h"

#include <set>

#include "common/net.h"

using namespace std::chrono_literals;

void ReadTlsFiles(Fields& fields, HttpOptions& http) {
  http.ca_file = fields.String("ca_file");
  http.cert_file = fields.String("cert_file");
  http.key_file = fields.String("key_file");
}

std::string ReadUrl(Fields& fields, std::string_view key, std::string url) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    fields.Error(key, "not a URL: '" + url + "' (like http://10.0.0.11:8008)");
  if (url.find('@') != std::string::npos) fields.Error(key, "no user or password in a URL, please");
  while (url.ends_with("/")) url.pop_back();
  return url;
}

void ReadRoutes(Fields fields, SiteOptions& site) {
  for (auto [key, kind] : {std::pair("rw", RouteKind::kReadWrite), {"ro", RouteKind::kReadOnly}}) {
    std::string text = fields.String(key);
    if (text.empty()) continue;
    auto address = ParseHostPort(text);
    if (!address.ok()) fields.Error(key, std::string(address.status().message()));
    else site.routes.push_back({kind, address->host, address->port});
  }
  site.read_only_accepts_primary = fields.Bool("ro_accepts_primary", false);
}

std::vector<HaproxyOptions> ReadHaproxies(Fields& cluster) {
  std::vector<HaproxyOptions> all;
  std::set<std::string> urls;
  for (Fields& fields : cluster.Maps("haproxy")) {
    HaproxyOptions o;
    o.url = fields.Required("url");
    bool socket = o.url.starts_with("unix:/");
    if (!o.url.empty() && !socket) ReadUrl(fields, "url", o.url);
    if (!urls.insert(o.url).second) fields.Error("url", "HAProxy '" + o.url + "' is given twice");
    o.rw_proxy = fields.String("rw_proxy", "primary");
    o.ro_proxy = fields.String("ro_proxy", "replicas");
    o.user = fields.String("user");
    o.password = fields.Secret("password");
    all.push_back(std::move(o));
  }
  return all;
}

EtcdOptions ReadEtcd(Fields fields, const std::string& name) {
  EtcdOptions o;
  std::set<std::string> given;
  for (auto& text : fields.Strings("endpoints")) {
    std::string url = ReadUrl(fields, "endpoints", text);
    if (!given.insert(url).second) fields.Error("endpoints", "'" + url + "' is given twice");
    o.endpoints.push_back(std::move(url));
  }
  o.watch = fields.Bool("watch", false);
  if (o.watch && o.endpoints.empty()) fields.Error("watch", "needs 'endpoints'");
  std::string space = fields.String("namespace", "/service/");
  if (!space.starts_with('/')) space = '/' + space;
  if (!space.ends_with('/')) space += '/';
  o.prefix = space + fields.String("scope", name) + '/';
  ReadTlsFiles(fields, o.http);
  o.http.user = fields.String("user");
  o.http.password = fields.Secret("password");
  return o;
}

Objectives ReadObjectives(Fields& fields) {
  auto seconds = [&](std::string_view key, double or_else) {
    return Seconds(fields.Time(key, FromSeconds(or_else), 1ms, 24h * 365));
  };
  Objectives o;
  o.replication_lag_seconds = seconds("replication_lag", o.replication_lag_seconds);
  o.connections_ratio = fields.Number("connections", o.connections_ratio, 0, 1);
  if (o.connections_ratio == 0) fields.Error("connections", "must be more than 0");
  o.application_connections =
      fields.Integer("application_connections", o.application_connections, 1, 1'000'000);
  o.slot_retained_bytes = fields.Size("slot_retained", o.slot_retained_bytes, 1, 1e18);
  o.transaction_seconds = seconds("transaction", o.transaction_seconds);
  o.clock_offset_seconds = seconds("clock_offset", o.clock_offset_seconds);
  return o;
}
