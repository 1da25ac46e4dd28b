// How the verdict on a data set shows itself on the page.
#include "exporters/postgres-ha/show_objectives.h"
#include "exporters/postgres-ha/verdict.h"

namespace {

const Metric kUp("postgres_ha_member_up", Type::kGauge,
                 "Whether the member answers by SQL within the look deadline.", "pg_cluster",
                 "target_site", "member");
const Metric kState("postgres_ha_member_state", Type::kStateSet,
                    "What the member is by SQL: primary takes writes, read_only is a primary whose "
                    "default_transaction_read_only is on, the rest does not answer, and why.",
                    "pg_cluster", "target_site", "member", "state");
const Metric kStateSeconds("postgres_ha_member_state_seconds_total", Type::kCounter,
                           "Time the member spent in each state.", "pg_cluster", "target_site",
                           "member", "state");
const Metric kWritable("postgres_ha_member_writable", Type::kGauge,
                       "Whether the member takes writes, by SQL.", "pg_cluster", "target_site",
                       "member");
const Metric kInfo("postgres_ha_member_info", Type::kInfo, "Who the member is.", "pg_cluster",
                   "target_site", "member", "server_version", "system_identifier", "host", "port");
const Metric kForeign("postgres_ha_member_foreign", Type::kGauge,
                      "Whether the member belongs to another data set (system identifier): it is "
                      "left out of every verdict.",
                      "pg_cluster", "target_site", "member");
const Metric kStart("postgres_ha_member_start_timestamp_seconds", Type::kGauge,
                    "When the member's postmaster started.", "pg_cluster", "target_site", "member");
const Metric kTimeline("postgres_ha_member_timeline", Type::kGauge,
                       "The timeline that the member writes or receives.", "pg_cluster",
                       "target_site", "member");
const Metric kPosition("postgres_ha_member_wal_position_bytes", Type::kGauge,
                       "WAL written (on a primary), received and replayed (on a standby).",
                       "pg_cluster", "target_site", "member", "stage");
const Metric kReplayed("postgres_ha_member_replayed_timestamp_seconds", Type::kGauge,
                       "Commit time of the last replayed transaction.", "pg_cluster", "target_site",
                       "member");
const Metric kClockOffset("postgres_ha_clock_offset_seconds", Type::kGauge,
                          "The member's clock minus the exporter's, by the shortest of the last "
                          "looks: right to half of what that look took.",
                          "pg_cluster", "target_site", "member");
const Metric kWritableMembers("postgres_ha_writable_members", Type::kGauge,
                              "How many members take writes now, over all sites.", "pg_cluster");
const Metric kForgetAfter("postgres_ha_member_forget_after_seconds", Type::kGauge,
                          "How long a member that is neither listed nor reachable stays visible.",
                          "pg_cluster");

}  // namespace

void DataSet::Show(const Now& now, Samples& out) const {
  std::vector<std::string> holders;
  double writable = 0;
  for (auto& [id, member] : members_) {
    holders.push_back(LabelOf(members_, id));
    if (Fresh(id, member, now.at) && member.sql->Writable() && !Foreign(member)) ++writable;
    ShowMember(id, member, now, out);
    ShowLag(id, member, now, out);
    ShowDivergence(id, member, now, out);
  }
  postgres_.Show(now, holders, out);
  if (postgres_.Known(now)) out.Add(kWritableMembers, {options_.name}, writable);
  ShowProspects(now, out);
  ShowIncidents(out);
  ShowPhases(now, out);
  routes_.Show(holders, now, out);
  const Roles roles = RolesAt(now);
  patroni_.Show(options_, members_, roles, written_, now, out);
  haproxy_.Show(options_, members_, roles, now, out);
  etcd_.Show(options_, now, out);
  canaries_.Show(options_, members_, roles, now, out);
  ShowObjectives(options_, out);
  ShowExpectedMembers(options_, members_, out);
  out.Add(kForgetAfter, {options_.name}, Seconds(options_.forget_after));
}

Roles DataSet::RolesAt(const Now& now) const {
  Roles roles;
  for (auto& [id, m] : members_)
    if (Fresh(id, m, now.at) && m.sql->answer == Answer::kAnswered && !Foreign(m))
      roles[id] = m.sql->Writable();
  return roles;
}

void DataSet::ShowMember(const MemberId& id, const Member& m, const Now& now, Samples& out) const {
  const std::string &cluster = options_.name, &site = id.site, label = LabelOf(members_, id);
  for (auto state : kMemberStates) {
    auto seconds = m.state_seconds.find(std::string(state));
    out.Add(kStateSeconds, {cluster, site, label, state},
            seconds == m.state_seconds.end() ? 0 : seconds->second);
  }
  if (!Fresh(id, m, now.at)) return;
  const SqlLook& look = *m.sql;
  if (look.answer != Answer::kOurs)
    out.Add(kUp, {cluster, site, label}, look.answer == Answer::kAnswered);
  out.AddState(kState, {cluster, site, label, ""}, kMemberStates, StateOf(look));
  if (look.answer == Answer::kRefused) out.Add(kWritable, {cluster, site, label}, 0);
  if (look.answer != Answer::kAnswered) return;
  out.Add(kWritable, {cluster, site, label}, look.Writable());
  out.Add(kForeign, {cluster, site, label}, Foreign(m));
  std::string version = std::to_string(look.version / 10000) + "." + std::to_string(look.version % 10000);
  out.Add(kInfo,
          {cluster, site, label, version, look.system_identifier, m.host, std::to_string(m.port)}, 1);
  out.Add(kStart, {cluster, site, label}, look.start_unix_seconds);
  if (look.timeline) out.Add(kTimeline, {cluster, site, label}, *look.timeline);
  if (look.clock_offset_seconds)
    out.Add(kClockOffset, {cluster, site, label}, *look.clock_offset_seconds);
  auto position = [&](std::string_view stage, std::optional<long long> bytes) {
    if (bytes) out.Add(kPosition, {cluster, site, label, stage}, static_cast<double>(*bytes));
  };
  position(look.in_recovery ? "replay" : "write", look.position);
  if (look.in_recovery) position("receive", look.received);
  if (look.in_recovery && look.replayed_unix_seconds)
    out.Add(kReplayed, {cluster, site, label}, *look.replayed_unix_seconds);
}
