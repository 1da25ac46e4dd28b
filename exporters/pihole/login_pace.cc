#include "exporters/pihole/login_pace.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {

constexpr Duration kFirst = 60s, kLast = 24min;  // a quarter more by chance: 30 min
constexpr Duration kSeatsExhausted = 60s, kRateLimited = 10s;
constexpr Duration kSeatLife = 30min;  // webserver.session.timeout
constexpr std::size_t kMaxSeats = 12;  // of the 16 of webserver.api.max_sessions

Duration Longer(Duration d, double chance) {
  return d + FromSeconds(Seconds(d) / 4 * std::clamp(chance, 0.0, 1.0));
}

}  // namespace

bool LoginPace::MayTry(Instant now) const {
  bool has_seats = seats_.size() < kMaxSeats || now - seats_.front() >= kSeatLife;
  return now >= not_before_ && has_seats;
}

void LoginPace::TookASeat(Instant now) {
  seats_.push_back(now);
  if (seats_.size() > kMaxSeats) seats_.pop_front();
}

void LoginPace::Accepted(Instant now) {
  Renew();
  TookASeat(now);
}

void LoginPace::Failed(ApiState why, Instant now, double chance) {
  if (why == ApiState::kTimeout) TookASeat(now);
  Duration wait = why == ApiState::kSeatsExhausted ? kSeatsExhausted
                  : why == ApiState::kRateLimited  ? kRateLimited
                                                   : std::min(kLast, kFirst * (1 << failed_));
  bool of_ours = why != ApiState::kSeatsExhausted && why != ApiState::kRateLimited;
  if (of_ours) failed_ = std::min(failed_ + 1, 10);
  not_before_ = now + Longer(wait, chance);
}

void LoginPace::Renew() {
  failed_ = 0;
  not_before_ = Instant::min();
}
