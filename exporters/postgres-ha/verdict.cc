#include "exporters/postgres-ha/verdict.h"

#include <algorithm>

#include "exporters/postgres-ha/patroni_cluster.h"

using namespace std::chrono_literals;

namespace {

// After an edge everything is looked at faster, for long enough to see the end of most failovers.
constexpr Duration kFastFor = 120s;
constexpr std::size_t kMaxMembers = 200;

ServiceOptions ToServiceOptions(const DataSetOptions& o) {
  ServiceOptions s;
  s.service = "postgres";
  s.scope = o.name;
  s.essence = "a member that takes writes";
  s.rto_objective_seconds = o.rto_objective_seconds;
  s.rpo_objective_seconds = o.rpo_objective_seconds;
  Duration interval = o.sites.front().look_interval;
  s.look_interval_seconds = Seconds(interval);
  s.patience_seconds = Seconds(3 * interval + LongestLookDeadline(o));
  return s;
}

std::string IncarnationOf(const SqlLook& look) {
  return std::to_string(look.start_unix_seconds) + " " + std::to_string(look.timeline.value_or(0));
}

// Whether the look says nothing at all about the server.
bool Mute(const SqlLook& look) {
  return look.answer == Answer::kDenied || look.answer == Answer::kFull ||
         look.answer == Answer::kOurs;
}

}  // namespace

DataSet::DataSet(DataSetOptions options)
    : options_(std::move(options)),
      postgres_(ToServiceOptions(options_)),
      routes_(options_) {
  Configure(options_);
}

void DataSet::Configure(DataSetOptions options) {
  options_ = std::move(options);
  postgres_.Configure(ToServiceOptions(options_));
  routes_.Configure(options_);
  anchors_.clear();
  for (auto& [id, member] : members_)
    if (!Site(id.site)) split_brain_.Forget(PostgresEyeName(id));
  std::erase_if(members_, [&](auto& item) { return !Site(item.first.site); });
  for (auto& [id, member] : members_) member.configured = false;
  for (auto& site : options_.sites) {
    for (auto& configured : site.members) {
      Member& member = members_[{site.name, configured.name}];
      member.host = configured.host;
      member.port = configured.port;
      member.configured = true;
    }
  }
  ++targets_revision_;
}

void DataSet::Step(const Evidence& e, const Now& now) {
  if (!e.member.site.empty() && !Site(e.member.site)) return;  // a reload took it away
  if (auto* sql = std::get_if<SqlLook>(&e.seen)) StepSql(e, *sql, now);
  if (auto* patroni = std::get_if<PatroniLook>(&e.seen)) StepPatroni(e, *patroni);
  if (auto* anchor = std::get_if<AnchorLook>(&e.seen)) {
    anchors_[e.eye] = {anchor->reached, e.end};
    if (anchor->reached) contact_ = std::max(contact_, e.begin);
  }
  if (auto* route = std::get_if<RouteLook>(&e.seen)) {
    std::string leading = reference_.site.empty() ? options_.sites.front().name : reference_.site;
    if (routes_.Step(e, *route, LandedOn(route->landed), leading, now)) Suspect(e.end);
  }
  if (auto* canary = std::get_if<CanaryLook>(&e.seen)) canaries_.Step(e.member, *canary, e.end);
  if (auto* beat = std::get_if<HeartbeatLook>(&e.seen)) canaries_.Step(e.member, *beat, e.end);
  const std::string& site = e.member.site;
  if (auto* haproxy = std::get_if<HaproxyLook>(&e.seen)) haproxy_.Step(site, *haproxy, e.end);
  if (auto* etcd = std::get_if<EtcdLook>(&e.seen)) etcd_.Step(site, *etcd, e.end);
  if (auto* dcs = std::get_if<DcsLook>(&e.seen)) {
    locks_[site].Step(*dcs, e.end);
    Learn(dcs->history);
  }
  open_loss_.Expire(e.end);
  if (Forget(members_, e.end, options_.forget_after)) ++targets_revision_;
  fast_ = e.end < fast_until_;
}

void DataSet::StepPatroni(const Evidence& e, const PatroniLook& look) {
  patroni_.Step(e.member, look, e.end);
  if (look.alive) contact_ = std::max(contact_, e.begin);
  if (look.history) Learn(*look.history);
  if (look.has_cluster && members_.size() < kMaxMembers) {
    if (Discover(members_, e.member.site, look, e.end)) ++targets_revision_;
  }
  for (auto& [id, member] : members_) {
    if (id.site != e.member.site || HostPortOf(member.api_url) != look.asked) continue;
    if (look.alive && !member.patroni_proven) ++targets_revision_;  // the seeds may go now
    member.patroni_proven = member.patroni_proven || look.alive;
    member.patroni_alive = look.alive;
    member.patroni_asked = e.end;
  }
}

void DataSet::StepSql(const Evidence& e, const SqlLook& look, const Now& now) {
  auto found = members_.find(e.member);
  if (found == members_.end()) return;
  Member& member = found->second;
  const Before before{member.begin, member.goodbye,
                      member.sql && member.sql->Writable(),
                      std::max(member.replayed, member.received), member.replayed};
  Remember(e, look, member);
  if (Foreign(member)) return split_brain_.Forget(e.eye);

  Result result = look.Writable() ? Result::kOk : Mute(look) ? Result::kVoid : Result::kFail;
  sweep_.SetCandidates(Candidates());
  if (auto whole = sweep_.Add(e.eye, {result, e.begin, e.end})) Attempted(*whole, now);
  const bool two_before = split_brain_.proven();
  if (auto seconds = split_brain_.Step(e.eye, IncarnationOf(look), look.Writable(), e.begin, e.end))
    postgres_.SplitBrain(*seconds);
  if (split_brain_.proven() && !two_before)
    incidents_.TwoLeaders(WritersInWords(), now.Unix(e.end));
  postgres_.SetSplitBrain(split_brain_.proven());
  if (look.Writable()) Writable(e, look, before, now);
  else if (e.member == reference_) Suspect(e.end);
  else GiveWay(e, member, now);
}

void DataSet::Remember(const Evidence& e, const SqlLook& look, Member& m) {
  Duration gap = std::min(e.end - m.end, 3 * (e.end - e.begin) + Patience(e.member.site));
  if (m.sql) m.state_seconds[std::string(StateOf(look))] += Seconds(gap);
  m.begin = e.begin;
  m.end = e.end;
  m.sql = look;
  if (look.goodbye) m.goodbye = true;
  if (!look.Writable() && !Mute(look) && m.stopped_by < m.writable_until) {
    m.stopped_by = e.begin;
    m.stopped_end = e.end;
    m.stopped_silent = look.answer == Answer::kTimeout;
  }
  if (!Mute(look) && look.answer != Answer::kTimeout && look.answer != Answer::kUnreachable)
    contact_ = std::max(contact_, e.begin);
  if (look.answer != Answer::kAnswered) return;
  m.present = e.end;
  m.system_identifier = look.system_identifier;
  m.start_unix_seconds = look.start_unix_seconds;
  if (look.in_recovery) m.replayed = look.position, m.received = look.received;
  if (auto timeline = look.in_recovery ? look.receiving_timeline : look.timeline) {
    m.wal_timeline = *timeline;
    m.wal_position = std::max(look.position, look.received).value_or(-1);
  }
  if (!look.Writable()) return;
  m.was_writable = true;
  m.writable_begin = e.begin;
  m.writable_until = e.end;
  m.goodbye = false;
  m.replayed.reset(), m.received.reset();
}

// A data set has one system identifier: that of the first site that tells one.
std::string DataSet::SystemIdentifier() const {
  for (auto& site : options_.sites)
    for (auto& [id, member] : members_)
      if (id.site == site.name && !member.system_identifier.empty()) return member.system_identifier;
  return "";
}

bool DataSet::Foreign(const Member& m) const {
  return !m.system_identifier.empty() && m.system_identifier != SystemIdentifier();
}

// Who could hold the role: members of the first site, and whoever was seen writable. Those who do not
// let us in cannot tell, and are left out; but if that is the holder, nothing can be said at all.
std::set<std::string> DataSet::Candidates() const {
  std::set<std::string> eyes;
  for (auto& [id, m] : members_) {
    bool could_hold = id.site == options_.sites.front().name || m.was_writable;
    bool mute = m.sql && Mute(*m.sql) && id != reference_;
    if (could_hold && !mute && !Foreign(m) && !m.host.empty()) eyes.insert(PostgresEyeName(id));
  }
  return eyes;
}

void DataSet::Attempted(const Attempt& attempt, const Now& now) {
  bool alone = !anchors_.empty() && contact_ < attempt.begin;
  for (auto& [eye, anchor] : anchors_) alone = alone && !anchor.first;
  // Nothing answers, not even the anchors: the fault is ours, and proves nothing.
  if (attempt.result == Result::kFail && alone) return;
  auto event = postgres_.Attempted(attempt, now);
  if (event.opened) postgres_.Hold("");
  if (event.opened || event.closed || event.short_failure) Suspect(attempt.end);
  Instant oldest = Instant::max();
  for (auto& [id, m] : members_)
    if (id.site == options_.sites.front().name && m.sql) oldest = std::min(oldest, m.end);
  if (oldest != Instant::max()) postgres_.Looked(oldest);
}

void DataSet::Suspect(Instant at) {
  // A trouble that lasts does not keep the pace up: only its edges do.
  if (postgres_.open_outage() && at - postgres_.open_outage()->first_fail > kFastFor) return;
  fast_until_ = std::max(fast_until_, at + kFastFor);
}

// The member that an earlier process knew by this label; the label may have been with a site or not.
MemberId DataSet::IdOf(const std::string& label) const {
  for (auto& [id, member] : members_)
    if (LabelOf(members_, id) == label) return id;
  for (auto& site : options_.sites)  // the first is the one that usually leads
    for (auto& [id, member] : members_)
      if (id.site == site.name && (id.name == label || id.site + "/" + id.name == label)) return id;
  return {};
}

const SiteOptions* DataSet::Site(const std::string& name) const {
  for (auto& site : options_.sites)
    if (site.name == name) return &site;
  return nullptr;
}

Duration DataSet::Patience(const std::string& site) const {
  const SiteOptions* s = Site(site);
  return s ? 3 * s->look_interval + s->look_deadline : 3s;
}

bool DataSet::Fresh(const MemberId& id, const Member& m, Instant now) const {
  return m.sql && now - m.end < Patience(id.site) + LongestLookDeadline(options_);
}

bool DataSet::AnswersSql(const MemberId& id, Instant now) const {
  auto found = members_.find(id);
  return found != members_.end() && Fresh(id, found->second, now) &&
         found->second.sql->answer == Answer::kAnswered;
}

bool DataSet::WantsHistory(const std::string& site) const {
  return open_loss_.WantsHistory(site);
}

// A server is known by its data set and the start of its postmaster, whatever the address it has
// behind a route.
std::string DataSet::LandedOn(const SqlLook& look) const {
  if (look.answer != Answer::kAnswered) return "";
  if (std::string own = SystemIdentifier(); !own.empty() && own != look.system_identifier)
    return "foreign";
  bool all_known = true;
  for (auto& [id, m] : members_) {
    if (m.start_unix_seconds == look.start_unix_seconds && !Foreign(m)) return LabelOf(members_, id);
    all_known = all_known && m.start_unix_seconds > 0;
  }
  return all_known ? "other" : "";
}

std::vector<std::string> DataSet::Seeds(const SiteOptions& site) const {
  for (auto& [id, member] : members_)
    if (id.site == site.name && member.patroni_proven) return {};
  return site.patroni;
}

std::string DataSet::Facts(const Now& now) const {
  return FactsFile(services(), now);
}

absl::Status DataSet::Restore(const std::string& facts, const Now& now) {
  std::vector<Service*> services = routes_.services();
  services.push_back(&postgres_);
  return RestoreFacts(facts, now, services);
}

std::vector<const Service*> DataSet::services() const {
  std::vector<const Service*> all = routes_.services();
  all.insert(all.begin(), &postgres_);
  return all;
}

std::vector<Headline> DataSet::Headlines(const Now& now) const {
  std::vector<Headline> lines;
  for (auto* service : services()) lines.push_back(service->Summary(now));
  return lines;
}

std::vector<Story> DataSet::Stories() const {
  std::vector<Story> stories;
  for (auto* service : services())
    for (auto& story : service->Stories()) stories.push_back(std::move(story));
  for (auto& story : incidents_.Stories(options_.name)) stories.push_back(std::move(story));
  return stories;
}
