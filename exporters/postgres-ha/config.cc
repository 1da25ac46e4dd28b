#include "exporters/postgres-ha/config.h"

#include <set>

#include "common/net.h"

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
  http.ca_file = fields.String("ca_file");
  http.cert_file = fields.String("cert_file");
  http.key_file = fields.String("key_file");
  http.wait_out = kWaitOutPatroni;
  return http;
}

std::vector<std::string> ReadPatroni(Fields& fields) {
  auto urls = fields.Strings("patroni");
  for (auto& url : urls) {
    if (!url.starts_with("http://") && !url.starts_with("https://"))
      fields.Error("patroni", "not a URL: '" + url + "' (like http://10.0.0.11:8008)");
    if (url.find('@') != std::string::npos)
      fields.Error("patroni", "no user or password in a URL, please");
    while (url.ends_with("/")) url.pop_back();
  }
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

void ReadCluster(Fields& fields, const ConnectionOptions& defaults, Duration default_deadline,
                 Duration interval, std::vector<DataSetOptions>& all) {
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
  site.look_interval = interval;
  Duration usual = set.sites.empty() ? default_deadline : std::max(default_deadline, kRemoteDeadline);
  site.look_deadline = fields.Time("query_timeout", usual, 50ms, 10s);
  set.sites.push_back(std::move(site));
}

void UseLocalDefault(std::vector<DataSetOptions>& all, const ConnectionOptions& defaults,
                     Duration deadline, Duration interval) {
  DataSetOptions& set = DataSetOf(all, "postgres");
  SiteOptions site;
  site.name = "local";
  site.patroni = {"http://127.0.0.1:8008"};
  site.connection = defaults;
  site.http.wait_out = kWaitOutPatroni;
  site.look_interval = interval;
  site.look_deadline = deadline;
  set.sites.push_back(std::move(site));
}

}  // namespace

absl::StatusOr<std::vector<DataSetOptions>> ReadConfig(Fields& fields) {
  std::vector<DataSetOptions> all;
  ConnectionOptions connection;
  connection.database = "postgres";
  Fields defaults = fields.Map("defaults");
  ReadConnection(defaults, connection);
  Duration deadline = defaults.Time("query_timeout", kLocalDeadline, 50ms, 10s);
  Duration interval = fields.Map("watch").Time("interval", 250ms, 50ms, 1h);
  for (Fields& cluster : fields.Maps("clusters"))
    ReadCluster(cluster, connection, deadline, interval, all);
  if (!fields.Has("clusters")) UseLocalDefault(all, connection, deadline, interval);

  Fields objectives = fields.Map("objectives");
  double rto = Seconds(objectives.Time("rto", 120s, 1ms, 24h));
  double rpo = Seconds(objectives.Time("rpo", 300s, 0s, 24h));
  Duration forget_after = fields.Time("forget_after", 1h, 1s, 24h * 365);
  auto anchors = fields.Strings("anchors");
  for (auto& anchor : anchors)
    if (auto parsed = ParseHostPort(anchor); !parsed.ok())
      fields.Error("anchors", std::string(parsed.status().message()));
  for (auto& set : all) {
    set.rto_objective_seconds = rto;
    set.rpo_objective_seconds = rpo;
    set.forget_after = forget_after;
    set.anchors = anchors;
  }
  if (all.empty()) fields.Error("clusters", "nothing to watch");
  auto read = fields.Finish();
  if (!read.ok()) return read;
  return all;
}
