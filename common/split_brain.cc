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
  Run first{identity, end, begin + (end - begin) / 2, {}, false};
  Run& own = active_.try_emplace(member, std::move(first)).first->second;
  own.silent = false;
  own.looks.emplace_back(begin, end);
  if (own.looks.size() > kLooksKept) own.looks.pop_front();

  std::optional<double> proven;
  Instant until = counted_until_;
  for (auto& [other, theirs] : active_) {
    if (other == member || theirs.silent) continue;
    auto look = std::find_if(theirs.looks.rbegin(), theirs.looks.rend(), [&](auto& l) {
      return own.since < l.first && l.second < begin;
    });
    if (look == theirs.looks.rend()) continue;
    pairs_.insert(std::minmax(member, other));
    Instant moment = look->first + (look->second - look->first) / 2;  // both were active then
    Instant from = std::max({own.middle, theirs.middle, counted_until_});
    proven = std::max(proven.value_or(0.0), Seconds(moment - from));
    until = std::max(until, moment);
  }
  counted_until_ = until;
  return proven;
}

void SplitBrain::Silent(const std::string& member) {
  auto run = active_.find(member);
  if (run != active_.end()) run->second.silent = true;
}

void SplitBrain::Forget(const std::string& member) {
  active_.erase(member);
  std::erase_if(pairs_, [&](auto& pair) { return pair.first == member || pair.second == member; });
}

bool SplitBrain::proven() const {
  return std::any_of(pairs_.begin(), pairs_.end(), [&](auto& pair) {
    return !active_.at(pair.first).silent && !active_.at(pair.second).silent;
  });
}
