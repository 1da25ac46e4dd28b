#include "exporters/redis-sentinel/config.h"

#include <unistd.h>

#include <algorithm>

using namespace std::chrono_literals;

namespace {

// What holds for all deployments.
struct Common {
  Duration look_interval{}, forget_after{};
  double rto_seconds = 0, rpo_seconds = 0;
  RedisObjectives objectives;
};

std::string Words(const absl::Status& status) { return std::string(status.message()); }

void ReadAuth(Fields& fields, RedisConnectionOptions& connection) {
  connection.user = fields.String("user");
  connection.password = fields.Secret("password");
  connection.password_file = fields.String("password_file");
  if (!connection.password_file.empty()) connection.password.clear();  // the session reads it
  if (connection.user.empty() || fields.Has("password") || fields.Has("password_file")) return;
  fields.Error("user", "needs 'password' or 'password_file'");
}

TlsOptions ReadTls(Fields fields) {
  TlsOptions tls;
  tls.ca_file = fields.String("ca_file");
  tls.cert_file = fields.String("cert_file");
  tls.key_file = fields.String("key_file");
  tls.server_name = fields.String("server_name");
  if (tls.cert_file.empty() != tls.key_file.empty())
    fields.Error(tls.cert_file.empty() ? "key_file" : "cert_file",
                 "'cert_file' and 'key_file' go together");
  std::string verify = fields.String("verify", "full");
  if (verify == "ca") tls.verify = TlsOptions::Verify::kCa;
  else if (verify == "none") tls.verify = TlsOptions::Verify::kNone;
  else if (verify != "full") fields.Error("verify", "not full, ca or none: '" + verify + "'");
  return tls;
}

std::optional<TlsOptions> ReadOptionalTls(Fields& fields, std::string_view key) {
  if (!fields.Has(key)) return std::nullopt;
  return ReadTls(fields.Map(key));
}

void ReadSentinels(Fields& fields, DeploymentOptions& o) {
  std::set<std::string> given;
  for (auto& text : fields.Strings("sentinels")) {
    auto address = ParseRedisAddress(text, kSentinelPort);
    if (!address.ok()) fields.Error("sentinels", Words(address.status()));
    else if (!given.insert(ToText({address->host, address->port})).second)
      fields.Error("sentinels", "'" + ToText({address->host, address->port}) + "' is given twice");
    else o.sentinels.push_back(*address);
  }
  if (!fields.Has("sentinels")) fields.Error("", "deployment '" + o.name + "' needs 'sentinels'");
}

void ReadAddressMap(Fields& fields, AddressMap& map) {
  for (Fields& item : fields.Maps("address_map")) {
    std::string announced = item.Required("announced"), dialled = item.Required("dialled");
    if (announced.empty() || dialled.empty()) continue;
    if (auto added = map.Add(announced, dialled); !added.ok()) item.Error("", Words(added));
  }
}

// An address is at one site: the one that has the network first would silently win.
void ReadNetworks(Fields& item, const std::vector<Site>& others, Site& site) {
  auto texts = item.Strings("networks");
  if (!item.Has("networks")) item.Error("", "site '" + site.name + "' needs 'networks'");
  else if (texts.empty()) item.Error("networks", "site '" + site.name + "' has none");
  for (auto& text : texts) {
    auto network = Network::Parse(text);
    if (!network.ok()) {
      item.Error("networks", Words(network.status()));
      continue;
    }
    site.networks.push_back(*network);
    for (auto& other : others)
      if (std::count(other.networks.begin(), other.networks.end(), *network))
        item.Error("networks", "'" + text + "' is at site '" + other.name + "' already");
  }
}

std::vector<Site> ReadSites(Fields& fields) {
  std::vector<Site> sites;
  std::set<std::string> names;
  for (Fields& item : fields.Maps("sites")) {
    Site site{item.Required("name"), {}};
    if (!site.name.empty() && !names.insert(site.name).second)
      item.Error("name", "site '" + site.name + "' is given twice");
    ReadNetworks(item, sites, site);
    sites.push_back(std::move(site));
  }
  return sites;
}

// Passwords that single masters have, over what all have.
void ReadMasterAuth(Fields& fields, DeploymentOptions& o) {
  for (Fields& item : fields.Maps("master_auth")) {
    std::string master = item.Required("master");
    if (!o.masters.empty() && !o.masters.count(master))
      item.Error("master", "'" + master + "' is none of 'masters'");
    RedisConnectionOptions connection = o.node;
    ReadAuth(item, connection);
    if (!o.node_of.emplace(master, std::move(connection)).second)
      item.Error("master", "'" + master + "' is given twice");
  }
}

// "" when nothing confuses the two.
std::string Confusion(const DeploymentOptions& a, const DeploymentOptions& b) {
  for (auto& seed : b.sentinels)
    for (auto& other : a.sentinels)
      if (seed.host == other.host && seed.port == other.port)
        return "asks Sentinel '" + ToText({seed.host, seed.port}) + "' as deployment '" + a.name +
               "' does: one deployment watches all masters of a Sentinel";
  if (a.prefix != b.prefix) return "";
  const std::string cure = ": give one of them a 'prefix'";
  if (a.masters.empty() || b.masters.empty())
    return "may watch a master of the same name as deployment '" + a.name + "'" + cure +
           ", or both their 'masters'";
  for (auto& name : b.masters)
    if (a.masters.count(name))
      return "watches '" + name + "' as deployment '" + a.name + "' does" + cure;
  return "";
}

void RefuseConfusion(std::vector<Fields>& items, const std::vector<DeploymentOptions>& all) {
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      if (all[i].name.empty() || all[j].name.empty() || all[i].name == all[j].name) continue;
      std::string what = Confusion(all[j], all[i]);
      if (what.empty()) continue;
      items[i].Error("", "deployment '" + all[i].name + "' " + what);
      break;
    }
}

std::string ReadPersistence(Fields& fields) {
  std::string kind = fields.String("persistence", "any");
  if (std::count(kPersistences.begin(), kPersistences.end(), kind)) return kind;
  fields.Error("persistence", "not aof, rdb, any or none: '" + kind + "'");
  return "any";
}

CanaryOptions ReadCanary(Fields canary) {
  CanaryOptions o;
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  o.key = "ha-canary:" + canary.String("name", host);
  o.interval = canary.Time("interval", 1s, 100ms, 1h);
  if (!canary.Bool("enabled", false)) o.interval = 0s;
  return o;
}

DeploymentOptions ReadDeployment(Fields& fields) {
  DeploymentOptions o;
  o.name = fields.Required("name");
  ReadSentinels(fields, o);
  for (auto& name : fields.Strings("masters")) o.masters.insert(name);
  if (fields.Has("prefix")) o.prefix = fields.Required("prefix") + "/";
  Fields sentinel_auth = fields.Map("sentinel_auth"), redis_auth = fields.Map("redis_auth");
  ReadAuth(sentinel_auth, o.sentinel);
  ReadAuth(redis_auth, o.node);
  o.sentinel.stream.tls = ReadOptionalTls(fields, "sentinel_tls");
  o.node.stream.tls = ReadOptionalTls(fields, "redis_tls");
  ReadMasterAuth(fields, o);
  o.redis_nodes = fields.Bool("redis_nodes", true);
  bool all_tls = !o.sentinels.empty() && std::all_of(o.sentinels.begin(), o.sentinels.end(),
                                                     [](auto& seed) { return seed.tls; });
  if (all_tls && !o.sentinel.stream.tls) o.sentinel.stream.tls = TlsOptions();
  ReadAddressMap(fields, o.address_map);
  o.sites = ReadSites(fields);
  Fields expected = fields.Map("expected");
  o.expected_sentinels = expected.Integer("sentinels", 0, 1, 1000);
  o.expected_replicas = expected.Integer("replicas", 0, 1, 1000);
  o.persistence = ReadPersistence(fields);
  o.canary = ReadCanary(fields.Map("canary"));
  o.look_deadline = fields.Time("query_timeout", 500ms, 50ms, 10s);
  return o;
}

DeploymentOptions LocalDefault() {
  DeploymentOptions o;
  o.name = "redis";
  o.sentinels = {{"127.0.0.1", kSentinelPort, false}};
  o.look_deadline = 500ms;
  return o;
}

RedisObjectives ReadObjectives(Fields& fields) {
  RedisObjectives o;
  o.replication_lag_bytes = fields.Size("replication_lag", o.replication_lag_bytes, 0, 1e15);
  o.backlog_seconds = Seconds(fields.Time("replication_backlog", 60s, 0s, 24h * 365));
  o.failover_test_seconds = Seconds(fields.Time("failover_test", 24h * 90, 1s, 24h * 3650));
  o.memory_ratio = fields.Number("memory", o.memory_ratio, 0, 1);
  o.clients_ratio = fields.Number("clients", o.clients_ratio, 0, 1);
  return o;
}

Common ReadCommon(Fields& fields) {
  Common c;
  Fields watch = fields.Map("watch"), objectives = fields.Map("objectives");
  c.look_interval = watch.Time("interval", 1s, 50ms, 1h);
  c.rto_seconds = Seconds(objectives.Time("rto", 10s, 1ms, 24h));
  c.rpo_seconds = Seconds(objectives.Time("rpo", 300s, 0s, 24h));
  c.objectives = ReadObjectives(objectives);
  c.forget_after = fields.Time("forget_after", 10min, 1s, 24h * 365);
  return c;
}

}  // namespace

const std::vector<std::string_view> kPersistences = {"aof", "rdb", "any", "none"};

const RedisConnectionOptions& NodeLogin(const DeploymentOptions& o, const std::string& master) {
  auto own = o.node_of.find(master);
  return own == o.node_of.end() ? o.node : own->second;
}

absl::StatusOr<std::vector<DeploymentOptions>> ReadDeployments(Fields& fields) {
  std::vector<DeploymentOptions> all;
  std::set<std::string> names;
  auto items = fields.Maps("deployments");
  for (Fields& item : items) {
    all.push_back(ReadDeployment(item));
    const std::string& name = all.back().name;
    if (!name.empty() && !names.insert(name).second)
      item.Error("name", "deployment '" + name + "' is given twice");
  }
  RefuseConfusion(items, all);
  if (!fields.Has("deployments")) all.push_back(LocalDefault());
  const Common common = ReadCommon(fields);
  for (auto& o : all) {
    o.look_interval = common.look_interval;
    o.forget_after = common.forget_after;
    o.rto_objective_seconds = common.rto_seconds;
    o.rpo_objective_seconds = common.rpo_seconds;
    o.objectives = common.objectives;
  }
  if (all.empty()) fields.Error("deployments", "nothing to watch");
  auto read = fields.Finish();
  if (!read.ok()) return read;
  return all;
}
