#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "common/deadline.h"

// Proof that two members held the active role at the same time, by a sandwich: A, then B, then A
// again, each look ended before the next began, all of them active, and A the same incarnation both
// times (`identity`: postmaster start and timeline, run id, ...), so that A was active all the while.
// Sequential looks alone prove nothing: in a clean switchover A is active, then B.
class SplitBrain {
 public:
  // A look at `member`, in the order of ends; `active`: it held the role. Returns the seconds of
  // split brain that this look proves beyond those proven before, if it proves any (0 at the first).
  std::optional<double> Step(const std::string& member, const std::string& identity, bool active,
                             Instant begin, Instant end);
  // The member is no longer looked at.
  void Forget(const std::string& member);
  // Whether a sandwich was completed and neither of the two was seen inactive since.
  bool proven() const { return proven_until_.has_value(); }

 private:
  // A run of active looks of one incarnation: it was active from `since` to the last look.
  struct Run {
    std::string identity;
    Instant since;                                   // end of the first look
    std::deque<std::pair<Instant, Instant>> looks;   // begin and end of the last few
  };
  std::map<std::string, Run> active_;
  std::string first_, second_;                // the pair of the present proof
  std::optional<Instant> proven_until_;
};
