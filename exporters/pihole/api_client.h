#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "common/http_client.h"
#include "exporters/pihole/api_snapshot.h"
#include "exporters/pihole/config.h"

// Requests to one Pi-hole's web server, without a session: one connection, one after the other,
// each with its own timeout. Counts what is asked, and keeps how it went.
class ApiClient {
 public:
  ApiClient(const ApiOptions& options, std::string user_agent);

  struct Request {
    std::string method = "GET", path;  // "/api/auth"; a query in it stands in no error
    std::string json{}, sid{};         // body of a POST; "" = without
    std::string host{};                // header Host; "" as configured, else that of the URL
    std::size_t max_bytes = 1 << 20;   // of the answer
  };
  // Any complete answer, whatever its code. Errors as HttpClient's. Redirects are not followed:
  // they name the host that the Pi-hole thinks it is.
  absl::StatusOr<HttpReply> Ask(const Request& request, const Deadline& deadline);

  // The error that an answer other than 200 is, in words.
  absl::Status Refusal(const Request& request, const HttpReply& reply) const;

  // By the last answer, or what was set since. One that takes connections and says nothing is
  // kTimeout for as long as its silence lasts: also when those that nobody answered are so many
  // that it takes no more (200 polls, 50 minutes), which otherwise is kNoConnection.
  ApiState state() const { return state_; }
  void set_state(ApiState state) { state_ = state; }
  // `result`: ok, refused, no_answer
  void CountLogin(std::string_view result) { ++traffic_.logins[result]; }
  ApiTraffic TakeTraffic() { return std::exchange(traffic_, {}); }
  const std::string& url() const { return options_.url; }

 private:
  ApiState StateOfError(const absl::Status& status) const;

  const ApiOptions options_;
  HttpClient http_;
  ApiState state_ = ApiState::kUnreachable;
  ApiTraffic traffic_;
  int silent_ = 0;  // requests in this silence that a connection took
};
