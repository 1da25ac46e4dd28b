#pragma once
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/judge.h"
#include "exporters/postgres-ha/loss.h"

// What happened to a data set without a change of leader.

// How often, and of the last one when it was and what it cost.
struct Incident {
  double count = 0, unix_seconds = 0;
  Loss loss;
};

class Incidents {
 public:
  // `kind` is in_place_recovery, restart, demotion, timeline_regression or split_brain; `member` is
  // the one that leads afterwards, of split_brain the one that gave way.
  void Happened(const std::string& kind, const std::string& member, double unix_seconds);
  // What the last one of its kind cost, as well as it is known now.
  void Lost(const std::string& kind, const Loss& loss);
  // Two take writes at once, `members`: nothing is counted before one gives way, but it is told.
  void TwoLeaders(const std::string& members, double unix_seconds);

  const std::map<std::string, Incident>& by_kind() const { return by_kind_; }  // all kinds
  // The last 20, oldest first, for the status page.
  std::vector<Story> Stories(const std::string& data_set) const;

 private:
  struct Told {
    double unix_seconds;
    std::string kind, member;
    Loss loss;
  };
  void Tell(Told told);

  std::map<std::string, Incident> by_kind_ = {{"in_place_recovery", {}}, {"restart", {}},
                                              {"demotion", {}}, {"timeline_regression", {}},
                                              {"split_brain", {}}};
  std::deque<Told> told_;
};
