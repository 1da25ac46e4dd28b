#pragma once
#include <map>
#include <optional>
#include <vector>

#include "exporters/pihole/answer_types.h"

struct ObservedQueries {
  double blocked = 0, other = 0;
  std::optional<double> cached, forwarded;  // absent if the Pi-hole does not tell (version 5)
};

// True counters of queries out of /api/history, whose slots of ten minutes only grow: a counter
// rises by what a slot has more than it ever had. Nothing is lost over a gap shorter than the
// window (24 h). The first history, and a slot that shrank (FTL was restarted and forgot, or its
// window moves on), are a new baseline: counters start at 0 and never fall. What FTL counts as
// neither blocked, cached nor forwarded is `other`; retries can make the parts more than the total:
// then other is 0.
class QueryCounters {
 public:
  void Step(const std::vector<HistorySlot>& history);
  const std::optional<ObservedQueries>& counted() const { return counted_; }  // since the first

 private:
  struct Slot { double total = 0, blocked = 0, cached = 0, forwarded = 0, other = 0; };
  static Slot PartsOf(const HistorySlot& slot);
  Slot Grown(const Slot& before, const Slot& after);

  std::optional<ObservedQueries> counted_;
  std::map<long long, Slot> seen_;  // of the last history, by time: bounded by its length
};
