#include "exporters/pihole/legacy_poll.h"

#include "common/json.h"
#include "common/secret.h"
#include "exporters/pihole/api_answers.h"

namespace {

constexpr std::string_view kPath = "/admin/api.php?";

// The token stands in a URL: anything else in it would be another question.
bool IsHexadecimal(const std::string& token) {
  return token.find_first_not_of("0123456789abcdefABCDEF") == token.npos;
}

void Forget(ApiSnapshot& snapshot) {
  snapshot.summary.value = nullptr;
  snapshot.blocking.value = nullptr;
  snapshot.replies.value = nullptr;
  snapshot.history.value = nullptr;
  snapshot.version.value = nullptr;
}

template <class T>
Part<T> PartOf(T value, Duration interval) {
  return {std::make_shared<const T>(std::move(value)), Clock::now(), interval};
}

}  // namespace

LegacyPoll::LegacyPoll(ApiClient& client, const ApiOptions& options, Duration interval)
    : client_(client),
      options_(options),
      host_(options.host_header.empty() ? "pi.hole" : options.host_header),
      interval_(interval) {}

absl::StatusOr<std::string> LegacyPoll::Token() const {
  auto token = options_.token_file.empty() ? options_.token : ReadSecret(options_.token_file);
  if (!token.ok())
    return absl::UnauthenticatedError("token_file " + std::string(token.status().message()));
  if (!IsHexadecimal(*token)) return absl::UnauthenticatedError("the token is not hexadecimal");
  return token;
}

absl::StatusOr<bool> LegacyPoll::IsThere(const Deadline& deadline) {
  ApiClient::Request request{.path = std::string(kPath) + "version", .host = host_};
  auto reply = client_.Ask(request, deadline.AtMost(options_.timeout));
  if (!reply.ok()) return reply.status();
  auto json = Json::Parse(reply->body);
  return reply->code == 200 && json.ok() && json->view()["version"].Integer().has_value();
}

absl::Status LegacyPoll::Poll(const Deadline& deadline, ApiSnapshot& snapshot) {
  auto fail = [&](ApiState state, const absl::Status& status) {
    client_.set_state(state);
    Forget(snapshot);
    return absl::Status(status.code(), client_.url() + ": " + std::string(status.message()));
  };
  auto token = Token();
  if (!token.ok()) return fail(ApiState::kAuthFailed, token.status());
  ApiClient::Request request{.path = std::string(kPath) + std::string(kLegacyQuery), .host = host_};
  if (!token->empty()) request.path += "&auth=" + *token;
  auto reply = client_.Ask(request, deadline.AtMost(options_.timeout));
  if (!reply.ok()) return reply.status();
  if (reply->code != 200) return Forget(snapshot), client_.Refusal(request, *reply);
  auto json = Json::Parse(reply->body);
  if (!json.ok() && reply->body.find("Failed Host Check") != std::string::npos)
    return fail(ApiState::kBadResponse,
                absl::DataLossError("it does not know the name " + host_ + ": set host_header"));
  auto answer = json.ok() ? ReadLegacy(json->view())
                          : absl::DataLossError("/admin/api.php: the answer is not JSON");
  if (absl::IsUnauthenticated(answer.status()))
    return fail(ApiState::kAuthFailed, answer.status());
  if (!answer.ok()) return fail(ApiState::kBadResponse, answer.status());
  snapshot.summary = PartOf(std::move(answer->summary), interval_);
  snapshot.blocking = PartOf(answer->blocking, interval_);
  snapshot.replies = PartOf(std::move(answer->replies), interval_);
  snapshot.history = PartOf(std::move(answer->history), interval_);
  snapshot.version = {};
  if (answer->version) snapshot.version = PartOf(*std::move(answer->version), interval_);
  return absl::OkStatus();
}
