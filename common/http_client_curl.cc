#include "common/http_client_curl.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/ca_store.h"
#include "common/net.h"

namespace {

constexpr std::size_t kMaxHeaderBytes = 64 << 10;
// Other hosts are rewritten by curl (to punycode) and then looked up by itself, without a deadline.
constexpr char kHostLetters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:";

// Called for each line. curl takes headers that end early for complete: so we look for their end.
std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  std::string_view line(data, size);
  if (line.starts_with("HTTP/")) transfer.headers_complete = false;
  if (line == "\r\n" || line == "\n") transfer.headers_complete = true;
  transfer.header_bytes += size;
  transfer.too_long = transfer.header_bytes > kMaxHeaderBytes;
  return transfer.too_long ? 0 : size;
}

curl_socket_t OnSocket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& handle = *static_cast<HttpHandle*>(user);
  int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0 && handle.transfer) handle.transfer->socket_error = errno;
  if (fd < 0) return CURL_SOCKET_BAD;
  handle.sockets.push_back(fd);
  return fd;
}

int OnClose(void* user, curl_socket_t fd) {
  std::erase(static_cast<HttpHandle*>(user)->sockets, fd);
  return close(fd);
}

CURLcode OnTls(CURL*, void* context, void*) {
  if (SystemCaStore() == nullptr) return CURLE_OUT_OF_MEMORY;
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), SystemCaStore());
  return CURLE_OK;
}

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
      return absl::DeadlineExceededError(what + "no complete answer in time");
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

template <class T>
void Set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

void SetIfGiven(CURL* easy, CURLoption option, const std::string& value) {
  if (!value.empty()) Set(easy, option, value.c_str());
}

void SetLimits(CURL* easy) {
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(easy, CURLOPT_PROXY, "");
  Set(easy, CURLOPT_BUFFERSIZE, 4096L);
  Set(easy, CURLOPT_USERAGENT, "sentinel-exporter");
  Set(easy, CURLOPT_WRITEFUNCTION, TakeHttpBody);
  Set(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  Set(easy, CURLOPT_OPENSOCKETFUNCTION, OnSocket);
  Set(easy, CURLOPT_CLOSESOCKETFUNCTION, OnClose);
}

void SetIdentity(CURL* easy, const HttpOptions& options) {
  SetIfGiven(easy, CURLOPT_USERNAME, options.user);
  if (!options.user.empty()) Set(easy, CURLOPT_PASSWORD, options.password.c_str());
  SetIfGiven(easy, CURLOPT_SSLCERT, options.cert_file);
  SetIfGiven(easy, CURLOPT_SSLKEY, options.key_file);
  Set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(easy, CURLOPT_CAPATH, nullptr);
  Set(easy, CURLOPT_CAINFO, options.ca_file.empty() ? nullptr : options.ca_file.c_str());
  if (options.ca_file.empty()) Set(easy, CURLOPT_SSL_CTX_FUNCTION, OnTls);
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

absl::StatusOr<HttpUrl> ParseHttpUrl(const std::string& text) {
  std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  bool valid = text.find('\0') == text.npos &&
               curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
  std::string scheme = Part(url.get(), CURLUPART_SCHEME), host = Part(url.get(), CURLUPART_HOST);
  if (!valid || (scheme != "http" && scheme != "https") ||
      host.find_first_not_of(kHostLetters) != host.npos) {
    // The text may hold a password: it is not shown.
    return absl::InvalidArgumentError("not an http or https URL with an ASCII host name");
  }
  HttpUrl parsed;
  std::string given_port = Part(url.get(), CURLUPART_PORT);
  parsed.shown = scheme + "://" + host + (given_port.empty() ? "" : ":" + given_port) +
                 Part(url.get(), CURLUPART_PATH);
  parsed.port = Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  parsed.host = host.front() == '[' ? host.substr(1, host.size() - 2) : host;
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
  std::string entry = ResolveEntry(url.host, url.port, *addresses);
  std::sort(addresses->begin(), addresses->end());  // the order alone means nothing
  std::string key = ResolveEntry(url.host, url.port, *addresses);
  if (reused != nullptr && reused->addresses == key) return std::move(reused);
  auto handle = std::make_unique<HttpHandle>();
  handle->easy = curl_easy_init();
  handle->multi = curl_multi_init();
  curl_multi_setopt(handle->multi, CURLMOPT_MAXCONNECTS, 1L);
  bool numeric = addresses->size() == 1 && (*addresses)[0] == url.host;
  if (!numeric) handle->resolve = curl_slist_append(nullptr, entry.c_str());
  if (!handle->easy || !handle->multi || (handle->resolve == nullptr && !numeric))
    return absl::ResourceExhaustedError("out of memory");
  handle->addresses = key;
  SetLimits(handle->easy);
  SetIdentity(handle->easy, options);
  Set(handle->easy, CURLOPT_RESOLVE, handle->resolve);
  Set(handle->easy, CURLOPT_OPENSOCKETDATA, handle.get());
  Set(handle->easy, CURLOPT_CLOSESOCKETDATA, handle.get());
  return handle;
}

void HttpHandle::Begin(const std::string& url, const HttpUrl& parsed, const std::string* json,
                       const std::string& authorization, std::size_t max_bytes) {
  transfer = std::make_unique<HttpTransfer>();
  transfer->max_bytes = max_bytes;
  transfer->shown = (json ? "POST " : "GET ") + parsed.shown;
  auto header = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(transfer->headers.get(), line.c_str());
    if (longer != nullptr) transfer->headers.release(), transfer->headers.reset(longer);
  };
  if (json != nullptr) {
    transfer->sent = *json;
    header("Content-Type: application/json");
    header("Expect:");  // no waiting for a 100
    Set(easy, CURLOPT_POST, 1L);
    Set(easy, CURLOPT_POSTFIELDS, transfer->sent.c_str());
    Set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer->sent.size()));
  } else {
    Set(easy, CURLOPT_HTTPGET, 1L);
  }
  if (!authorization.empty()) header("Authorization: " + authorization);
  Set(easy, CURLOPT_HTTPHEADER, transfer->headers.get());
  Set(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(max_bytes));
  Set(easy, CURLOPT_URL, url.c_str());
  Set(easy, CURLOPT_ERRORBUFFER, transfer->detail);
  Set(easy, CURLOPT_WRITEDATA, transfer.get());
  Set(easy, CURLOPT_HEADERDATA, transfer.get());
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
  Set(easy, CURLOPT_ERRORBUFFER, nullptr);
  transfer = nullptr;
}
