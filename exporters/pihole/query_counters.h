#pragma once
#include <map>
#include <vector>

#include "exporters/pihole/api_snapshot.h"

// True counters of queries out of /api/history, whose slots of ten minutes only grow: a counter
// rises by what a slot has more than when it was last seen. Nothing is lost over a gap shorter than
// the window (24 h). The first history, and a slot that shrank (FTL was restarted and forgot), are
// a new baseline: counters start at 0 and never fall. What FTL counts as neither blocked, cached
// nor forwarded is `other`; retries can make the parts more than the total: then other is 0.
class QueryCounters {
 public:
  void Step(const std::vector<HistorySlot>& history);
  bool known() const { return known_; }
  double blocked() const { return blocked_; }
  double cached() const { return cached_; }
  double forwarded() const { return forwarded_; }
  double other() const { return other_; }

 private:
  bool known_ = false;
  std::map<long long, HistorySlot> seen_;  // of the last history, by time: bounded by its length
  double blocked_ = 0, cached_ = 0, forwarded_ = 0, other_ = 0;
};
