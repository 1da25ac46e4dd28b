#include "exporters/postgres-ha/groups.h"

#include "exporters/postgres-ha/anchor.h"
#include "exporters/postgres-ha/config.h"
#include "exporters/postgres-ha/patroni.h"
#include "exporters/postgres-ha/patroni_cluster.h"
#include "exporters/postgres-ha/postgres.h"

namespace {

constexpr Duration kPatroniInterval = std::chrono::seconds(2);

using BoardPointer = std::shared_ptr<DataSetBoard>;

// What identifies a connection's settings, without spelling its password out.
std::string Fingerprint(const SiteOptions& site) {
  const ConnectionOptions& c = site.connection;
  std::size_t secret = std::hash<std::string>()(c.password);
  std::string out = std::to_string(secret);
  for (auto* part : {&c.user, &c.database, &c.sslmode, &c.sslrootcert, &c.sslcert, &c.sslkey,
                     &site.http.ca_file, &site.http.cert_file, &site.http.key_file})
    out += '\0' + *part;
  return out + '\0' + std::to_string(site.look_interval.count()) + '\0' +
         std::to_string(site.look_deadline.count());
}

Target MakeTarget(const DataSet& d, const SiteOptions& site, std::string kind, std::string name,
                  std::string fingerprint, std::unique_ptr<Collector> collector) {
  Target t;
  t.kind = std::move(kind);
  t.name = d.options().name + "/" + name;
  t.labels = RenderLabels({{"pg_cluster", d.options().name}, {"target_site", site.name},
                           {"member", name}});
  t.fingerprint = std::move(fingerprint) + '\0' + Fingerprint(site);
  t.look_deadline = site.look_deadline;
  t.collects = t.kind == "postgres";
  t.collector = std::move(collector);
  return t;
}

void AddMembers(const BoardPointer& board, const DataSet& d, const SiteOptions& site,
                std::vector<Target>& targets) {
  for (auto& [id, member] : d.members()) {
    if (id.site != site.name) continue;
    std::string label = LabelOf(d.members(), id);
    if (!member.host.empty()) {
      ConnectionOptions connection = site.connection;
      connection.host = member.host;
      connection.port = member.port;
      targets.push_back(MakeTarget(
          d, site, "postgres", label, member.host + ":" + std::to_string(member.port),
          std::make_unique<PostgresEye>(board, id, connection, site.look_interval)));
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
    }
    AddAnchors(board, d, targets);
    return targets;
  });
}

BoardPointer Running(const std::vector<Group>& running, const std::string& name) {
  for (auto& group : running)
    if (group.name == name) return std::dynamic_pointer_cast<DataSetBoard>(group.judge);
  return nullptr;
}

}  // namespace

absl::StatusOr<std::vector<Group>> LoadGroups(Fields& config, const std::vector<Group>& running) {
  auto sets = ReadConfig(config);
  if (!sets.ok()) return sets.status();
  std::vector<Group> groups;
  for (auto& options : *sets) {
    std::string name = options.name;
    BoardPointer board = Running(running, name);
    if (board) board->With([&](DataSet& d) { d.Configure(std::move(options)); });
    else board = std::make_shared<DataSetBoard>(DataSet(std::move(options)));
    groups.push_back({name, board, [board] { return TargetsOf(board); }});
  }
  return groups;
}
