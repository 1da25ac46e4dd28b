#include "exporters/postgres-ha/routes.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {

const Metric kOk("postgres_ha_route_ok", Type::kGauge,
                 "Whether the last session through the route landed right: session is fresh (a new "
                 "one, as of a client that connects now) or kept (as of a client with a pool).",
                 "pg_cluster", "target_site", "route", "session");
const Metric kSeconds("postgres_ha_route_state_seconds_total", Type::kCounter,
                      "Time by where sessions through the route landed. wrong_role: on a member that "
                      "takes no writes (rw), or that does (ro), or of another data set; other: "
                      "closed, unreachable, starting.",
                      "pg_cluster", "target_site", "route", "session", "state");
const Metric kDuration("postgres_ha_route_session_duration_seconds", Type::kGauge,
                       "How long the last session took: fresh from connect to the answer of a "
                       "query, kept the query alone.",
                       "pg_cluster", "target_site", "route", "session");
const Metric kSessions("postgres_ha_route_sessions_total", Type::kCounter,
                       "New sessions by the member that they landed on; other: on a server that is "
                       "no known member.",
                       "pg_cluster", "target_site", "route", "member");
const Metric kInterval("postgres_ha_route_interval_seconds", Type::kGauge,
                       "How often a new session is opened while all is calm.", "pg_cluster");

constexpr std::string_view kStates[] = {"ok", "wrong_role", "refused", "timeout", "denied", "other"};
// After a change of state the time between two looks is shared between the two states, the new one
// getting this much at most: a change makes the looks come quickly.
constexpr Duration kNewShare = 250ms;
// So many in a row make it sure that it is mended since: fewer may be luck.
constexpr int kSure = 7;

std::string_view RouteLabel(RouteKind kind) {
  return kind == RouteKind::kReadWrite ? "rw" : "ro";
}

std::string_view SessionLabel(bool fresh) { return fresh ? "fresh" : "kept"; }

bool HasRoute(const SiteOptions& site, RouteKind kind) {
  return std::any_of(site.routes.begin(), site.routes.end(),
                     [&](auto& route) { return route.kind == kind; });
}

ServiceOptions ToServiceOptions(const DataSetOptions& o, RouteKind kind) {
  ServiceOptions s;
  s.service = kind == RouteKind::kReadWrite ? "postgres_rw" : "postgres_ro";
  s.scope = o.name;
  s.essence = kind == RouteKind::kReadWrite ? "a route to the leader" : "a route to a standby";
  s.rto_objective_seconds = o.rto_objective_seconds;
  Duration interval = o.sites.front().route_interval;
  s.look_interval_seconds = Seconds(interval);
  s.patience_seconds = Seconds(3 * interval + LongestLookDeadline(o));
  s.rise = kRouteRise;
  s.sure = kSure;
  s.has_holder = false;
  return s;
}

}  // namespace

bool LandsRight(RouteKind kind, bool accepts_primary, const SqlLook& landed) {
  return kind == RouteKind::kReadWrite ? landed.Writable() : landed.in_recovery || accepts_primary;
}

std::string RouteEyeName(const std::string& site, RouteKind kind, bool fresh) {
  return "route " + site + "/" + std::string(RouteLabel(kind)) + " " +
         std::string(SessionLabel(fresh));
}

void Routes::Configure(const DataSetOptions& options) {
  options_ = options;
  std::map<Key, Watched> kept;
  for (auto& site : options_.sites)
    for (auto& route : site.routes)
      for (bool fresh : {true, false}) {
        Key key(site.name, route.kind, fresh);
        kept[key] = watched_[key];
      }
  watched_ = std::move(kept);
  for (RouteKind kind : {RouteKind::kReadWrite, RouteKind::kReadOnly}) {
    bool wanted = std::any_of(options_.sites.begin(), options_.sites.end(),
                              [&](auto& site) { return HasRoute(site, kind); });
    if (!wanted) judged_.erase(kind);
    else judged_.try_emplace(kind, Judged{Service(ToServiceOptions(options_, kind)), {}})
             .first->second.service.Configure(ToServiceOptions(options_, kind));
  }
}

std::string Routes::StateOf(const std::string& site, const RouteLook& look,
                            const std::string& landed_on) const {
  switch (look.landed.answer) {
    case Answer::kAnswered: break;
    case Answer::kRefused: return "refused";
    case Answer::kTimeout: return "timeout";
    case Answer::kDenied:
    case Answer::kFull: return "denied";
    default: return "other";
  }
  if (landed_on == "foreign") return "wrong_role";
  bool accepts = std::any_of(options_.sites.begin(), options_.sites.end(), [&](auto& s) {
    return s.name == site && s.read_only_accepts_primary;
  });
  return LandsRight(look.route, accepts, look.landed) ? "ok" : "wrong_role";
}

void Routes::Account(Watched& w, const std::string& state, const Evidence& e) const {
  if (!w.state.empty() && e.end > w.end) {
    Duration gap = std::min(e.end - w.end, 3 * options_.sites.front().route_interval + 2s);
    Duration share = std::min(gap / 2, kNewShare);
    w.state_seconds[w.state] += Seconds(gap - share);
    w.state_seconds[state] += Seconds(share);
  }
  w.state = state;
  w.end = e.end;
  w.seconds = Seconds(e.end - e.begin);
}

// The routes of the site that leads, or all where that one has none.
std::set<std::string> Routes::Candidates(RouteKind kind, const std::string& leading) const {
  std::set<std::string> all, there;
  for (auto& site : options_.sites) {
    if (!HasRoute(site, kind)) continue;
    all.insert(RouteEyeName(site.name, kind, true));
    if (site.name == leading) there.insert(RouteEyeName(site.name, kind, true));
  }
  return there.empty() ? all : there;
}

bool Routes::Step(const Evidence& e, const RouteLook& look, const std::string& landed_on,
                  const std::string& leading, const Now& now) {
  auto watched = watched_.find({e.member.site, look.route, look.fresh});
  auto judged = judged_.find(look.route);
  if (watched == watched_.end() || judged == judged_.end()) return false;
  if (look.landed.answer == Answer::kOurs) return false;
  Watched& w = watched->second;
  const std::string state = StateOf(e.member.site, look, landed_on);
  bool right = state == "ok", edge = !w.state.empty() && right != w.right;
  Account(w, state, e);
  w.right = right;
  if (look.fresh && !landed_on.empty()) ++w.sessions[landed_on == "foreign" ? "other" : landed_on];

  auto& [service, sweep] = judged->second;
  auto candidates = Candidates(look.route, leading);
  // A standby site's port for reading always lands on a standby: it proves nothing for the others.
  std::string proof = RouteEyeName(e.member.site, look.route, true);
  if (look.route == RouteKind::kReadOnly && !candidates.count(proof)) return edge;
  Result result = state == "denied" ? Result::kVoid
                  : look.fresh      ? (right ? Result::kOk : Result::kFail)
                  : right           ? Result::kLikely
                                    : Result::kVoid;
  sweep.SetCandidates(std::move(candidates));
  auto whole = sweep.Add(e.eye, {result, e.begin, e.end});
  if (!whole) return edge;
  if (whole->result != Result::kLikely) service.Looked(e.end);
  auto event = service.Attempted(*whole, now);
  return edge || event.opened || event.closed;
}

void Routes::Show(const std::vector<std::string>& members, const Now& now, Samples& out) const {
  for (auto& [kind, judged] : judged_) judged.service.Show(now, {}, out);
  if (!judged_.empty())
    out.Add(kInterval, {options_.name}, Seconds(options_.sites.front().route_interval));
  for (auto& entry : watched_) {
    auto& key = entry.first;  // clang 14 captures no structured binding
    auto& w = entry.second;
    const std::string& site = std::get<0>(key);
    const bool fresh = std::get<2>(key);
    auto route = RouteLabel(std::get<1>(key)), session = SessionLabel(fresh);
    for (auto state : kStates) {
      auto seconds = w.state_seconds.find(std::string(state));
      out.Add(kSeconds, {options_.name, site, route, session, state},
              seconds == w.state_seconds.end() ? 0 : seconds->second);
    }
    if (fresh) {
      auto landed = [&](const std::string& member) {
        auto n = w.sessions.find(member);
        out.Add(kSessions, {options_.name, site, route, member}, n == w.sessions.end() ? 0 : n->second);
      };
      for (auto& member : members) landed(member);
      landed("other");
    }
    Duration patience = fresh ? 3 * options_.sites.front().route_interval + 2s : 3s;
    if (w.state.empty() || now.at - w.end > patience) continue;
    out.Add(kOk, {options_.name, site, route, session}, w.right);
    out.Add(kDuration, {options_.name, site, route, session}, w.seconds);
  }
}

std::vector<Service*> Routes::services() {
  std::vector<Service*> all;
  for (auto& [kind, judged] : judged_) all.push_back(&judged.service);
  return all;
}

std::vector<const Service*> Routes::services() const {
  std::vector<const Service*> all;
  for (auto& [kind, judged] : judged_) all.push_back(&judged.service);
  return all;
}

const Service* Routes::service(RouteKind kind) const {
  auto judged = judged_.find(kind);
  return judged == judged_.end() ? nullptr : &judged->second.service;
}

int Routes::facts_revision() const {
  int sum = 0;
  for (auto& [kind, judged] : judged_) sum += judged.service.facts_revision();
  return sum;
}
