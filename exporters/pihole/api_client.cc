#include "exporters/pihole/api_client.h"

#include "exporters/pihole/auth_answer.h"

namespace {

// The first silence may be that of a connection that was kept, to a host that is gone since.
constexpr int kProof = 2;

HttpOptions ToHttpOptions(const ApiOptions& o, std::string user_agent) {
  HttpOptions http;
  http.ca_file = o.ca_file;
  http.server_name = o.server_name;
  http.skip_verification = o.skip_verification;
  http.user_agent = std::move(user_agent);
  http.quick_ack = true;  // FTL writes an answer in 19 pieces: 44 ms each time without
  http.one_connection = true;  // to two of its sockets at once can stop FTL's web server for good
  return http;
}

}  // namespace

ApiClient::ApiClient(const ApiOptions& options, std::string user_agent)
    : options_(options), http_(ToHttpOptions(options, std::move(user_agent))) {}

ApiState ApiClient::StateOfError(const absl::Status& status) const {
  switch (status.code()) {
    case absl::StatusCode::kDeadlineExceeded:
      return http_.connected() || silent_ >= kProof ? ApiState::kTimeout : ApiState::kNoConnection;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kInvalidArgument: return ApiState::kTlsError;  // its CA file
    case absl::StatusCode::kDataLoss: return ApiState::kBadResponse;
    default: return ApiState::kUnreachable;
  }
}

absl::StatusOr<HttpReply> ApiClient::Ask(const Request& request, const Deadline& deadline) {
  HttpCall call{.method = request.method, .url = options_.url + request.path, .json = request.json};
  call.max_bytes = request.max_bytes;
  const std::string& host = request.host.empty() ? options_.host_header : request.host;
  if (!host.empty()) call.headers.push_back("Host: " + host);
  if (!request.sid.empty()) call.headers.push_back("X-FTL-SID: " + request.sid);
  Instant begin = Clock::now();
  auto reply = http_.Ask(call, deadline);
  ++traffic_.requests[reply.ok() ? reply->code : 0];
  if (reply.ok()) traffic_.seconds.push_back(Seconds(Clock::now() - begin));
  if (!absl::IsDeadlineExceeded(reply.status())) silent_ = 0;
  else if (http_.connected()) ++silent_;
  state_ = reply.ok() ? StateOfAnswer(reply->code, reply->body) : StateOfError(reply.status());
  if (!reply.ok()) ++traffic_.errors[state_];
  return reply;
}

absl::Status ApiClient::Refusal(const Request& request, const HttpReply& reply) const {
  std::string path = request.path.substr(0, request.path.find('?'));
  std::string what = request.method + ' ' + options_.url + path + ": answers " +
                     std::to_string(reply.code);
  switch (StateOfAnswer(reply.code, reply.body)) {
    case ApiState::kRedirect:
      return absl::FailedPreconditionError(what + ", a redirect: give the URL it leads to");
    case ApiState::kAuthFailed: return absl::UnauthenticatedError(what + ", not let in");
    case ApiState::kSeatsExhausted:
      return absl::UnavailableError(what + ": all seats of the API are taken");
    case ApiState::kRateLimited:
      return absl::UnavailableError(what + ": too many logins, of anybody");
    default:
      return absl::DataLossError(what);
  }
}
