#include "exporters/postgres-ha/groups.h"

#include "exporters/postgres-ha/anchor_eye.h"
#include "exporters/postgres-ha/canary_eye.h"
#include "exporters/postgres-ha/config.h"
#include "exporters/postgres-ha/etcd_eye.h"
#include "exporters/postgres-ha/etcd_watch_eye.h"
#include "exporters/postgres-ha/haproxy_eye.h"
#include "exporters/postgres-ha/patroni_eye.h"
#include "exporters/postgres-ha/patroni_cluster.h"
#include "exporters/postgres-ha/postgres_eye.h"
#include "exporters/postgres-ha/route_eye.h"

namespace {

constexpr Duration kPatroniInterval = std::chrono::seconds(2);
// A new session takes some round trips and 15 ms of work on both sides.
constexpr Duration kLoginDeadline = std::chrono::seconds(1);

using BoardPointer = std::shared_ptr<DataSetBoard>;

std::string Joined(std::initializer_list<const std::string*> parts) {
  std::string out;
  for (auto* part : parts) out += *part + '\0';
  return out;
}

// What identifies settings, without spelling a password out.
std::string Hidden(const std::string& secret) {
  return std::to_string(std::hash<std::string>()(secret));
}

std::string Fingerprint(const HttpOptions& o) {
  return Joined({&o.ca_file, &o.cert_file, &o.key_file, &o.user}) + Hidden(o.password);
}

std::string Fingerprint(const HaproxyOptions& o) {
  return Joined({&o.url, &o.rw_proxy, &o.ro_proxy, &o.user}) + Hidden(o.password);
}

std::string Fingerprint(const EtcdOptions& o) {
  std::string out = Joined({&o.prefix}) + Fingerprint(o.http);
  for (auto& endpoint : o.endpoints) out += '\0' + endpoint;
  return out;
}

std::string Fingerprint(const SiteOptions& site) {
  const ConnectionOptions& c = site.connection;
  std::string out = Hidden(c.password) + Fingerprint(site.http) +
                    Joined({&c.user, &c.database, &c.sslmode, &c.sslrootcert, &c.sslcert, &c.sslkey});
  for (Duration d : {site.look_interval, site.look_deadline, site.route_interval,
                     site.canary_interval, site.heartbeat_interval})
    out += '\0' + std::to_string(d.count());
  return out;
}

// A target that only looks; one that also collects sets `collects`.
Target MakeTarget(const DataSet& d, const SiteOptions& site, std::string kind, std::string name,
                  std::string fingerprint, std::unique_ptr<Collector> collector) {
  Target t;
  t.kind = std::move(kind);
  t.name = d.options().name + "/" + name;
  t.labels = RenderLabels({{"pg_cluster", d.options().name}, {"target_site", site.name},
                           {"member", name}});
  t.fingerprint = std::move(fingerprint) + '\0' + Fingerprint(site);
  t.look_deadline = site.look_deadline;
  t.collects = false;
  t.collector = std::move(collector);
  return t;
}

void AddMembers(const BoardPointer& board, const DataSet& d, const SiteOptions& site,
                std::vector<Target>& targets) {
  for (auto& [id, member] : d.members()) {
    if (id.site != site.name) continue;
    std::string label = LabelOf(d.members(), id);
    ConnectionOptions connection = site.connection;
    connection.host = member.host;
    connection.port = member.port;
    const std::string address = member.host + ":" + std::to_string(member.port);
    if (!member.host.empty()) {
      Target postgres = MakeTarget(d, site, "postgres", label, address,
                                   std::make_unique<PostgresEye>(board, id, connection,
                                                                 site.look_interval,
                                                                 site.look_deadline));
      postgres.collects = true;
      targets.push_back(std::move(postgres));
    }
    if (!member.host.empty() && site.canary_interval > Duration::zero()) {
      Target canary = MakeTarget(d, site, "canary", label, address,
                                 std::make_unique<CanaryEye>(board, id, connection,
                                                             site.canary_interval,
                                                             site.heartbeat_interval));
      canary.look_deadline = std::max(canary.look_deadline, kLoginDeadline);
      targets.push_back(std::move(canary));
    }
    if (!member.api_url.empty()) {
      std::string url = member.api_url.substr(0, member.api_url.find("/patroni"));
      targets.push_back(MakeTarget(
          d, site, "patroni", label, url,
          std::make_unique<PatroniEye>(board, id, url, site.http, kPatroniInterval)));
    }
  }
}

void AddSeeds(const BoardPointer& board, const DataSet& d, const SiteOptions& site,
              std::vector<Target>& targets) {
  for (auto& url : d.Seeds(site))
    targets.push_back(MakeTarget(d, site, "patroni", HostPortOf(url), url,
                                 std::make_unique<PatroniEye>(board, MemberId{site.name, ""}, url,
                                                              site.http, kPatroniInterval)));
}

void AddRoutes(const BoardPointer& board, const DataSet& d, const SiteOptions& site,
               std::vector<Target>& targets) {
  for (auto& route : site.routes)
    for (bool fresh : {false, true}) {
      std::string name = site.name + (route.kind == RouteKind::kReadWrite ? "/rw" : "/ro");
      Target target = MakeTarget(d, site, fresh ? "route_fresh" : "route_kept", name,
                                 route.host + ":" + std::to_string(route.port) +
                                     (site.read_only_accepts_primary ? " accepts primary" : ""),
                                 std::make_unique<RouteEye>(board, site, route, fresh));
      if (fresh) target.look_deadline = std::max(target.look_deadline, kLoginDeadline);
      targets.push_back(std::move(target));
    }
}

void AddProxiesAndStore(const BoardPointer& board, const DataSet& d, const SiteOptions& site,
                        std::vector<Target>& targets) {
  for (auto& haproxy : site.haproxies)
    targets.push_back(MakeTarget(d, site, "haproxy", haproxy.url, Fingerprint(haproxy),
                                 std::make_unique<HaproxyEye>(board, site.name, haproxy)));
  for (auto& url : site.etcd.endpoints)
    targets.push_back(MakeTarget(d, site, "etcd", site.name + "/" + HostPortOf(url),
                                 Fingerprint(site.etcd),
                                 std::make_unique<EtcdEye>(board, site.name, url, site.etcd.http)));
  if (site.etcd.watch)
    targets.push_back(MakeTarget(d, site, "etcd_watch", site.name, Fingerprint(site.etcd),
                                 std::make_unique<EtcdWatchEye>(board, site.name, site.etcd)));
}

void AddAnchors(const BoardPointer& board, const DataSet& d, std::vector<Target>& targets) {
  for (auto& anchor : d.options().anchors) {
    auto parsed = ParseHostPort(anchor);
    if (!parsed.ok()) continue;
    targets.push_back(MakeTarget(d, d.options().sites.front(), "anchor", anchor, anchor,
                                 std::make_unique<AnchorEye>(board, *parsed)));
  }
}

std::vector<Target> TargetsOf(const BoardPointer& board) {
  return board->With([&](const DataSet& d) {
    std::vector<Target> targets;
    for (auto& site : d.options().sites) {
      AddMembers(board, d, site, targets);
      AddSeeds(board, d, site, targets);
      AddRoutes(board, d, site, targets);
      AddProxiesAndStore(board, d, site, targets);
    }
    AddAnchors(board, d, targets);
    return targets;
  });
}

}  // namespace

absl::StatusOr<std::vector<Group>> LoadGroups(Fields& config, const std::vector<Group>& running) {
  auto sets = ReadConfig(config);
  if (!sets.ok()) return sets.status();
  std::vector<Group> groups;
  for (auto& options : *sets) {
    std::string name = options.name;
    auto board = RunningBoard<DataSetBoard>(running, name);
    if (board) board->With([&](DataSet& d) { d.Configure(std::move(options)); });
    else board = std::make_shared<DataSetBoard>(DataSet(std::move(options)));
    groups.push_back({name, board, [board] { return TargetsOf(board); }});
  }
  return groups;
}
