#include "common/split_brain.h"

#include <algorithm>

namespace {
// Looks of two eyes may overlap, so the one that fits into a sandwich may be some looks back.
constexpr std::size_t kLooksKept = 8;
}  // namespace

std::optional<double> SplitBrain::Step(const std::string& member, const std::string& identity,
                                       bool active, Instant begin, Instant end) {
  auto run = active_.find(member);
  if (run != active_.end() && (!active || run->second.identity != identity)) Forget(member);
  if (!active) return std::nullopt;
  Run& own = active_.try_emplace(member, Run{identity, end, {}}).first->second;
  own.looks.emplace_back(begin, end);
  if (own.looks.size() > kLooksKept) own.looks.pop_front();

  std::optional<double> proven;
  for (auto& [other, theirs] : active_) {
    if (other == member) continue;
    auto look = std::find_if(theirs.looks.rbegin(), theirs.looks.rend(), [&](auto& l) {
      return own.since < l.first && l.second < begin;
    });
    if (look == theirs.looks.rend()) continue;
    Instant moment = look->first + (look->second - look->first) / 2;  // both were active then
    if (!proven_until_) {
      proven_until_ = moment;
      first_ = member;
      second_ = other;
    }
    proven = std::max(0.0, Seconds(moment - *proven_until_));
    proven_until_ = std::max(*proven_until_, moment);
  }
  return proven;
}

void SplitBrain::Forget(const std::string& member) {
  active_.erase(member);
  if (member != first_ && member != second_) return;
  first_.clear();
  second_.clear();
  proven_until_.reset();
}
