#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "exporters/redis-sentinel/heard.h"
#include "exporters/redis-sentinel/replication_set.h"

// The verdict on a deployment: all that its Sentinels monitor. Finds nodes and Sentinels from what
// any Sentinel says (a Sentinel lists the others, and all replicas), and hands the evidence to the
// replication sets. A node may be known to several sets only by mistake; each judges for itself.
class Deployment {
 public:
  using Evidence = RedisEvidence;
  explicit Deployment(DeploymentOptions options);
  void Configure(DeploymentOptions options);  // a reload; what is known stays known

  void Step(const RedisEvidence& evidence, const Now& now);
  void Show(const Now& now, Samples& out) const;
  Pace pace() const { return fast_ ? Pace::kFast : Pace::kCalm; }
  int looks_revision() const { return looks_revision_; }
  int targets_revision() const { return targets_revision_; }
  int facts_revision() const;
  std::string Facts(const Now& now) const;
  absl::Status Restore(const std::string& facts, const Now& now);
  std::vector<Headline> Headlines(const Now& now) const;
  std::vector<Story> Stories() const;

  const DeploymentOptions& options() const { return options_; }
  // By announced address; a seed as it is configured, until it told who it is, and while what it
  // announced does not answer.
  const std::set<std::string>& nodes() const { return nodes_; }
  const std::set<std::string>& sentinels() const { return sentinels_; }
  std::string AnnouncedMaster(const std::string& name) const;  // where clients are sent, or ""
  std::string MasterOf(const std::string& node) const;  // the first that knows it, or ""
  const std::map<std::string, ReplicationSet>& sets() const { return sets_; }
  // Leaves in `monitored`, the masters of a Sentinel, those to ask it for: of the allow-list, or as
  // many as can be watched. Returns how many there are too many.
  int ChooseMasters(std::vector<std::string>& monitored) const;

 private:
  struct Seen {
    SentinelLook look;  // the newest
    Instant end = Instant();
  };
  void Step(const RedisEvidence& evidence, const SentinelLook& look, const Now& now);
  ReplicationSet* SetOf(const std::string& master_name);  // nullptr: not watched
  template <class Wanted>
  void KeepSets(Wanted wanted);  // wanted(name)
  bool Answers(const std::string& sentinel) const;  // at its newest look
  void Recognise(const SentinelLook& look);
  void Refresh();  // nodes_ and sentinels_

  DeploymentOptions options_;
  std::map<std::string, ReplicationSet> sets_;
  std::map<std::string, Instant> listed_;      // master names, by a Sentinel, last
  std::map<std::string, Seen> looks_;          // by Sentinel
  std::map<std::string, std::string> same_as_;  // name of a Sentinel -> the one that counts
  Instant answered_ = Instant();                // a Sentinel, last
  std::set<std::string> nodes_, sentinels_;
  Heard heard_;
  bool fast_ = false;
  bool curious_ = false;  // an event asks for looks that have not been asked for yet
  Instant curious_at_ = Instant();
  int looks_revision_ = 0, targets_revision_ = 0, facts_revision_ = 0;
};

using DeploymentBoard = Board<Deployment>;
