#pragma once
#include <deque>

#include "common/deadline.h"
#include "exporters/pihole/state.h"

// When a login to a Pi-hole may be tried. Each costs it as much as a hundred polls or more, one
// that works takes one of 16 seats for half an hour, and more than three that fail within a second
// lock others out. So:
//   a wrong password, a second factor, no answer   after 60 s, then twice as long each time, to 30
//                                                  min, each up to a quarter longer, by chance
//   all seats taken                                after 60 s, likewise longer by chance
//   too many logins, of anybody                    after 10 s, likewise
//   12 logins that took a seat within 30 min       when the first of them has run out: whatever it
//                                                  is that loses our sessions, others keep seats
// Seats and the half hour: src/api/auth.c of FTL, with webserver.api.max_sessions and
// webserver.session.timeout; logins a second: verify_password() in its src/config/password.c.
// Nothing here reads a clock.
class LoginPace {
 public:
  bool MayTry(Instant now) const;
  // It worked, and took a seat.
  void Accepted(Instant now);
  // `chance`: from 0 to 1, new each time. kTimeout: no answer came; it may have taken a seat.
  void Failed(ApiState why, Instant now, double chance);
  // The password is another one now: what failed before counts no more.
  void Renew();

 private:
  void TookASeat(Instant now);

  int failed_ = 0;  // in a row
  Instant not_before_ = Instant::min();
  std::deque<Instant> seats_;  // when those of the last half hour were taken, at most 12
};
