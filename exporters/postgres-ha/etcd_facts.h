#pragma once
#include <map>
#include <string>
#include <utility>

#include "common/deadline.h"
#include "common/metric.h"
#include "exporters/postgres-ha/config.h"
#include "exporters/postgres-ha/evidence.h"

constexpr Duration kEtcdInterval = std::chrono::seconds(5);  // between two looks at a member

// What the members of etcd say, by site.
class EtcdFacts {
 public:
  void Step(const std::string& site, const EtcdLook& look, Instant end);
  // Shows the configured endpoints, as far as their look is not older than three intervals and a
  // look deadline. Quorum is said by whoever answers: 1 when a member is healthy, 0 when none is
  // and none knows a leader, absent when nobody answers or they do not agree with themselves.
  void Show(const DataSetOptions& options, const Now& now, Samples& out) const;

 private:
  const EtcdLook* Fresh(const SiteOptions& site, const std::string& endpoint, const Now& now) const;
  // By site and endpoint.
  std::map<std::pair<std::string, std::string>, std::pair<EtcdLook, Instant>> looks_;
};
