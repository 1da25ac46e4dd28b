#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/board.h"
#include "common/service.h"
#include "common/split_brain.h"
#include "exporters/postgres-ha/canary_facts.h"
#include "exporters/postgres-ha/lock_story.h"
#include "exporters/postgres-ha/etcd_facts.h"
#include "exporters/postgres-ha/haproxy_facts.h"
#include "exporters/postgres-ha/members.h"
#include "exporters/postgres-ha/open_loss.h"
#include "exporters/postgres-ha/patroni_facts.h"
#include "exporters/postgres-ha/routes.h"
#include "exporters/postgres-ha/tenure.h"
#include "exporters/postgres-ha/wal_ring.h"

// The judgement on one data set: all members of all sites that share a system identifier. Evidence
// in, ha_* and postgres_ha_* out. The service is "some member takes writes".
class DataSet {
 public:
  using Evidence = ::Evidence;
  explicit DataSet(DataSetOptions options);
  void Configure(DataSetOptions options);  // a reload; what is known stays known

  void Step(const Evidence& evidence, const Now& now);
  void Show(const Now& now, Samples& out) const;
  Pace pace() const { return fast_ ? Pace::kFast : Pace::kCalm; }
  int targets_revision() const { return targets_revision_; }
  int facts_revision() const { return postgres_.facts_revision() + routes_.facts_revision(); }
  std::string Facts(const Now& now) const;
  absl::Status Restore(const std::string& facts, const Now& now);
  std::vector<Headline> Headlines(const Now& now) const;
  std::vector<Story> Stories() const;

  const Members& members() const { return members_; }
  const DataSetOptions& options() const { return options_; }
  const Service& postgres() const { return postgres_; }
  // The Patroni URLs of the configuration that are still worth asking: all, until a member's own
  // Patroni has answered; from then on the members know each other.
  std::vector<std::string> Seeds(const SiteOptions& site) const;
  // Whether the member answered by SQL a moment ago: then what runs SQL elsewhere will not hang.
  bool AnswersSql(const MemberId& id, Instant now) const;
  // Whether a new timeline began of which the site's Patroni has not yet told where.
  bool WantsHistory(const std::string& site) const;
  // Replication lag of a standby as last seen, or as it must be by now. Absent: nobody can tell.
  std::optional<double> LagSeconds(const MemberId& id, const Now& now) const;
  std::vector<const Service*> services() const;  // postgres, and its routes
  const std::map<std::string, Incident>& incidents() const { return incidents_.by_kind(); }

 private:
  // verdict.cc: evidence in.
  void StepSql(const Evidence& evidence, const SqlLook& look, const Now& now);
  void StepPatroni(const Evidence& evidence, const PatroniLook& look);
  void Remember(const Evidence& evidence, const SqlLook& look, Member& member);
  void Attempted(const Attempt& attempt, const Now& now);
  std::set<std::string> Candidates() const;
  bool Foreign(const Member& member) const;
  std::string SystemIdentifier() const;
  std::string LandedOn(const SqlLook& look) const;
  MemberId IdOf(const std::string& label) const;
  void Suspect(Instant at);
  const SiteOptions* Site(const std::string& name) const;
  Duration Patience(const std::string& site) const;
  // Whether the newest look at the member is young enough to be shown.
  bool Fresh(const MemberId& id, const Member& member, Instant now) const;
  // verdict_failover.cc: a writable look makes a holder, a failover, an incident, a loss.
  void Writable(const Evidence& e, const SqlLook& look, const Before& before, const Now& now);
  void Returned(const Evidence& evidence, const SqlLook& look, bool said_goodbye, const Now& now);
  void TakenOver(const Evidence& evidence, const SqlLook& look, const Member* old,
                 const Before& before, const Now& now);
  bool SwitchoverRequested(const std::string& site, const Member& old, Instant until) const;
  void Rival(const Evidence& evidence, const SqlLook& look, const Before& before);
  void GiveWay(const Evidence& evidence, Member& member, const Now& now);
  std::string WritersInWords() const;
  void SawTimelineEnd(const SqlLook& look, const Before& before);
  void Learn(const std::vector<Promotion>& history);
  void Lost(OpenLoss::Case open);
  // verdict_show.cc, verdict_lag.cc, verdict_incidents.cc: samples out.
  void ShowMember(const MemberId& id, const Member& m, const Now& now, Samples& out) const;
  Roles RolesAt(const Now& now) const;
  void ShowLag(const MemberId& id, const Member& m, const Now& now, Samples& out) const;
  void ShowProspects(const Now& now, Samples& out) const;
  void ShowDivergence(const MemberId& id, const Member& m, const Now& now, Samples& out) const;
  std::optional<Range> ForkOf(const MemberId& id, const Member& m) const;
  std::optional<long long> Shared(const MemberId&, const Member&, std::optional<long long>) const;
  std::optional<double> AheadBytes(const MemberId& id, const Member& m) const;
  std::optional<double> LagOf(const MemberId&, std::optional<long long>, const Now&) const;
  void ShowIncidents(Samples& out) const;
  void ShowPhases(const Now& now, Samples& out) const;

  DataSetOptions options_;
  Service postgres_;
  Members members_;
  Sweep sweep_;
  SplitBrain split_brain_;
  Tenure tenure_;
  Incidents incidents_;
  TimelineEnds ends_;
  OpenLoss open_loss_;
  Routes routes_;
  CanaryFacts canaries_;
  std::map<std::string, std::pair<bool, Instant>> anchors_;
  Instant contact_ = Instant();  // any answer from anything: our own network works
  PatroniFacts patroni_;
  HaproxyFacts haproxy_;
  EtcdFacts etcd_;
  std::map<std::string, LockStory> locks_;  // by site
  MemberId reference_;                // the last holder
  WalRing written_;                   // what the holders wrote: lag is read against it
  Instant fast_until_ = Instant();
  bool fast_ = false;
  int targets_revision_ = 0;
};

using DataSetBoard = Board<DataSet>;
