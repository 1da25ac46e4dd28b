#pragma once
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "exporters/pihole/state.h"

// What /api/auth answers: who we are there, and how a login went. By src/api/auth.c of FTL, and
// https://docs.pi-hole.net/api/auth/.

struct AuthAnswer {
  bool valid = false;  // we are let in: with the SID that was sent, or without a password
  bool totp = false;   // a second factor is asked for (app passwords need none)
  std::string sid;     // "" = none: not valid, or no password is set
};
// DataLoss when the body is not of that shape, or its SID could not stand in a header.
absl::StatusOr<AuthAnswer> ReadAuth(std::string_view body);

// What the API's answer of `code` means for the client: kOk for 2xx, kRedirect for 3xx, kAuthFailed
// for 401 and 403, kSeatsExhausted or kRateLimited for 429 by its words, else kHttpError.
ApiState StateOfAnswer(int code, std::string_view body);

// How a login ended, and its SID. kOk without a SID: no password is set, whatever the message says.
// kTotpRequired: our password is no app password.
struct LoginAnswer {
  ApiState state = ApiState::kBadResponse;
  std::string sid;
};
LoginAnswer ReadLogin(int code, std::string_view body);
