#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/deadline.h"
#include "common/metric.h"
#include "exporters/postgres-ha/members.h"

// How old what Patroni says may be: three of its intervals, and its look deadline.
constexpr Duration kPatroniFresh = std::chrono::seconds(8);

// What Patroni says of the sites of a data set, beyond their members, and where it contradicts SQL.
class PatroniFacts {
 public:
  // `member`: whose Patroni was asked, "" if that is not known.
  void Step(const MemberId& member, const PatroniLook& look, Instant end);
  void Show(const DataSetOptions& options, const Members& members, const Roles& roles,
            const Now& now, Samples& out) const;

 private:
  std::map<std::string, std::pair<bool, Instant>> paused_;  // by site
};
