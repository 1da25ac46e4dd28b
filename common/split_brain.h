#pragma once
#include <deque>
#include <map>
#include <optional>
#include <set>
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
  // The member is no longer looked at, or may have been inactive for a while.
  void Forget(const std::string& member);
  // A look at the member told nothing. When it is seen active again as the same incarnation, it was
  // so all the while; call Forget before, if silence may have been something else.
  void Silent(const std::string& member);
  // Whether a sandwich was completed and neither of the two was seen inactive, or silent, since.
  bool proven() const;

 private:
  // A run of active looks of one incarnation: it was active from `since` to the last look.
  struct Run {
    std::string identity;
    Instant since, middle;                           // end and middle of the first look
    std::deque<std::pair<Instant, Instant>> looks;   // begin and end of the last few
    bool silent = false;
  };
  std::map<std::string, Run> active_;
  std::set<std::pair<std::string, std::string>> pairs_;  // for which it is proven; in order
  Instant counted_until_ = Instant::min();
};
