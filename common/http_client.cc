#include "common/http_client.h"

#include "absl/strings/str_format.h"

#include "common/http_client_curl.h"

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {}
HttpClient::~HttpClient() = default;

// Waits for the end of an earlier request that the server has not answered yet.
absl::Status HttpClient::Unanswered(const Deadline& deadline) {
  if (!handle_->transfer) return absl::OkStatus();
  if (handle_->Drive(deadline)) return handle_->End(), absl::OkStatus();
  Duration waited = Clock::now() - handle_->transfer->begin;
  std::string what =
      absl::StrFormat("%s: no answer since %.0f s", handle_->transfer->shown, Seconds(waited));
  if (waited > options_.wait_out) handle_->End();
  return absl::DeadlineExceededError(what);
}

absl::StatusOr<HttpReply> HttpClient::Get(const std::string& url, const Deadline& deadline) {
  return Ask({.method = "GET", .url = url}, deadline);
}

absl::StatusOr<HttpReply> HttpClient::Post(const std::string& url, const std::string& json,
                                           const Deadline& deadline,
                                           const std::string& authorization) {
  HttpCall call{.method = "POST", .url = url, .json = json};
  if (!authorization.empty()) call.headers.push_back("Authorization: " + authorization);
  return Ask(call, deadline);
}

absl::StatusOr<HttpReply> HttpClient::Ask(const HttpCall& call, const Deadline& deadline) {
  connected_ = false;
  for (const std::string& header : call.headers)
    if (header.find_first_of(std::string_view("\r\n\0", 3)) != header.npos)
      return absl::InvalidArgumentError("a header of more than one line");
  auto url = ParseHttpUrl(call.url, options_.server_name);
  if (!url.ok()) return url.status();
  auto handle = HttpHandle::For(*url, options_, handle_, deadline);
  if (!handle.ok()) return handle.status();
  handle_ = *std::move(handle);
  connected_ = handle_->transfer != nullptr;
  if (auto s = Unanswered(deadline); !s.ok()) return s;

  handle_->Begin(call, *url, call.max_bytes > 0 ? call.max_bytes : options_.max_bytes);
  auto ended = handle_->Drive(deadline);
  connected_ = handle_->transfer->connected = handle_->Connected();
  absl::StatusOr<HttpReply> reply = HttpReply{handle_->reply_code(), ""};
  absl::Status status = handle_->Error(ended.value_or(CURLE_OPERATION_TIMEDOUT));
  if (status.ok()) reply->body = std::move(handle_->transfer->body);
  else reply = status;
  curl_off_t sent = 0;  // after how many microseconds the server had the request
  curl_easy_getinfo(handle_->easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
  if (ended || options_.wait_out == Duration::zero() || sent == 0) handle_->End();
  return reply;
}
