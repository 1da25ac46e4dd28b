#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/board.h"
#include "exporters/redis-sentinel/evidence.h"

// How long each step of the last change of master took, by what the Sentinels said while it went on
// (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/, "Pub/Sub messages") and
// by our own looks. A phase is known when both its marks are, and they came in order:
//   detect       the master failed -> the first +sdown
//   agree        -> the first +odown
//   elect        -> +elected-leader; of SENTINEL FAILOVER from +try-failover on
//   promote      -> +failover-state-wait-promotion, said when the replica had taken its order; if
//                that was not heard, the first look that found it a master
//   announce     -> the first +promoted-slave or +switch-master
//   reconfigure  announced -> +failover-end of the Sentinel that led
//   demote       announced -> +convert-to-slave of the old master, or a look that finds it so
// An event dates its mark by when it came; one that is late is none, and is not to be given here.
class FailoverPhases {
 public:
  struct Change {
    std::string kind, from;             // as in FailoverFact
    std::optional<Instant> failed;      // the old master, by the best estimate
    std::optional<Instant> promoted;    // first look that found the new one a master
    std::optional<Instant> announced;   // absent: it was found out later
  };

  // `master`: where clients are sent.
  void Heard(const SentinelEvent& event, const std::string& master, Instant at);
  void Looked(const RedisEvidence& evidence, const NodeLook& look);
  void Changed(const Change& change);
  // Of the last change, by phase, those that are known.
  std::map<std::string, double> seconds() const;
  int revision() const { return revision_; }  // grows when more of the last change becomes known

 private:
  enum Mark { kFailed, kDown, kAgreed, kTried, kElected, kPromoted, kAnnounced, kEnded, kDemoted };
  using Marks = std::array<std::optional<Instant>, kDemoted + 1>;

  void Before(const SentinelEvent& event, Instant at);
  void After(Mark mark, Instant at);

  Marks now_;         // of a failover that has not changed the master yet
  Marks last_;        // of the last change
  std::string from_;  // the old master at that
  int revision_ = 0;
};

// The names of the phases, in that order.
extern const std::vector<std::string_view> kFailoverPhases;
