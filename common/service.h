#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/board.h"
#include "common/json.h"
#include "common/loss.h"
#include "common/metric.h"
#include "common/outage.h"

// The shared model: one service of one scope, its outages, its holder and its failovers, and the
// ha_* metrics that say so under the same names for every exporter.

struct ServiceOptions {
  std::string service;  // postgres, postgres_rw, redis, dns, site, ...
  std::string scope;    // equals the label that names it elsewhere (pg_cluster, master_name, ...)
  double rto_objective_seconds = 120;
  double rpo_objective_seconds = 300;
  double look_interval_seconds = 0.25;  // of the calm pace
  // How old the newest attempt may be before the state is unknown: three intervals, plus what the
  // slowest eye may hold the verdict back.
  double patience_seconds = 0.75;
  int fall = 3, rise = 3, sure = 1;  // see OutageWatch
  // Whether somebody holds the role. A route for example has no failover, no split brain and loses
  // nothing: none of that is shown then.
  bool has_holder = true;
  // What is missing in an outage, for people: "sentinel was without a member that takes writes".
  std::string essence = "its service";
};

constexpr std::size_t kKeptFacts = 20;  // outages, and failovers

// A closed outage as it is exported and kept: wall-clock times, and bounds that are absent where
// nobody can know.
struct OutageFact {
  double start_unix_seconds = 0, end_unix_seconds = 0, low_seconds = 0;
  std::optional<double> mid_seconds, high_seconds;
  bool end_unknown = false;  // nobody saw it end
};

struct FailoverFact {
  double unix_seconds = 0;
  std::string from, to;
  std::string kind;  // failover, switchover, unseen
  Loss loss;
};

class Service {
 public:
  explicit Service(ServiceOptions options);
  void Configure(ServiceOptions options);  // a reload: objectives and intervals may change

  // One attempt of the operation, in the order of ends. Returns what it changed.
  OutageWatch::Event Attempted(const Attempt& attempt, const Now& now);
  // The newest moment at which the slowest needed eye looked; exported, and old age means unknown.
  void Looked(Instant oldest_needed_look) { looked_ = oldest_needed_look; }
  // `holder` has the active role now; nothing is counted. "" = nobody.
  void Hold(const std::string& holder);
  // The role went over: a failover or switchover, counted and remembered.
  void Failover(FailoverFact fact);
  // More is known of the last change of the holder: what was lost, and when it was. Its kind has
  // been counted and stays.
  void Amend(FailoverFact fact);
  // A moment in which two held the role at once was proven, `seconds` more than before.
  void SplitBrain(double seconds) { split_brain_seconds_ += seconds; }
  void SetSplitBrain(bool now) { split_brain_ = now; }

  const std::string& holder() const { return holder_; }
  const std::string& last_holder() const { return last_holder_; }  // also while nobody holds it
  OutageWatch::State state() const { return watch_.state(); }
  const std::optional<Outage>& open_outage() const { return watch_.open(); }
  const ServiceOptions& options() const { return options_; }
  const std::deque<OutageFact>& outages() const { return outages_; }
  const std::deque<FailoverFact>& failovers() const { return failovers_; }

  // Whether the newest attempt is young enough for its result to be shown.
  bool Known(const Now& now) const;
  // `holders`: who could hold the role.
  void Show(const Now& now, const std::vector<std::string>& holders, Samples& out) const;
  Headline Summary(const Now& now) const;
  std::vector<Story> Stories() const;

  // What survives a restart, as one JSON object, with the `most` newest outages and failovers, and
  // back: `age_seconds` ago it was written, absent when the clocks do not tell. An outage open for
  // less than ten minutes since goes on, another is closed as unknown. Counters start at 0 again.
  int facts_revision() const { return facts_revision_; }
  std::string Facts(const Now& now, std::size_t most = kKeptFacts) const;
  void Restore(JsonView facts, std::optional<double> age_seconds, const Now& now);

 private:
  void Close(const Outage& outage, const Now& now);
  Outage Counted(Outage outage) const;  // the part of it that this process counts

  ServiceOptions options_;
  OutageWatch watch_;
  Instant looked_ = Instant(), attempted_ = Instant();
  std::string holder_, last_holder_;
  std::deque<OutageFact> outages_;     // newest last, at most kKeptFacts
  std::deque<FailoverFact> failovers_;
  double outages_total_ = 0, short_failures_total_ = 0, unavailable_seconds_ = 0;
  std::map<std::string, double> failovers_total_;
  bool split_brain_ = false;
  double split_brain_seconds_ = 0;
  double open_start_unix_seconds_ = 0;
  std::optional<Instant> open_saved_;      // the last_fail that the facts hold
  Instant counted_from_ = Instant();  // this process counts nothing that came before
  int facts_revision_ = 0;
};

// The envelope of a facts file, with the boot id and both clocks, so that within one boot their age
// is known whatever the wall clock does. `more` are further members, name and JSON, for the caller to
// read again. Of many services it holds less each, to stay within kMaxFactsBytes.
std::string FactsFile(const std::vector<const Service*>& services, const Now& now,
                      const std::vector<std::pair<std::string, std::string>>& more = {});
absl::Status RestoreFacts(const std::string& facts, const Now& now,
                          const std::vector<Service*>& services);
