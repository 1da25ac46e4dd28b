#include "exporters/postgres-ha/etcd_client.h"

#include "common/json.h"
#include "common/net.h"
#include "exporters/postgres-ha/etcd_answers.h"
#include "exporters/postgres-ha/patroni_cluster.h"

namespace {

constexpr Duration kLogInBackOff = std::chrono::seconds(30);

}  // namespace

HttpOptions WithoutUser(HttpOptions http) {
  http.user.clear();
  http.password.clear();
  return http;
}

EtcdClient::EtcdClient(std::string url, HttpOptions http)
    : url_(std::move(url)),
      endpoint_(HostPortOf(url_)),
      user_(http.user),
      password_(http.password),
      client_(WithoutUser(http)) {}

absl::Status EtcdClient::LogIn(const Deadline& deadline) {
  if (user_.empty() || !token_.empty()) return absl::OkStatus();
  if (Clock::now() < log_in_not_before_)
    return absl::PermissionDeniedError(endpoint_ + ": the last login was refused");
  std::string json =
      "{\"name\":" + JsonQuote(user_) + ",\"password\":" + JsonQuote(password_) + "}";
  auto body = AskOnce("/v3/auth/authenticate", json, deadline);
  if (absl::IsPermissionDenied(body.status())) log_in_not_before_ = Clock::now() + kLogInBackOff;
  if (absl::IsFailedPrecondition(body.status())) return absl::OkStatus();  // etcd knows no users
  if (!body.ok()) return body.status();
  auto token = ParseEtcdToken(*body);
  if (token.ok()) token_ = *std::move(token);
  return token.status();
}

absl::StatusOr<std::string> EtcdClient::AskOnce(const std::string& path, const std::string& json,
                                                const Deadline& deadline) {
  auto reply = client_.Post(url_ + path, json, deadline, token_);
  if (!reply.ok()) return reply.status();
  if (reply->code == 200) return std::move(reply->body);
  return Named(endpoint_, EtcdError(reply->code, reply->body));
}

absl::StatusOr<std::string> EtcdClient::Ask(const std::string& path, const std::string& json,
                                            const Deadline& deadline) {
  if (auto s = LogIn(deadline); !s.ok()) return s;
  auto body = AskOnce(path, json, deadline);
  if (!absl::IsUnauthenticated(body.status()) || user_.empty()) return body;
  ForgetToken();
  if (auto s = LogIn(deadline); !s.ok()) return s;
  return AskOnce(path, json, deadline);
}

absl::Status EtcdClient::Watch(HttpStream& stream, const std::string& json,
                               const Deadline& deadline) {
  if (auto s = LogIn(deadline); !s.ok()) return s;
  return stream.Open(url_ + "/v3/watch", json, deadline, token_);
}

absl::Status EtcdClient::Look(const Deadline& deadline, EtcdLook& look) {
  look.endpoint = endpoint_;
  auto body = Ask("/v3/maintenance/status", "{}", deadline);
  absl::Status denied = absl::IsPermissionDenied(body.status()) ? body.status() : absl::OkStatus();
  if (!body.ok() && denied.ok()) return body.status();
  if (body.ok()) {
    auto status = ParseEtcdStatus(*body);
    if (!status.ok()) return status.status();
    look = *std::move(status);
    look.endpoint = endpoint_;
    look.healthy = false;
  }
  auto reply = client_.Get(url_ + "/health", deadline);
  if (look.answered && absl::IsDeadlineExceeded(reply.status())) return absl::OkStatus();
  if (!reply.ok()) return reply.status();
  auto healthy = ParseEtcdHealth(reply->body);
  if (!healthy.ok()) return healthy.status();
  look.answered = true;
  look.healthy = *healthy;
  return denied;
}
