#include "exporters/postgres-ha/wal_ring.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {
constexpr std::size_t kMaxSamples = 4096;
constexpr Duration kThinEvery = 60s;

// How far apart samples of this age need to be.
Duration SpacingAt(Duration age) { return age > 10min ? 10s : age > 1min ? 1s : 0s; }
}  // namespace

void WalRing::Add(Instant at, long long position) {
  while (!samples_.empty() && position < samples_.back().position) samples_.pop_back();
  // Of a position that does not move only the first and the last time matter.
  std::size_t n = samples_.size();
  if (n >= 2 && samples_[n - 2].position == position && samples_[n - 1].position == position)
    samples_.back().at = at;
  else
    samples_.push_back({at, position});
  if (at - thinned_ > kThinEvery) Thin(at);
  if (samples_.size() > kMaxSamples) samples_.pop_front();
}

void WalRing::Rest(Instant at) {
  if (!samples_.empty() && at > samples_.back().at) Add(at, samples_.back().position);
}

void WalRing::Thin(Instant now) {
  thinned_ = now;
  std::deque<Sample> kept;
  for (auto& s : samples_)
    if (kept.empty() || s.at - kept.back().at >= SpacingAt(now - s.at)) kept.push_back(s);
  if (kept.back().at != samples_.back().at) kept.push_back(samples_.back());
  samples_ = std::move(kept);
}

std::optional<double> WalRing::LagSeconds(long long position, Instant at) const {
  if (samples_.empty()) return std::nullopt;
  auto lacking = std::upper_bound(samples_.begin(), samples_.end(), position,
                                  [](long long p, const Sample& s) { return p < s.position; });
  if (lacking == samples_.end()) return 0;
  Instant written = lacking->at;
  if (lacking != samples_.begin()) {
    Instant before = std::prev(lacking)->at;
    written = before + (written - before) / 2;
  }
  return std::max(0.0, Seconds(at - written));
}

std::optional<long long> WalRing::PositionAt(Instant at) const {
  auto later = std::upper_bound(samples_.begin(), samples_.end(), at,
                                [](Instant t, const Sample& s) { return t < s.at; });
  if (later == samples_.begin()) return std::nullopt;
  return std::prev(later)->position;
}

std::optional<long long> WalRing::last_position() const {
  if (samples_.empty()) return std::nullopt;
  return samples_.back().position;
}

std::optional<Instant> WalRing::last_time() const {
  if (samples_.empty()) return std::nullopt;
  return samples_.back().at;
}
