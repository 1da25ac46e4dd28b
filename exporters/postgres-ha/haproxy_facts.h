#pragma once
#include <map>
#include <string>
#include <utility>

#include "common/deadline.h"
#include "common/metric.h"
#include "exporters/postgres-ha/members.h"

// What the HAProxies of a data set say, and where that contradicts SQL.
class HaproxyFacts {
 public:
  void Step(const std::string& site, const HaproxyLook& look, Instant end);
  // Shows what is not older than three looks. A mismatch is a server that takes sessions of the
  // writing proxy without taking writes, or the other way round; likewise for the reading one.
  void Show(const DataSetOptions& options, const Members& members, const Roles& roles,
            const Now& now, Samples& out) const;

 private:
  std::map<std::pair<std::string, std::string>, std::pair<HaproxyLook, Instant>> looks_;  // by site, name
};
