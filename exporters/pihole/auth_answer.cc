#include "exporters/pihole/auth_answer.h"

#include "common/json.h"

namespace {

constexpr std::size_t kMaxSidLetters = 128;  // it is 24 of base64

bool FitsAHeader(std::string_view sid) {
  for (char c : sid)
    if (c <= ' ' || c > '~') return false;
  return sid.size() <= kMaxSidLetters;
}

absl::StatusOr<AuthAnswer> AuthIn(JsonView answer) {
  JsonView session = answer["session"];
  auto valid = session["valid"].Bool();
  std::string sid(session["sid"].String().value_or(""));
  if (!valid || !FitsAHeader(sid)) return absl::DataLossError("not an answer of /api/auth");
  AuthAnswer auth{*valid, session["totp"].Bool().value_or(false), ""};
  if (auth.valid) auth.sid = std::move(sid);
  return auth;
}

JsonView ErrorIn(const absl::StatusOr<Json>& json) {
  return json.ok() ? json->view()["error"] : JsonView();
}

}  // namespace

absl::StatusOr<AuthAnswer> ReadAuth(std::string_view body) {
  auto json = Json::Parse(body);
  if (!json.ok()) return absl::DataLossError("/api/auth answers no JSON");
  return AuthIn(json->view());
}

ApiState StateOfAnswer(int code, std::string_view body) {
  if (code >= 200 && code < 300) return ApiState::kOk;
  if (code >= 300 && code < 400) return ApiState::kRedirect;
  if (code == 401 || code == 403) return ApiState::kAuthFailed;
  if (code != 429) return ApiState::kHttpError;
  auto json = Json::Parse(body);
  return ErrorIn(json)["key"].String() == "api_seats_exceeded" ? ApiState::kSeatsExhausted
                                                               : ApiState::kRateLimited;
}

LoginAnswer ReadLogin(int code, std::string_view body) {
  auto json = Json::Parse(body);
  if (code == 400 || code == 401) {
    // "No 2FA token found in JSON payload" (400), "Invalid 2FA token" (401)
    std::string_view message = ErrorIn(json)["message"].String().value_or("");
    if (message.find("2FA") != message.npos) return {ApiState::kTotpRequired, ""};
  }
  if (ApiState state = StateOfAnswer(code, body); state != ApiState::kOk) return {state, ""};
  if (!json.ok()) return {};
  auto auth = AuthIn(json->view());
  if (!auth.ok()) return {};
  return {auth->valid ? ApiState::kOk : ApiState::kAuthFailed, auth->sid};
}
