#include "exporters/postgres-ha/haproxy_facts.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "exporters/postgres-ha/haproxy_stats.h"
#include "exporters/postgres-ha/patroni_cluster.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kForgetAfter = 1h;  // a HAProxy that is no longer configured

const Metric kUp("postgres_ha_haproxy_up", Type::kGauge,
                 "Whether HAProxy tells its statistics within the look deadline.", "pg_cluster",
                 "target_site", "haproxy");
const Metric kServerUp("postgres_ha_haproxy_server_up", Type::kGauge,
                       "Whether HAProxy sends new sessions of the proxy to the server.",
                       "pg_cluster", "target_site", "haproxy", "proxy", "server");
const Metric kServer("postgres_ha_haproxy_server_info", Type::kInfo,
                     "What HAProxy says of the server (up, going_down, down, going_up, maint, drain, "
                     "nolb, no_check: going_down and going_up are up and down with checks that say "
                     "otherwise, but not yet often enough), and how its last health check went.",
                     "pg_cluster", "target_site", "haproxy", "proxy", "server", "state",
                     "check_status");
const Metric kLastChange("postgres_ha_haproxy_server_last_change_timestamp_seconds", Type::kGauge,
                         "When the server went up or down last, to two seconds.", "pg_cluster",
                         "target_site", "haproxy", "proxy", "server");
const Metric kSessions("postgres_ha_haproxy_server_sessions", Type::kGauge,
                       "Sessions on the server now.", "pg_cluster", "target_site", "haproxy",
                       "proxy", "server");
const Metric kSessionLimit("postgres_ha_haproxy_server_session_limit", Type::kGauge,
                           "Sessions that HAProxy opens to the server at most; further ones queue.",
                           "pg_cluster", "target_site", "haproxy", "proxy", "server");
const Metric kQueue("postgres_ha_haproxy_server_queue", Type::kGauge,
                    "Sessions that wait for this server.", "pg_cluster", "target_site", "haproxy",
                    "proxy", "server");
const Metric kConnections("postgres_ha_haproxy_server_connections_total", Type::kCounter,
                          "Sessions sent to the server.", "pg_cluster", "target_site", "haproxy",
                          "proxy", "server");
const Metric kErrors("postgres_ha_haproxy_server_connection_errors_total", Type::kCounter,
                     "Connections to the server that failed.", "pg_cluster", "target_site",
                     "haproxy", "proxy", "server");
const Metric kCheckFailures("postgres_ha_haproxy_server_check_failures_total", Type::kCounter,
                            "Health checks that failed while the server was up.", "pg_cluster",
                            "target_site", "haproxy", "proxy", "server");
const Metric kMismatch(
    "postgres_ha_haproxy_routing_mismatch", Type::kGauge,
    "Whether HAProxy sends sessions to a server that is not what they are for, or none to one that "
    "is: of the writing proxy to a member that takes no writes, of the reading one to the primary. "
    "What an operator took out (MAINT, DRAIN) is no mismatch. Some seconds of it go with every "
    "change of leader: as long as the checks take.",
    "pg_cluster", "target_site", "haproxy", "proxy", "server", "member");

// The path of a socket, or host:port.
std::string NameOf(const HaproxyOptions& haproxy) {
  constexpr std::string_view kUnix = "unix:";
  const std::string& url = haproxy.url;
  return url.starts_with(kUnix) ? url.substr(kUnix.size()) : HostPortOf(url);
}

std::string AddressOf(const Member& m) {
  bool v6 = m.host.find(':') != m.host.npos;
  return (v6 ? "[" + m.host + "]" : m.host) + ":" + std::to_string(m.port);
}

// The member behind a server: by address, else by name (an address may be hidden, translated, or a
// pooler's); of two that fit, the one of HAProxy's own site.
Members::const_iterator MemberOf(const HaproxyServer& server, const std::string& site,
                                 const Members& members) {
  auto best = members.end();
  int best_fit = 0;
  for (auto it = members.begin(); it != members.end(); ++it) {
    auto& [id, member] = *it;
    int fit = server.address == AddressOf(member) ? 4 : server.server == id.name ? 2 : 0;
    if (fit > 0 && id.site == site) ++fit;
    if (fit > best_fit) best = it, best_fit = fit;
  }
  return best;
}

// Out by an operator's wish; a name that does not resolve is nobody's wish.
bool TakenOut(const HaproxyServer& server) {
  std::string_view state = HaproxyStateOf(server.status);
  return (state == "maint" || state == "drain") && server.status != "MAINT (resolution)";
}

bool WritesMismatch(const HaproxyServer& server, bool writable) {
  return server.up ? !writable : writable && !TakenOut(server);
}

// Patroni's /replica refuses the leader of a standby cluster, /read-only does not: both are right.
bool ReadsMismatch(const HaproxyServer& server, bool writable, const Member& member,
                   bool accepts_primary) {
  if (server.up) return writable && !accepts_primary;
  bool standby_leader = member.patroni && member.patroni->role == "standby_leader";
  return !writable && !TakenOut(server) && !standby_leader;
}

// Nothing where the proxy is neither of the two, or SQL does not tell what the member is.
std::optional<bool> MismatchOf(const HaproxyServer& server, const Members::value_type& member,
                               const SiteOptions& site, const HaproxyOptions& haproxy,
                               const Roles& roles) {
  auto role = roles.find(member.first);
  if (role == roles.end()) return std::nullopt;
  if (server.proxy == haproxy.rw_proxy) return WritesMismatch(server, role->second);
  if (server.proxy == haproxy.ro_proxy)
    return ReadsMismatch(server, role->second, member.second, site.read_only_accepts_primary);
  return std::nullopt;
}

// The labels of a HAProxy.
struct Where {
  std::string_view cluster, site, haproxy;
};

void ShowServer(const Where& w, const HaproxyServer& s, Samples& out) {
  auto show = [&](const Metric<5>& metric, std::optional<double> value) {
    if (value) out.Add(metric, {w.cluster, w.site, w.haproxy, s.proxy, s.server}, *value);
  };
  show(kServerUp, s.up);
  out.Add(kServer, {w.cluster, w.site, w.haproxy, s.proxy, s.server, HaproxyStateOf(s.status),
                    s.check_status}, 1);
  show(kSessions, s.sessions);
  show(kSessionLimit, s.session_limit);
  show(kQueue, s.queue);
  show(kConnections, s.connections_total);
  show(kErrors, s.connection_errors_total);
  show(kCheckFailures, s.check_failures_total);
}

}  // namespace

HaproxyFacts::Changes HaproxyFacts::ChangesOf(const HaproxyLook& look, Instant end,
                                              const Changes& before) {
  Changes changes;
  for (auto& server : look.servers) {
    if (!server.last_change_seconds) continue;
    double age = *server.last_change_seconds;
    Instant at = end - FromSeconds(age);
    auto known = before.find({server.proxy, server.server});
    bool same = known != before.end() && age >= known->second.age_seconds &&
                std::chrono::abs(at - known->second.at) <= 2s;
    changes[{server.proxy, server.server}] = {same ? known->second.at : at, age};
  }
  return changes;
}

void HaproxyFacts::Step(const std::string& site, const HaproxyLook& look, Instant end) {
  Seen& seen = seen_[{site, look.name}];
  if (look.answered) seen.changes = ChangesOf(look, end, seen.changes);
  seen.look = look;
  seen.end = end;
  std::erase_if(seen_, [&](auto& item) { return end - item.second.end > kForgetAfter; });
}

void HaproxyFacts::Show(const DataSetOptions& options, const Members& members, const Roles& roles,
                        const Now& now, Samples& out) const {
  Duration held_back = 0s;  // evidence waits for the slowest eye of all sites
  for (auto& site : options.sites) held_back = std::max(held_back, site.look_deadline);
  std::set<std::pair<std::string, std::string>> shown;  // two URLs may mean the same HAProxy
  for (auto& site : options.sites) {
    for (auto& haproxy : site.haproxies) {
      auto seen = seen_.find({site.name, haproxy.url});
      if (seen == seen_.end() || now.at - seen->second.end > kHaproxyFresh + held_back) continue;
      const std::string name = NameOf(haproxy);
      if (!shown.insert({site.name, name}).second) continue;
      out.Add(kUp, {options.name, site.name, name}, seen->second.look.answered);
      for (auto& server : seen->second.look.servers) {
        ShowServer({options.name, site.name, name}, server, out);
        auto change = seen->second.changes.find({server.proxy, server.server});
        if (change != seen->second.changes.end())
          out.Add(kLastChange, {options.name, site.name, name, server.proxy, server.server},
                  std::round(now.Unix(change->second.at)));
        auto member = MemberOf(server, site.name, members);
        if (member == members.end()) continue;
        if (auto mismatch = MismatchOf(server, *member, site, haproxy, roles))
          out.Add(kMismatch, {options.name, site.name, name, server.proxy, server.server,
                              LabelOf(members, member->first)}, *mismatch);
      }
    }
  }
}
