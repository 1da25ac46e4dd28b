#include "exporters/postgres-ha/config.h"

#include <algorithm>

#include <set>

#include "common/net.h"
#include "exporters/postgres-ha/config_site.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kLocalDeadline = 500ms, kRemoteDeadline = 2s;
// Patroni has five threads: a request that it has not answered may be holding one.
constexpr Duration kWaitOutPatroni = 60s;

// The keys of a connection, in `defaults` and in each entry of `clusters`.
void ReadConnection(Fields& fields, ConnectionOptions& c) {
  c.user = fields.String("user", c.user);
  std::string password = fields.Secret("password");
  if (!password.empty()) c.password = password;
  c.database = fields.String("database", c.database);
  c.sslmode = fields.String("sslmode", c.sslmode);
  static const std::set<std::string> kModes = {"",        "disable",   "allow",      "prefer",
                                               "require", "verify-ca", "verify-full"};
  if (!kModes.count(c.sslmode)) fields.Error("sslmode", "not an sslmode: '" + c.sslmode + "'");
  c.sslrootcert = fields.String("sslrootcert", c.sslrootcert);
  c.sslcert = fields.String("sslcert", c.sslcert);
  c.sslkey = fields.String("sslkey", c.sslkey);
}

HttpOptions ReadHttp(Fields fields) {
  HttpOptions http;
  ReadTlsFiles(fields, http);
  http.wait_out = kWaitOutPatroni;
  return http;
}

std::vector<std::string> ReadPatroni(Fields& fields) {
  auto urls = fields.Strings("patroni");
  for (auto& url : urls) url = ReadUrl(fields, "patroni", url);
  return urls;
}

std::vector<StaticMember> ReadMembers(Fields& fields) {
  std::vector<StaticMember> members;
  std::set<std::string> names;
  for (Fields& item : fields.Maps("members")) {
    StaticMember m;
    m.host = item.Required("host");
    m.port = item.Integer("port", 5432, 1, 65535);
    m.name = item.String("name", m.host + ":" + std::to_string(m.port));
    if (!names.insert(m.name).second) item.Error("name", "member '" + m.name + "' is given twice");
    members.push_back(std::move(m));
  }
  return members;
}

// The data set of that name, made when it is new.
DataSetOptions& DataSetOf(std::vector<DataSetOptions>& all, const std::string& name) {
  for (auto& set : all)
    if (set.name == name) return set;
  all.push_back({});
  all.back().name = name;
  return all.back();
}

// How often to look, and how long to wait.
struct Pacing {
  Duration deadline, interval, route_interval, canary_interval, heartbeat_interval;
};

Pacing ReadPacing(Fields& top, Fields& defaults) {
  Fields watch = top.Map("watch"), heartbeat = top.Map("heartbeat");
  Pacing p;
  p.deadline = defaults.Time("query_timeout", kLocalDeadline, 50ms, 10s);
  p.interval = watch.Time("interval", 250ms, 50ms, 1h);
  p.route_interval = watch.Time("route_interval", 5s, 250ms, 1h);
  p.canary_interval = watch.Time("canary_interval", 15s, 0s, 1h);
  if (p.canary_interval > 0s && p.canary_interval < 1s)
    watch.Error("canary_interval", "less than 1s is too often for a new session; 0s: never");
  p.heartbeat_interval = heartbeat.Time("interval", 1s, 100ms, 1h);
  if (!heartbeat.Bool("enabled", false)) p.heartbeat_interval = 0s;
  else if (p.canary_interval == 0s) heartbeat.Error("enabled", "needs watch.canary_interval");
  return p;
}

void Pace(const Pacing& pacing, SiteOptions& site) {
  site.look_interval = pacing.interval;
  site.look_deadline = pacing.deadline;
  site.route_interval = pacing.route_interval;
  site.canary_interval = pacing.canary_interval;
  site.heartbeat_interval = pacing.heartbeat_interval;
}

void ReadCluster(Fields& fields, const ConnectionOptions& defaults, const Pacing& pacing,
                 std::vector<DataSetOptions>& all) {
  DataSetOptions& set = DataSetOf(all, fields.String("name", "postgres"));
  SiteOptions site;
  site.name = fields.String("site", "local");
  for (auto& other : set.sites)
    if (other.name == site.name)
      fields.Error("site", "cluster '" + set.name + "' has site '" + site.name + "' already");
  site.patroni = ReadPatroni(fields);
  site.members = ReadMembers(fields);
  if (site.patroni.empty() && site.members.empty())
    fields.Error("", "cluster '" + set.name + "' needs 'patroni' or 'members'");
  site.connection = defaults;
  ReadConnection(fields, site.connection);
  site.http = ReadHttp(fields.Map("patroni_tls"));
  ReadRoutes(fields.Map("routes"), site);
  if (int n = fields.Integer("expected_members", 0, 1, 200)) site.expected_members = n;
  site.haproxies = ReadHaproxies(fields);
  site.etcd = ReadEtcd(fields.Map("etcd"), set.name);
  Pace(pacing, site);
  Duration usual = set.sites.empty() ? pacing.deadline : std::max(pacing.deadline, kRemoteDeadline);
  site.look_deadline = fields.Time("query_timeout", usual, 50ms, 10s);
  set.sites.push_back(std::move(site));
}

void UseLocalDefault(std::vector<DataSetOptions>& all, const ConnectionOptions& defaults,
                     const Pacing& pacing) {
  DataSetOptions& set = DataSetOf(all, "postgres");
  SiteOptions site;
  site.name = "local";
  site.patroni = {"http://127.0.0.1:8008"};
  site.connection = defaults;
  site.http.wait_out = kWaitOutPatroni;
  Pace(pacing, site);
  set.sites.push_back(std::move(site));
}

}  // namespace

Duration LongestLookDeadline(const DataSetOptions& options) {
  Duration longest{};
  for (auto& site : options.sites) longest = std::max(longest, site.look_deadline);
  return longest;
}

absl::StatusOr<std::vector<DataSetOptions>> ReadConfig(Fields& fields) {
  std::vector<DataSetOptions> all;
  ConnectionOptions connection;
  connection.database = "postgres";
  Fields defaults = fields.Map("defaults");
  ReadConnection(defaults, connection);
  const Pacing pacing = ReadPacing(fields, defaults);
  for (Fields& cluster : fields.Maps("clusters")) ReadCluster(cluster, connection, pacing, all);
  if (!fields.Has("clusters")) UseLocalDefault(all, connection, pacing);

  Fields objectives = fields.Map("objectives");
  double rto = Seconds(objectives.Time("rto", 120s, 1ms, 24h));
  double rpo = Seconds(objectives.Time("rpo", 300s, 0s, 24h));
  const Objectives further = ReadObjectives(objectives);
  Duration forget_after = fields.Time("forget_after", 1h, 1s, 24h * 365);
  auto anchors = fields.Strings("anchors");
  for (auto& anchor : anchors)
    if (auto parsed = ParseHostPort(anchor); !parsed.ok())
      fields.Error("anchors", std::string(parsed.status().message()));
  for (auto& set : all) {
    set.rto_objective_seconds = rto;
    set.rpo_objective_seconds = rpo;
    set.objectives = further;
    set.forget_after = forget_after;
    set.anchors = anchors;
  }
  if (all.empty()) fields.Error("clusters", "nothing to watch");
  auto read = fields.Finish();
  if (!read.ok()) return read;
  return all;
}
