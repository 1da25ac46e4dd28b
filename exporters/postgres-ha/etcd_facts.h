#pragma once
#include <map>
#include <string>
#include <utility>

#include "common/deadline.h"
#include "common/metric.h"
#include "exporters/postgres-ha/config.h"
#include "exporters/postgres-ha/evidence.h"

// What the members of etcd say, by site.
class EtcdFacts {
 public:
  void Step(const std::string& site, const EtcdLook& look, Instant end);
  // Shows what is not older than three looks; quorum is said by whoever answers.
  void Show(const DataSetOptions& options, const Now& now, Samples& out) const;

 private:
  std::map<std::pair<std::string, std::string>, std::pair<EtcdLook, Instant>> looks_;  // by site, endpoint
};
