#include "exporters/pihole/api_session.h"

#include <random>

#include "common/json.h"
#include "common/secret.h"
#include "exporters/pihole/api_answers.h"
#include "exporters/pihole/auth_answer.h"

namespace {

constexpr int kMaxOrphans = 16;  // as many as there are seats

double Random() {
  static thread_local std::minstd_rand engine{std::random_device()()};
  return std::uniform_real_distribution<double>()(engine);
}

std::string WordsOf(ApiState state, bool totp) {
  if (state == ApiState::kTotpRequired)
    return "a second factor is asked for: give an app password";
  if (state == ApiState::kAuthFailed)
    return totp ? "wrong password, or not an app password" : "wrong password";
  if (state == ApiState::kSeatsExhausted) return "all seats of the API are taken";
  if (state == ApiState::kRateLimited) return "too many logins, of anybody";
  return "the answer to the login is not understood";
}

}  // namespace

ApiSession::ApiSession(ApiClient& client, const ApiOptions& options, SessionMeans means)
    : client_(client), options_(options), means_(std::move(means)), sid_(means_.sid) {}

// "" without a password. The file is read each time: it may have changed.
absl::StatusOr<std::string> ApiSession::Password() const {
  if (options_.password_file.empty()) return options_.password;
  auto password = ReadSecret(options_.password_file);
  if (password.ok()) return password;
  return absl::UnauthenticatedError("password_file " + std::string(password.status().message()));
}

bool ApiSession::PasswordChanged() const {
  if (denied_.ok() || options_.password_file.empty()) return false;
  auto password = Password();
  return password.ok() && *password != refused_;
}

void ApiSession::Take(const std::string& sid) {
  if (sid == sid_) return;
  means_.keep(sid);
  sid_ = sid;
}

absl::Status ApiSession::Deny(ApiState state, const std::string& why) {
  client_.set_state(state);
  entered_ = false;
  denied_state_ = state;
  pace_.Failed(state, means_.clock(), means_.chance ? means_.chance() : Random());
  std::string what = client_.url() + ": " + why;
  bool busy = state == ApiState::kSeatsExhausted || state == ApiState::kRateLimited;
  denied_ = busy ? absl::UnavailableError(what) : absl::UnauthenticatedError(what);
  return denied_;
}

absl::Status ApiSession::Enter(const Deadline& deadline) {
  if (entered_) return absl::OkStatus();
  if (PasswordChanged()) pace_.Renew();
  if (!pace_.MayTry(means_.clock())) {
    client_.set_state(denied_state_);
    if (!denied_.ok()) return denied_;
    return absl::UnauthenticatedError(client_.url() + ": loses our sessions again and again");
  }
  ApiClient::Request request{.path = "/api/auth", .sid = sid_};
  auto reply = client_.Ask(request, deadline.AtMost(options_.timeout));
  if (!reply.ok()) return reply.status();
  if (reply->code != 200 && reply->code != 401) return client_.Refusal(request, *reply);
  auto auth = ReadAuth(reply->body);
  if (!auth.ok()) {
    client_.set_state(ApiState::kBadResponse);
    return absl::DataLossError(client_.url() + ": " + std::string(auth.status().message()));
  }
  if (reply->code == 401 || !auth->valid) return Take(""), Login(auth->totp, deadline);
  Take(auth->sid);
  entered_ = true;
  return denied_ = absl::OkStatus();
}

absl::Status ApiSession::Login(bool totp, const Deadline& deadline) {
  auto password = Password();
  refused_ = password.ok() ? *password : "";
  if (!password.ok()) return Deny(ApiState::kAuthFailed, std::string(password.status().message()));
  if (password->empty())
    return Deny(ApiState::kAuthFailed, "asks for a password: give it password_file");
  ApiClient::Request request{.method = "POST", .path = "/api/auth",
                             .json = "{\"password\":" + JsonQuote(*password) + "}"};
  auto reply = client_.Ask(request, deadline);
  if (!reply.ok()) return NoteUnanswered(reply.status());
  LoginAnswer answer = ReadLogin(reply->code, reply->body);
  client_.CountLogin(answer.state == ApiState::kOk ? "ok" : "refused");
  if (answer.state != ApiState::kOk) return Deny(answer.state, WordsOf(answer.state, totp));
  Take(answer.sid);
  if (!sid_.empty()) pace_.Accepted(means_.clock());
  entered_ = true;
  denied_ = absl::OkStatus();
  if (!sid_.empty()) GiveBackOrphans(deadline.AtMost(options_.timeout));
  client_.set_state(ApiState::kOk);
  return absl::OkStatus();
}

absl::Status ApiSession::NoteUnanswered(const absl::Status& status) {
  client_.CountLogin("no_answer");
  const ApiState state = client_.state();
  // It may have taken a seat all the same.
  if (state == ApiState::kTimeout || state == ApiState::kBadResponse) {
    denied_ = Deny(ApiState::kTimeout, "the login got no answer");
    client_.set_state(denied_state_ = ApiState::kBadResponse);
  }
  return status;
}

void ApiSession::GiveBackOrphans(const Deadline& deadline) {
  auto reply = client_.Ask({.path = "/api/auth/sessions", .sid = sid_}, deadline);
  if (!reply.ok() || reply->code != 200) return;
  auto json = Json::Parse(reply->body);
  auto seats = json.ok() ? ReadSeats(json->view(), means_.user_agent) : json.status();
  if (!seats.ok()) return;
  int left = kMaxOrphans;
  for (int id : seats->orphans) {
    if (left-- == 0) return;
    std::string path = "/api/auth/session/" + std::to_string(id);
    if (!client_.Ask({.method = "DELETE", .path = path, .sid = sid_}, deadline).ok()) return;
  }
}

absl::StatusOr<std::string> ApiSession::Get(const std::string& path, const Deadline& deadline,
                                            std::size_t max_bytes) {
  if (auto entered = Enter(deadline); !entered.ok()) return entered;
  ApiClient::Request request{.path = path, .sid = sid_, .max_bytes = max_bytes};
  auto reply = client_.Ask(request, deadline.AtMost(options_.timeout));
  if (reply.ok() && reply->code == 401) {
    entered_ = false;
    Take("");
    if (auto entered = Enter(deadline); !entered.ok()) return entered;
    request.sid = sid_;
    reply = client_.Ask(request, deadline.AtMost(options_.timeout));
    if (reply.ok() && reply->code == 401)
      return Deny(ApiState::kAuthFailed, "does not take its own session");
  }
  if (!reply.ok()) return reply.status();
  if (reply->code != 200) return client_.Refusal(request, *reply);
  return std::move(reply->body);
}

void ApiSession::Leave(const Deadline& deadline) {
  if (sid_.empty()) return;
  auto reply = client_.Ask({.method = "DELETE", .path = "/api/auth", .sid = sid_}, deadline);
  bool gone = reply.ok() && (reply->code < 300 || reply->code == 401);
  if (gone) Take("");
  entered_ = false;
}
