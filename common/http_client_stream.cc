#include <string_view>

#include "common/http_client_curl.h"
#include "common/http_stream.h"

namespace {

// Cuts what comes into lines; the piece behind the last one waits in the body.
std::size_t TakeLines(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  std::string_view rest(data, size);
  for (std::size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
    if (TakeHttpBody(const_cast<char*>(rest.data()), 1, end, user) != end) return 0;
    if (transfer.body.ends_with('\r')) transfer.body.pop_back();
    if (!transfer.body.empty()) transfer.lines.push_back(std::move(transfer.body));
    transfer.body.clear();
  }
  std::size_t taken = TakeHttpBody(const_cast<char*>(rest.data()), 1, rest.size(), user);
  return taken == rest.size() ? size : 0;
}

// Why there is no more after a transfer that ended with `code`.
absl::Status End(const HttpHandle& handle, CURLcode code) {
  absl::Status status = handle.Error(code);
  if (!status.ok()) return status;
  return absl::UnavailableError(handle.transfer->shown + ": the server ended the stream");
}

absl::Status Refusal(const std::string& shown, int code) {
  std::string what = shown + ": answers " + std::to_string(code);
  if (code == 401) return absl::UnauthenticatedError(what);
  if (code == 403) return absl::PermissionDeniedError(what);
  return code >= 500 ? absl::UnavailableError(what) : absl::DataLossError(what);
}

}  // namespace

HttpStream::HttpStream(HttpOptions options) : options_(std::move(options)) {}
HttpStream::~HttpStream() = default;

void HttpStream::Close() { handle_ = nullptr; }

absl::Status HttpStream::Open(const std::string& url, const std::string& json,
                              const Deadline& deadline, const std::string& authorization) {
  Close();
  auto parsed = ParseHttpUrl(url, options_.server_name);
  if (!parsed.ok()) return parsed.status();
  auto handle = HttpHandle::For(*parsed, options_, handle_, deadline);
  if (!handle.ok()) return handle.status();
  handle_ = *std::move(handle);
  HttpCall call{.method = "POST", .url = url, .json = json};
  if (!authorization.empty()) call.headers.push_back("Authorization: " + authorization);
  handle_->Begin(call, *parsed, options_.max_bytes);
  curl_easy_setopt(handle_->easy, CURLOPT_WRITEFUNCTION, TakeLines);
  curl_easy_setopt(handle_->easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(0));  // no end

  HttpTransfer& transfer = *handle_->transfer;
  auto begun = [&] { return transfer.headers_complete && handle_->reply_code() >= 200; };
  auto ended = handle_->Drive(deadline, begun);
  end_ = ended ? End(*handle_, *ended) : absl::OkStatus();
  absl::Status status;
  int code = handle_->reply_code();
  transfer.connected = handle_->Connected();
  if (!begun()) status = ended ? end_ : handle_->Error(CURLE_OPERATION_TIMEDOUT);
  else if (code != 200) status = Refusal(transfer.shown, code);
  if (!status.ok()) Close();
  return status;
}

absl::StatusOr<std::vector<std::string>> HttpStream::ReadLines(const Deadline& deadline) {
  if (!handle_) return absl::UnavailableError("the stream is not open");
  HttpTransfer& transfer = *handle_->transfer;
  if (end_.ok()) {
    auto ended = handle_->Drive(deadline, [&] { return !transfer.lines.empty(); });
    if (ended) end_ = End(*handle_, *ended);
  }
  auto lines = std::exchange(transfer.lines, {});
  if (!lines.empty() || end_.ok()) return lines;
  Close();
  return end_;
}

int HttpStream::fd() const {
  return !handle_ || handle_->sockets.empty() ? -1 : handle_->sockets.back();
}
