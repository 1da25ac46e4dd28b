#include "exporters/pihole/query_counters.h"

#include <algorithm>

QueryCounters::Slot QueryCounters::PartsOf(const HistorySlot& slot) {
  double cached = slot.cached.value_or(0), forwarded = slot.forwarded.value_or(0);
  double other = std::max(0.0, slot.total - slot.blocked - cached - forwarded);
  return {slot.total, slot.blocked, cached, forwarded, other};
}

// Counts what a slot grew by, and returns what it has had at most: a query may be `other` until it
// was answered, and then it must not be counted anew.
QueryCounters::Slot QueryCounters::Grown(const Slot& before, const Slot& after) {
  auto count = [](double had, double has, double& counter) {
    counter += std::max(0.0, has - had);
    return std::max(had, has);
  };
  double cached = 0, forwarded = 0;
  Slot most{after.total, count(before.blocked, after.blocked, counted_->blocked),
            count(before.cached, after.cached, cached),
            count(before.forwarded, after.forwarded, forwarded),
            count(before.other, after.other, counted_->other)};
  if (counted_->cached) *counted_->cached += cached;
  if (counted_->forwarded) *counted_->forwarded += forwarded;
  return most;
}

void QueryCounters::Step(const std::vector<HistorySlot>& history) {
  if (history.empty()) return;
  bool first = !counted_;
  if (first) counted_.emplace();
  // A Pi-hole that tells them does so in every slot.
  if (history.front().cached && !counted_->cached) counted_->cached = 0;
  if (history.front().forwarded && !counted_->forwarded) counted_->forwarded = 0;
  std::map<long long, Slot> now;
  for (auto& slot : history) {
    if (now.count(slot.unix_seconds)) continue;
    Slot parts = PartsOf(slot);
    auto before = seen_.find(slot.unix_seconds);
    if (before != seen_.end() && parts.total >= before->second.total)
      parts = Grown(before->second, parts);
    else if (before == seen_.end() && !first && slot.unix_seconds > seen_.rbegin()->first)
      parts = Grown({}, parts);
    now[slot.unix_seconds] = parts;
  }
  seen_ = std::move(now);
}
