#include "exporters/redis-sentinel/disagreement.h"

#include <algorithm>
#include <set>
#include <utility>

namespace {

const Metric kSeconds("redis_sentinel_master_disagreement_seconds_total", Type::kCounter,
                      "For how long at least Sentinels sent clients to different masters.",
                      "master_name");

}  // namespace

void Disagreement::Named(const std::string& sentinel, const std::string& node, Instant begin,
                         Instant end) {
  std::erase_if(runs_, [&](auto& item) { return begin - item.second.last > kViewPatience; });
  Run& own = runs_.try_emplace(sentinel, Run{node, end, end}).first->second;
  if (own.node != node) own = {node, end, end};
  own.last = std::max(own.first, begin);
  std::set<std::pair<Instant, Instant>> proven;
  for (auto& [other, run] : runs_)
    if (run.node != node)
      proven.emplace(std::max(own.first, run.first), std::min(own.last, run.last));
  for (auto [from, until] : proven) {
    from = std::max(from, counted_until_);
    if (until <= from) continue;
    seconds_ += Seconds(until - from);
    counted_until_ = until;
  }
}

void Disagreement::Show(const std::string& master_name, Samples& out) const {
  out.Add(kSeconds, {master_name}, seconds_);
}
