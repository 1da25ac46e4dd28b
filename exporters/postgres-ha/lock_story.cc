#include "exporters/postgres-ha/lock_story.h"

namespace {

using What = DcsLook::What;

constexpr std::size_t kMaxEvents = 64;
// How far Patroni's clock, by which it acts on a schedule, may be ahead of ours.
constexpr Duration kClockSlack = std::chrono::seconds(5);

}  // namespace

void LockStory::Step(const DcsLook& look, Instant end) {
  if (look.what == What::kHistory) return;
  if (look.what == What::kLost) {
    until_ = std::min(until_, end);
    return;
  }
  if (look.what == What::kConnected) {
    until_ = Instant::max();
    if (look.resumed) return;
    since_ = end;
  }
  if (look.what == What::kConnected || look.what == What::kLockTaken) holder_ = look.name;
  if (look.what == What::kLockReleased) holder_.clear();
  events_.push_back({look.what, look.name, end, look.not_before, look.late});
  if (events_.size() <= kMaxEvents) return;
  since_ = std::max(since_, events_.front().at);
  events_.pop_front();
}

std::optional<bool> LockStory::Requested(Instant from, Instant to) const {
  const Event* request = nullptr;
  bool moved = false;
  auto waits = [&](Instant at) {
    return request != nullptr && request->not_before.value_or(at) <= at + kClockSlack;
  };
  for (auto& e : events_) {
    if (e.at > to) break;
    bool moves = e.what == What::kLockReleased || e.what == What::kLockTaken;
    if (moves && e.at >= from && waits(e.at)) return true;
    moved |= moves && e.at >= from;
    if (e.what == What::kSwitchover || e.what == What::kFailover) request = &e;
    if (e.what == What::kRequestCleared || e.what == What::kConnected) request = nullptr;
  }
  if (waits(to) && to <= until_) return true;
  return moved && since_ <= from && to <= until_ ? std::optional(false) : std::nullopt;
}

std::optional<Instant> LockStory::Released(Instant from, Instant to) const {
  const Event* last = nullptr;
  for (auto& e : events_)
    if (e.what == What::kLockReleased && e.at >= from && e.at <= to) last = &e;
  return last == nullptr || last->late ? std::nullopt : std::optional(last->at);
}

std::optional<Instant> LockStory::Taken(const std::string& member, Instant from, Instant to) const {
  const Event* taken = nullptr;
  bool released = false;
  for (auto& e : events_) {
    if (e.at < from || e.at > to) continue;
    if (e.what == What::kLockReleased) released = true, taken = nullptr;
    bool by_member = e.what == What::kLockTaken && e.name == member;
    if (by_member && (taken == nullptr || !released)) taken = &e;
  }
  return taken == nullptr || taken->late ? std::nullopt : std::optional(taken->at);
}
