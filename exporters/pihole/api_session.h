#pragma once
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/http_client.h"
#include "exporters/pihole/api_snapshot.h"
#include "exporters/pihole/config.h"

// A session with the API of one Pi-hole, version 6: one connection, one request at a time, never
// more than one of its 16 seats. A login costs the Pi-hole more than a hundred polls, and too many
// lock everybody out, the admin page too. So:
//  - GET /api/auth first: it tells whether there is a password at all, whether the seat that was
//    kept is still ours, and whether a second factor is asked for (then only an app password
//    helps).
//  - One login. The SID goes on for as long as it is used, so nothing is renewed by a clock.
//  - 401 to a request: the seat is gone (FTL was killed, or its password changed); one login and
//    one retry, at once. A wrong password is tried again after 60 s, then ever slower, to 30 min,
//    with some randomness; at once when password_file has changed. Seats exhausted: after 60 s. Too many
//    logins: after 10 s.
//  - Seats that a killed process left, by our own user agent, are given back after a login. Those
//    of others are never touched.
// Redirects are not followed: they name the host that the Pi-hole thinks it is.
class ApiSession {
 public:
  // `sid`: of an earlier process, "" = none. `user_agent`: the same over restarts, and no one
  // else's. `keep` is told each new SID, "" when there is none, before it is used.
  ApiSession(ApiOptions options, std::string user_agent, std::string sid,
             std::function<void(const std::string& sid)> keep);

  // GET of `path` ("/api/stats/summary") with the SID. The JSON text of a 200; else an error, and
  // state() says which. Errors as HttpClient, Unauthenticated (not let in), ResourceExhausted of
  // the Pi-hole's seats is Unavailable.
  absl::StatusOr<std::string> Get(const std::string& path, const Deadline& deadline);
  // Gives the seat back. Errors do not matter: it ends by itself after half an hour.
  void Leave(const Deadline& deadline);

  ApiState state() const;   // of the last request
  const std::string& sid() const;
  ApiTraffic TakeTraffic();  // since the last call
};
