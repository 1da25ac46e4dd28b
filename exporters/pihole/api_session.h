#pragma once
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "exporters/pihole/api_client.h"
#include "exporters/pihole/login_pace.h"

// What a session has from outside.
struct SessionMeans {
  // The same over restarts, and no one else's: by it seats are recognised as ours.
  std::string user_agent;
  std::string sid;  // of an earlier process, "" = none
  // Is told each new SID, "" when there is none, before it is used.
  std::function<void(const std::string& sid)> keep = [](auto&) {};
  std::function<Instant()> clock = [] { return Clock::now(); };
  std::function<double()> chance;  // from 0 to 1; by default random
};

// A session with the API of one Pi-hole, version 6: never more than one of its 16 seats. A login
// costs the Pi-hole more than a hundred polls, and too many lock everybody out, the admin page too.
// So:
//  - GET /api/auth first: it tells whether there is a password at all, whether the seat that was
//    kept is still ours, and whether a second factor is asked for (then only an app password
//    helps).
//  - One login. The SID goes on for as long as it is used, so nothing is renewed by a clock.
//  - 401 to a request: the seat is gone (FTL was killed, or its password changed); one login and
//    one retry, at once. When a login may be tried again after one that failed: LoginPace, or at
//    once when password_file has changed.
//  - Seats that a killed process left, by our own user agent and address, are given back after a
//    login. Those of others are never touched.
// The seat of a login whose answer never came, or whose SID was not kept before the process was
// killed, stays taken until the next login gives it back, or for half an hour.
class ApiSession {
 public:
  // `client` must outlive it, and have means.user_agent.
  ApiSession(ApiClient& client, const ApiOptions& options, SessionMeans means);

  // Lets us in, if we are not: by `deadline`, which should leave a slow Pi-hole 10 s for a login.
  // While no login may be tried it asks nothing, and tells the error of the last one. A login that
  // got no answer is kBadResponse: /api/auth had one just before. Errors as Get().
  absl::Status Enter(const Deadline& deadline);
  // GET of `path` ("/api/stats/summary") with the SID, which has the timeout of the options; a
  // login that turns out to be needed, and the retry, by `deadline`. The body of a 200, of
  // `max_bytes` at most; else an error, and client.state() says which: as HttpClient's,
  // Unauthenticated (not let in), Unavailable (no seat, too many logins), FailedPrecondition (a
  // redirect), DataLoss (another code). They name no secret.
  absl::StatusOr<std::string> Get(const std::string& path, const Deadline& deadline,
                                  std::size_t max_bytes = 1 << 20);
  // Gives the seat back. It is kept if that gets no answer: then the next process may take it.
  void Leave(const Deadline& deadline);

  bool entered() const { return entered_; }
  // We are not let in, and no login may be tried now.
  bool shut_out() const { return !entered_ && !pace_.MayTry(means_.clock()); }
  const std::string& sid() const { return sid_; }

 private:
  absl::StatusOr<std::string> Password() const;
  bool PasswordChanged() const;
  absl::Status Login(bool totp, const Deadline& deadline);
  absl::Status NoteUnanswered(const absl::Status& status);
  absl::Status Deny(ApiState state, const std::string& why);
  void Take(const std::string& sid);
  void GiveBackOrphans(const Deadline& deadline);

  ApiClient& client_;
  const ApiOptions options_;
  const SessionMeans means_;
  std::string sid_;
  bool entered_ = false;    // let in, with a SID or because no password is set
  LoginPace pace_;
  std::string refused_;     // the password that was
  ApiState denied_state_ = ApiState::kAuthFailed;
  absl::Status denied_;     // why not, while no login may be tried
};
