#pragma once
#include <map>
#include <string>
#include <utility>

#include "common/deadline.h"
#include "common/metric.h"
#include "exporters/postgres-ha/members.h"

// How old what a HAProxy says may be: three looks, and the deadline of the last one.
constexpr Duration kHaproxyFresh = std::chrono::seconds(3);

// What the HAProxies of a data set say, and where that contradicts SQL.
class HaproxyFacts {
 public:
  void Step(const std::string& site, const HaproxyLook& look, Instant end);
  // Shows the configured ones, as far as their last look is fresh. A mismatch is a server that
  // takes sessions of the writing proxy without taking writes, or the other way round; likewise for
  // the reading one. It is absent while SQL does not tell what the server is.
  void Show(const DataSetOptions& options, const Members& members, const Roles& roles,
            const Now& now, Samples& out) const;

 private:
  // When the status of a server changed. HAProxy says an age in whole seconds, which would make the
  // moment waver from look to look: it stays until the age contradicts it.
  struct Change {
    Instant at;
    double age_seconds;
  };
  using Changes = std::map<std::pair<std::string, std::string>, Change>;  // by proxy, server
  struct Seen {
    HaproxyLook look;
    Instant end;
    Changes changes;
  };
  static Changes ChangesOf(const HaproxyLook& look, Instant end, const Changes& before);

  std::map<std::pair<std::string, std::string>, Seen> seen_;  // by site, name
};
