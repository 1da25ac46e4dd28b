#include "exporters/postgres-ha/clock_offset.h"

#include <algorithm>

namespace {
constexpr std::size_t kMaxExchanges = 16;
constexpr Duration kMaxAge = std::chrono::minutes(1);
}  // namespace

void ClockOffset::Add(double server_unix_seconds, const Now& sent, const Now& received) {
  const Duration took = received.at - sent.at;
  // The monotonic clock tells where the middle is, even if the wall clock is set meanwhile.
  const double ours = received.Unix(sent.at + took / 2);
  exchanges_.push_back({received.at, took, server_unix_seconds - ours});
  while (exchanges_.size() > kMaxExchanges || received.at - exchanges_.front().received > kMaxAge)
    exchanges_.pop_front();
}

std::optional<double> ClockOffset::seconds() const {
  auto shortest = std::min_element(exchanges_.begin(), exchanges_.end(),
                                   [](auto& a, auto& b) { return a.took < b.took; });
  if (shortest == exchanges_.end()) return std::nullopt;
  return shortest->offset_seconds;
}
