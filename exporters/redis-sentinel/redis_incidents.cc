#include "exporters/redis-sentinel/redis_incidents.h"

namespace {

constexpr std::size_t kKeptStories = 20;

std::string Words(const std::string& kind) {
  if (kind == "restart") return " came back as a new process, without a failover";
  if (kind == "dataset_reset") return " lost half of its keys or more: DATA LOST";
  if (kind == "failover_not_elected")
    return " was not failed over: the Sentinels elected nobody to do it";
  if (kind == "failover_no_good_replica") return " was not failed over: no replica was fit for it";
  if (kind == "failover_replica_timeout")
    return " was not failed over: the chosen replica did not take over in time";
  return " was failed over, but not all replicas followed in time";
}

}  // namespace

void RedisIncidents::Happened(const std::string& kind, const std::string& node,
                              double unix_seconds) {
  if (auto counted = by_kind_.find(kind); counted != by_kind_.end()) ++counted->second;
  told_.push_back({unix_seconds, kind, node});
  if (told_.size() > kKeptStories) told_.pop_front();
}

std::vector<Story> RedisIncidents::Stories(const std::string& scope) const {
  std::vector<Story> stories;
  for (auto& [unix_seconds, kind, node] : told_)
    stories.push_back({unix_seconds, scope + ": " + node + Words(kind)});
  return stories;
}
