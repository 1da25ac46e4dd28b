#pragma once
#include <map>
#include <set>
#include <string>

#include "common/deadline.h"
#include "common/metric.h"
#include "exporters/redis-sentinel/evidence.h"

// What was heard of the Sentinels: their events, counted, and whether we still listen.
class Heard {
 public:
  void Step(const EventLook& look);
  void Step(const SubscriptionLook& look);
  // Of `sentinels` alone. Whether one is subscribed is absent when its eye did not say in time.
  void Show(const std::set<std::string>& sentinels, Instant now, Samples& out) const;
  void KeepOnly(const std::set<std::string>& sentinels);

 private:
  struct Of {
    std::map<std::string, double> events;  // by name, the known ones
    double other = 0, late = 0;
    SubscriptionLook subscription;
  };
  std::map<std::string, Of> of_;
};
