#include "exporters/postgres-ha/wal_ring.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {
constexpr std::size_t kMaxSamples = 4096;
constexpr Duration kThinEvery = 60s;

// How far apart samples of this age need to be.
Duration SpacingAt(Duration age) { return age > 10min ? 10s : age > 1min ? 1s : 0s; }
// The present pace is that of the last seconds.
constexpr Duration kPaceOver = 3s, kBusyOver = 60s;
// The usual size of a file of WAL; with another one nothing is taken for empty that is not.
constexpr long long kSegmentBytes = 16 << 20;
}  // namespace

// Of a step that ends shortly after the beginning of a file, what lies before that beginning is the
// empty rest of the file before. Whoever writes that much ends anywhere.
long long WalRing::Empty(const Sample& from, const Sample& to) {
  long long step = to.position - from.position, begun = to.position % kSegmentBytes;
  return step <= kSegmentBytes && begun < step / 8 ? step - begun : 0;
}

double WalRing::Pace(const Sample& from, const Sample& to) {
  double seconds = Seconds(to.at - from.at);
  double bytes = static_cast<double>(to.position - from.position - Empty(from, to));
  return seconds > 0 ? bytes / seconds : 0;
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
  if (beyond == samples_.end()) return std::nullopt;
  if (beyond == samples_.begin()) return Between(beyond->at, beyond->at);
  return Between(std::prev(beyond)->at, beyond->at);
}

bool WalRing::BeginsBeyond(long long position) const {
  return !samples_.empty() && position < samples_.front().position;
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
  for (std::size_t i = samples_.size(); i-- > 1 && samples_.back().at - samples_[i].at < kBusyOver;)
    busiest = std::max(busiest, Pace(samples_[i - 1], samples_[i]));
  return busiest;
}

long long WalRing::EmptyBeyond(long long position) const {
  long long empty = 0;
  for (std::size_t i = samples_.size(); i-- > 1 && samples_[i].position > position;)
    empty += Empty(samples_[i - 1], samples_[i]);
  return empty;
}

std::optional<long long> WalRing::last_position() const {
  if (samples_.empty()) return std::nullopt;
  return samples_.back().position;
}

