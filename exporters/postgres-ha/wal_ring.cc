#include "exporters/postgres-ha/wal_ring.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {
constexpr std::size_t kMaxSamples = 4096;
constexpr Duration kThinEvery = 60s;

// How far apart samples of this age need to be.
Duration SpacingAt(Duration age) { return age > 10min ? 10s : age > 1min ? 1s : 0s; }
// The present pace is that of the last seconds.
constexpr Duration kPaceOver = 3s;
}  // namespace

double WalRing::Pace(const Sample& from, const Sample& to) {
  double seconds = Seconds(to.at - from.at);
  return seconds > 0 ? static_cast<double>(to.position - from.position) / seconds : 0;
}

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

std::optional<WalRing::Between> WalRing::Passed(long long position) const {
  auto beyond = std::upper_bound(samples_.begin(), samples_.end(), position,
                                 [](long long p, const Sample& s) { return p < s.position; });
  if (beyond == samples_.begin() || beyond == samples_.end()) return std::nullopt;
  return Between(std::prev(beyond)->at, beyond->at);
}

std::optional<WalRing::Between> WalRing::LastAdvance() const {
  for (std::size_t i = samples_.size(); i >= 2; --i)
    if (samples_[i - 2].position < samples_[i - 1].position)
      return Between(samples_[i - 2].at, samples_[i - 1].at);
  return std::nullopt;
}

bool WalRing::WritesUntilLast() const {
  std::size_t n = samples_.size();
  return n >= 2 && samples_[n - 2].position < samples_[n - 1].position;
}

double WalRing::BytesPerSecond() const {
  if (samples_.empty()) return 0;
  const Sample& last = samples_.back();
  auto from = std::find_if(samples_.begin(), samples_.end(),
                           [&](auto& s) { return last.at - s.at <= kPaceOver; });
  return Pace(*from, last);
}

double WalRing::BusiestBytesPerSecond() const {
  double busiest = 0;
  for (std::size_t i = 1; i < samples_.size(); ++i)
    busiest = std::max(busiest, Pace(samples_[i - 1], samples_[i]));
  return busiest;
}

std::optional<long long> WalRing::last_position() const {
  if (samples_.empty()) return std::nullopt;
  return samples_.back().position;
}

std::optional<Instant> WalRing::last_time() const {
  if (samples_.empty()) return std::nullopt;
  return samples_.back().at;
}
