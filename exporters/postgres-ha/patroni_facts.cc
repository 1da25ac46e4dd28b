#include "exporters/postgres-ha/patroni_facts.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kSettingsFresh = 3min;
constexpr Duration kLastSeenFresh = 30s;

const Metric kPatroniUp("postgres_ha_patroni_up", Type::kGauge,
                        "Whether the member's Patroni answers.", "pg_cluster", "target_site",
                        "member");
const Metric kPatroniRole("postgres_ha_patroni_role", Type::kStateSet,
                          "What Patroni says the member is.", "pg_cluster", "target_site", "member",
                          "role");
const Metric kPatroniRunning("postgres_ha_patroni_running", Type::kGauge,
                             "Whether Patroni says the member's PostgreSQL is running, streaming or in archive recovery.",
                             "pg_cluster", "target_site", "member");
const Metric kPaused("postgres_ha_patroni_paused", Type::kGauge,
                     "Whether automatic failover is paused.", "pg_cluster", "target_site");
const Metric kScheduled("postgres_ha_patroni_scheduled_switchover_timestamp_seconds", Type::kGauge,
                        "For when a switchover is scheduled; absent without one.", "pg_cluster",
                        "target_site");
const Metric kPendingRestart("postgres_ha_patroni_pending_restart", Type::kGauge,
                             "Whether the member must be restarted for a changed setting.",
                             "pg_cluster", "target_site", "member");
const Metric kLastSeen("postgres_ha_patroni_dcs_last_seen_timestamp_seconds", Type::kGauge,
                       "When the member's Patroni last reached its store, to the second. Asked "
                       "only while the member answers by SQL.",
                       "pg_cluster", "target_site", "member");
const Metric kDisagreement("postgres_ha_patroni_role_disagreement", Type::kGauge,
                           "Whether Patroni's role for the member is not what SQL shows: a leader "
                           "that takes no writes, or another one that does. Usual for seconds in a "
                           "switchover; a frozen Patroni causes it too, so it is weaker than "
                           "ha_split_brain.",
                           "pg_cluster", "target_site", "member");
const Metric kCandidates("postgres_ha_patroni_failover_candidates", Type::kGauge,
                         "How many members Patroni could promote if the leader failed now (in a "
                         "standby cluster: make standby leader): running, without nofailover, "
                         "answering by SQL, within maximum_lag_on_failover, and synchronous where "
                         "that is asked for. A paused Patroni promotes them by hand only.",
                         "pg_cluster", "target_site");
const Metric kTtl("postgres_ha_patroni_ttl_seconds", Type::kGauge,
                  "How long the leader's lock lasts without renewal; Patroni's default if unset.",
                  "pg_cluster", "target_site");
const Metric kLoopWait("postgres_ha_patroni_loop_wait_seconds", Type::kGauge,
                       "How long Patroni's loop sleeps; Patroni's default if unset.", "pg_cluster",
                       "target_site");
const Metric kRetryTimeout("postgres_ha_patroni_retry_timeout_seconds", Type::kGauge,
                           "How long Patroni retries its store and PostgreSQL before the leader "
                           "steps down; Patroni's default if unset.",
                           "pg_cluster", "target_site");
const Metric kMaximumLag("postgres_ha_patroni_maximum_lag_on_failover_bytes", Type::kGauge,
                         "How far behind a member may be to be promoted; Patroni's default if "
                         "unset.",
                         "pg_cluster", "target_site");
const Metric kSynchronous("postgres_ha_patroni_synchronous_mode", Type::kGauge,
                          "Whether synchronous mode is on, by standbys or by quorum; Patroni's "
                          "default (off) if unset.",
                          "pg_cluster", "target_site");
const Metric kStandbyCluster("postgres_ha_patroni_standby_cluster", Type::kGauge,
                             "Whether the site is configured as a standby cluster.", "pg_cluster",
                             "target_site");
const Metric kPromotions("postgres_ha_patroni_promotions", Type::kGauge,
                         "How many promotions led to the site's present timeline, by Patroni's "
                         "history. It falls when an older timeline takes over. Absent in a standby "
                         "cluster, which has no history of its own.",
                         "pg_cluster", "target_site");
const Metric kLastPromotion("postgres_ha_patroni_history_last_promotion_timestamp_seconds",
                            Type::kGauge, "When the present timeline began, by Patroni's history.",
                            "pg_cluster", "target_site");

using SiteMetric = Metric<2>;

template <class T>
void AddIfKnown(const SiteMetric& metric, const std::string& cluster, const std::string& site,
                const std::optional<T>& value, Samples& out) {
  if (value) out.Add(metric, {cluster, site}, static_cast<double>(*value));
}

void ShowConfig(const std::string& cluster, const std::string& site, const PatroniConfig& config,
                Samples& out) {
  AddIfKnown(kTtl, cluster, site, config.ttl_seconds, out);
  AddIfKnown(kLoopWait, cluster, site, config.loop_wait_seconds, out);
  AddIfKnown(kRetryTimeout, cluster, site, config.retry_timeout_seconds, out);
  AddIfKnown(kMaximumLag, cluster, site, config.maximum_lag_on_failover_bytes, out);
  AddIfKnown(kSynchronous, cluster, site, config.synchronous_mode, out);
  AddIfKnown(kStandbyCluster, cluster, site, config.standby_cluster, out);
}

// No history is that of the first timeline, or a standby cluster's: only the configuration tells.
void ShowHistory(const std::string& cluster, const std::string& site,
                 const std::vector<Promotion>& history, const PatroniConfig* config, Samples& out) {
  if (history.empty()) {
    if (config && config->standby_cluster == false) out.Add(kPromotions, {cluster, site}, 0);
    return;
  }
  out.Add(kPromotions, {cluster, site}, history.back().ended_timeline);
  AddIfKnown(kLastPromotion, cluster, site, history.back().unix_seconds, out);
}

}  // namespace

void PatroniFacts::Step(const MemberId& member, const PatroniLook& look, Instant end) {
  Site& site = sites_[member.site];
  if (look.has_cluster) site.state = {{look.paused, look.scheduled_switchover_unix_seconds}, end};
  if (look.config) site.config = {*look.config, end};
  if (look.history) site.history = {*look.history, end};
  std::erase_if(last_seen_, [&](auto& item) { return end - item.second.at >= kLastSeenFresh; });
  if (look.dcs_last_seen_unix_seconds && !member.name.empty())
    last_seen_[member] = {*look.dcs_last_seen_unix_seconds, end};
}

void PatroniFacts::Show(const DataSetOptions& options, const Members& members, const Roles& roles,
                        const WalRing& written, const Now& now, Samples& out) const {
  for (auto& site_options : options.sites) {
    auto site = sites_.find(site_options.name);
    if (site == sites_.end()) continue;
    ShowSite(options.name, site->first, site->second, now, out);
    if (!Young(site->second.state, now, kPatroniFresh)) continue;
    auto* config = Young(site->second.config, now, kSettingsFresh);
    AddIfKnown(kCandidates, options.name, site->first,
               FailoverCandidates(members, roles, site->first, config, written, now), out);
  }
  for (auto& [id, member] : members) ShowMember(options.name, id, members, roles, now, out);
}

void PatroniFacts::ShowSite(const std::string& cluster, const std::string& name, const Site& site,
                            const Now& now, Samples& out) const {
  if (auto* state = Young(site.state, now, kPatroniFresh)) {
    out.Add(kPaused, {cluster, name}, state->paused);
    AddIfKnown(kScheduled, cluster, name, state->scheduled_switchover_unix_seconds, out);
  }
  auto* config = Young(site.config, now, kSettingsFresh);
  if (config) ShowConfig(cluster, name, *config, out);
  if (auto* history = Young(site.history, now, kSettingsFresh))
    ShowHistory(cluster, name, *history, config, out);
}

void PatroniFacts::ShowMember(const std::string& cluster, const MemberId& id,
                              const Members& members, const Roles& roles, const Now& now,
                              Samples& out) const {
  const std::string label = LabelOf(members, id);
  auto seen = last_seen_.find(id);
  if (seen != last_seen_.end() && now.at - seen->second.at < kLastSeenFresh)
    out.Add(kLastSeen, {cluster, id.site, label}, seen->second.what);
  const Member& member = members.at(id);
  if (member.patroni_alive && now.at - member.patroni_asked < kPatroniFresh)
    out.Add(kPatroniUp, {cluster, id.site, label}, *member.patroni_alive);
  if (!Listed(member, now)) return;
  out.AddState(kPatroniRole, {cluster, id.site, label, ""},
               {"leader", "standby_leader", "sync_standby", "quorum_standby", "replica"},
               member.patroni->role);
  out.Add(kPatroniRunning, {cluster, id.site, label}, Runs(*member.patroni));
  out.Add(kPendingRestart, {cluster, id.site, label}, member.patroni->pending_restart);
  auto role = roles.find(id);
  if (role == roles.end()) return;
  if (auto disagrees = RoleDisagrees(*member.patroni, role->second))
    out.Add(kDisagreement, {cluster, id.site, label}, *disagrees);
}
