#include "common/http_client_curl.h"

#include <signal.h>
#include <sys/socket.h>

#include "common/net.h"

namespace {

// Other hosts are rewritten by curl (to punycode) and then looked up by itself, without a deadline.
constexpr char kHostLetters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:";

std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

// An entry of CURLOPT_RESOLVE.
std::string ResolveEntry(const std::string& host, const std::string& port,
                         const std::vector<std::string>& addresses) {
  std::string entry = host + ":" + port + ":";
  for (const std::string& a : addresses) {
    if (entry.back() != ':') entry += ',';
    entry += a.find(':') == a.npos ? a : "[" + a + "]";
  }
  return entry;
}

absl::Status TransferError(CURLcode code, const HttpTransfer& transfer, int os_error,
                           const std::string& detail) {
  std::string what = transfer.shown + ": ";
  bool begun = transfer.header_bytes > 0;
  // The server wants a certificate that we do not have.
  bool unknown = detail.find(" alert ") != detail.npos && detail.find("certificate") != detail.npos;
  if (transfer.too_long) return absl::DataLossError(what + "the answer is too long");
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(
          what + (transfer.connected ? "no complete answer in time" : "no connection in time"));
    case CURLE_COULDNT_CONNECT:
      return SystemError(transfer.shown, transfer.socket_error ? transfer.socket_error : os_error);
    case CURLE_PEER_FAILED_VERIFICATION:
      return absl::PermissionDeniedError(what + detail);
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return absl::InvalidArgumentError(what + detail);
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:  // what curl says of a header line above 100 kB
      return absl::DataLossError(what + "the answer is too long");
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return absl::DataLossError(what + "the answer is not HTTP");
    default:
      if (unknown) return absl::PermissionDeniedError(what + detail);
      if (begun) return absl::DataLossError(what + "the answer is cut off (" + detail + ")");
      return absl::UnavailableError(
          what + (code == CURLE_GOT_NOTHING ? "closed without an answer" : detail));
  }
}

void InitialiseOnce() {
  static const bool done = [] {
    // OpenSSL writes without MSG_NOSIGNAL, and curl is told to leave signals alone.
    signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  }();
  (void)done;
}

}  // namespace

absl::StatusOr<HttpUrl> ParseHttpUrl(const std::string& text, const std::string& server_name) {
  std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  bool valid = text.find('\0') == text.npos &&
               curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
  std::string scheme = Part(url.get(), CURLUPART_SCHEME), host = Part(url.get(), CURLUPART_HOST);
  if (!valid || (scheme != "http" && scheme != "https") ||
      (host + server_name).find_first_not_of(kHostLetters) != host.npos) {
    // The text may hold a password: it is not shown.
    return absl::InvalidArgumentError("not an http or https URL with an ASCII host name");
  }
  HttpUrl parsed;
  std::string given_port = Part(url.get(), CURLUPART_PORT);
  parsed.authority = host + (given_port.empty() ? "" : ":" + given_port);
  parsed.shown = scheme + "://" + parsed.authority + Part(url.get(), CURLUPART_PATH);
  parsed.port = Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  parsed.host = host.front() == '[' ? host.substr(1, host.size() - 2) : host;
  parsed.url = text;
  parsed.name = parsed.host;
  if (server_name.empty() || scheme == "http") return parsed;
  curl_url_set(url.get(), CURLUPART_HOST, server_name.c_str(), 0);
  parsed.url = Part(url.get(), CURLUPART_URL);
  parsed.name = server_name;
  return parsed;
}

std::size_t TakeHttpBody(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  transfer.too_long = size > transfer.max_bytes - transfer.body.size();
  if (transfer.too_long) return 0;
  transfer.body.append(data, size);
  return size;
}

HttpHandle::~HttpHandle() {
  End();
  curl_easy_cleanup(easy);
  curl_multi_cleanup(multi);
  curl_slist_free_all(resolve);
}

absl::StatusOr<std::unique_ptr<HttpHandle>> HttpHandle::For(const HttpUrl& url,
                                                            const HttpOptions& options,
                                                            std::unique_ptr<HttpHandle>& reused,
                                                            const Deadline& deadline) {
  InitialiseOnce();
  auto addresses = Resolve(url.host, deadline);
  if (!addresses.ok()) return addresses.status();
  std::string entry = ResolveEntry(url.name, url.port, *addresses);
  std::sort(addresses->begin(), addresses->end());  // the order alone means nothing
  std::string key = ResolveEntry(url.name, url.port, *addresses);
  if (reused != nullptr && reused->addresses == key) return std::move(reused);
  auto handle = std::make_unique<HttpHandle>();
  handle->easy = curl_easy_init();
  handle->multi = curl_multi_init();
  curl_multi_setopt(handle->multi, CURLMOPT_MAXCONNECTS, 1L);
  bool numeric = addresses->size() == 1 && (*addresses)[0] == url.name;
  if (!numeric) handle->resolve = curl_slist_append(nullptr, entry.c_str());
  if (!handle->easy || !handle->multi || (handle->resolve == nullptr && !numeric))
    return absl::ResourceExhaustedError("out of memory");
  handle->addresses = key;
  handle->SetUp(options);
  return handle;
}

void HttpHandle::Begin(const HttpCall& call, const HttpUrl& url, std::size_t max_bytes) {
  transfer = std::make_unique<HttpTransfer>();
  transfer->max_bytes = max_bytes;
  transfer->shown = call.method + ' ' + url.shown;
  auto header = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(transfer->headers.get(), line.c_str());
    if (longer != nullptr) transfer->headers.release(), transfer->headers.reset(longer);
  };
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, nullptr);
  if (call.method == "POST") {
    transfer->sent = call.json;
    header("Content-Type: application/json");
    header("Expect:");  // no waiting for a 100
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->sent.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(transfer->sent.size()));
  } else if (call.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
  for (const std::string& line : call.headers) header(line);
  bool own_host = std::any_of(call.headers.begin(), call.headers.end(),
                              [](const std::string& line) { return line.starts_with("Host:"); });
  if (url.name != url.host && !own_host) header("Host: " + url.authority);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers.get());
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(max_bytes));
  curl_easy_setopt(easy, CURLOPT_URL, url.url.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
  curl_multi_add_handle(multi, easy);
}

std::optional<CURLcode> HttpHandle::Drive(const Deadline& deadline,
                                          const std::function<bool()>& enough) {
  while (true) {
    int running = 0, left = 0;
    CURLMcode failed = curl_multi_perform(multi, &running);
    while (CURLMsg* message = curl_multi_info_read(multi, &left))
      if (message->msg == CURLMSG_DONE) return message->data.result;
    if (failed != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    if (deadline.Over() || (enough && enough())) return std::nullopt;
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(deadline.Left().count()), nullptr);
  }
}

bool HttpHandle::Connected() const {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &microseconds);
  if (microseconds > 0) return true;
  // Over a kept connection no time is spent on connecting. One that curl still tries has no peer.
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  return std::any_of(sockets.begin(), sockets.end(), [&](int fd) {
    return getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &(size = sizeof peer)) == 0;
  });
}

int HttpHandle::reply_code() const {
  long code = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
  return static_cast<int>(code);
}

absl::Status HttpHandle::Error(CURLcode code) const {
  if (code == CURLE_OK) {
    if (transfer->headers_complete && reply_code() >= 200) return absl::OkStatus();
    return absl::DataLossError(transfer->shown + ": the answer is cut off in its headers");
  }
  long os_error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  std::string text = transfer->detail[0] != '\0' ? transfer->detail : curl_easy_strerror(code);
  return TransferError(code, *transfer, static_cast<int>(os_error), text);
}

void HttpHandle::End() {
  if (!transfer) return;
  curl_multi_remove_handle(multi, easy);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
  transfer = nullptr;
}
