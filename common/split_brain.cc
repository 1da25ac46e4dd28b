#include "common/split_brain.h"

std::optional<double> SplitBrain::Step(const std::string& member, const std::string& identity,
                                       bool active, Instant begin, Instant end) {
  auto before = active_.find(member);
  bool went_on = active && before != active_.end() && before->second.identity == identity;
  if (!went_on && (member == first_ || member == second_)) {
    first_.clear();
    second_.clear();
    proven_since_.reset();
    proven_until_.reset();
  }
  if (!active) {
    active_.erase(member);
    return std::nullopt;
  }
  std::optional<double> proven;
  if (went_on) {
    for (auto& [other, look] : active_) {
      if (other == member || look.begin <= before->second.end || look.end >= begin) continue;
      Instant moment = look.begin + (look.end - look.begin) / 2;  // both were active then
      if (!proven_since_) {
        proven_since_ = proven_until_ = moment;
        first_ = member;
        second_ = other;
      }
      proven = std::max(0.0, Seconds(moment - *proven_until_));
      proven_until_ = std::max(*proven_until_, moment);
    }
  }
  active_[member] = {identity, begin, end};
  return proven;
}
