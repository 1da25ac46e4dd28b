#include "common/http_client.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_format.h"
#include "curl/curl.h"

#include "common/ca_store.h"
#include "common/net.h"

namespace {

constexpr std::size_t kMaxHeaderBytes = 64 << 10;
// Other hosts are rewritten by curl (to punycode) and then looked up by itself, without a deadline.
constexpr char kHostLetters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:";

// One request under way.
struct Transfer {
  std::size_t max_bytes = 0;
  std::string shown;  // its URL
  Instant begin = Clock::now();
  char detail[CURL_ERROR_SIZE] = "";
  std::string body;
  std::size_t header_bytes = 0;
  bool headers_complete = false;
  bool too_long = false;
  int socket_error = 0;
};

std::size_t OnBody(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.too_long = size > transfer.max_bytes - transfer.body.size();
  if (transfer.too_long) return 0;
  transfer.body.append(data, size);
  return size;
}

// Called for each line. curl takes headers that end early for complete: so we look for their end.
std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string_view line(data, size);
  if (line.starts_with("HTTP/")) transfer.headers_complete = false;
  if (line == "\r\n" || line == "\n") transfer.headers_complete = true;
  transfer.header_bytes += size;
  transfer.too_long = transfer.header_bytes > kMaxHeaderBytes;
  return transfer.too_long ? 0 : size;
}

curl_socket_t OnSocket(void* user, curlsocktype, curl_sockaddr* address) {
  int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) static_cast<Transfer*>(user)->socket_error = errno;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

CURLcode OnTls(CURL*, void* context, void*) {
  if (SystemCaStore() == nullptr) return CURLE_OUT_OF_MEMORY;
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), SystemCaStore());
  return CURLE_OK;
}

struct Url {
  std::string shown;  // without user, password and query
  std::string host;   // without brackets
  std::string port;
};

std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

absl::StatusOr<Url> ParseUrl(const std::string& text) {
  std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  bool valid = text.find('\0') == text.npos &&
               curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
  std::string scheme = Part(url.get(), CURLUPART_SCHEME), host = Part(url.get(), CURLUPART_HOST);
  if (!valid || (scheme != "http" && scheme != "https") ||
      host.find_first_not_of(kHostLetters) != host.npos) {
    // The text may hold a password: it is not shown.
    return absl::InvalidArgumentError("not an http or https URL with an ASCII host name");
  }
  Url parsed;
  std::string given_port = Part(url.get(), CURLUPART_PORT);
  parsed.shown = scheme + "://" + host + (given_port.empty() ? "" : ":" + given_port) +
                 Part(url.get(), CURLUPART_PATH);
  parsed.port = Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  parsed.host = host.front() == '[' ? host.substr(1, host.size() - 2) : host;
  return parsed;
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

absl::Status TransferError(CURLcode code, const std::string& url, const Transfer& transfer,
                           int os_error, const std::string& detail) {
  std::string get = "GET " + url, what = get + ": ";
  bool begun = transfer.header_bytes > 0;
  // The server wants a certificate that we do not have.
  bool unknown = detail.find(" alert ") != detail.npos && detail.find("certificate") != detail.npos;
  if (transfer.too_long) return absl::DataLossError(what + "the answer is too long");
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(what + "no complete answer in time");
    case CURLE_COULDNT_CONNECT:
      return SystemError(get, transfer.socket_error != 0 ? transfer.socket_error : os_error);
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

void SetLimits(CURL* easy, const HttpOptions& options) {
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(easy, CURLOPT_PROXY, "");
  Set(easy, CURLOPT_BUFFERSIZE, 4096L);
  Set(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options.max_bytes));
  Set(easy, CURLOPT_USERAGENT, "sentinel-exporter");
  Set(easy, CURLOPT_WRITEFUNCTION, OnBody);
  Set(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  Set(easy, CURLOPT_OPENSOCKETFUNCTION, OnSocket);
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

struct HttpClient::Handle {
  CURLM* multi = nullptr;
  CURL* easy = nullptr;
  curl_slist* resolve = nullptr;
  std::string addresses;               // for which it was made
  std::unique_ptr<Transfer> transfer;  // under way, or not answered yet

  ~Handle() {
    End();
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    curl_slist_free_all(resolve);
  }
  void Begin(const std::string& url) {
    Set(easy, CURLOPT_URL, url.c_str());
    Set(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    Set(easy, CURLOPT_WRITEDATA, transfer.get());
    Set(easy, CURLOPT_HEADERDATA, transfer.get());
    Set(easy, CURLOPT_OPENSOCKETDATA, transfer.get());
    curl_multi_add_handle(multi, easy);
  }
  // How the transfer ended; nothing when `deadline` came first.
  std::optional<CURLcode> Drive(const Deadline& deadline) {
    while (true) {
      int running = 0, left = 0;
      CURLMcode failed = curl_multi_perform(multi, &running);
      while (CURLMsg* message = curl_multi_info_read(multi, &left))
        if (message->msg == CURLMSG_DONE) return message->data.result;
      if (failed != CURLM_OK) return CURLE_OUT_OF_MEMORY;
      if (deadline.Over()) return std::nullopt;
      curl_multi_poll(multi, nullptr, 0, static_cast<int>(deadline.Left().count()), nullptr);
    }
  }
  // Forgets the transfer; its connection is closed if it was still under way.
  void End() {
    if (!transfer) return;
    curl_multi_remove_handle(multi, easy);
    Set(easy, CURLOPT_ERRORBUFFER, nullptr);
    transfer = nullptr;
  }
};

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) { InitialiseOnce(); }
HttpClient::~HttpClient() = default;

// A kept connection must not outlive a change of the name's addresses: they get a new handle.
absl::Status HttpClient::Prepare(const std::string& host, const std::string& port,
                                 std::vector<std::string> addresses) {
  std::string entry = ResolveEntry(host, port, addresses);
  std::sort(addresses.begin(), addresses.end());  // the order alone means nothing
  std::string key = ResolveEntry(host, port, addresses);
  if (handle_ != nullptr && handle_->addresses == key) return absl::OkStatus();
  handle_ = std::make_unique<Handle>();
  handle_->easy = curl_easy_init();
  handle_->multi = curl_multi_init();
  curl_multi_setopt(handle_->multi, CURLMOPT_MAXCONNECTS, 1L);
  bool numeric = addresses.size() == 1 && addresses[0] == host;
  if (!numeric) handle_->resolve = curl_slist_append(nullptr, entry.c_str());
  if (!handle_->easy || !handle_->multi || (handle_->resolve == nullptr && !numeric)) {
    handle_ = nullptr;
    return absl::ResourceExhaustedError("out of memory");
  }
  handle_->addresses = key;
  SetLimits(handle_->easy, options_);
  SetIdentity(handle_->easy, options_);
  Set(handle_->easy, CURLOPT_RESOLVE, handle_->resolve);
  return absl::OkStatus();
}

// Waits for the end of an earlier request that the server has not answered yet.
absl::Status HttpClient::Unanswered(const Deadline& deadline) {
  if (!handle_->transfer) return absl::OkStatus();
  if (handle_->Drive(deadline)) return handle_->End(), absl::OkStatus();
  Duration waited = Clock::now() - handle_->transfer->begin;
  std::string what = absl::StrFormat("GET %s: no answer since %.0f s", handle_->transfer->shown,
                                     Seconds(waited));
  if (waited > options_.wait_out) handle_->End();
  return absl::DeadlineExceededError(what);
}

absl::StatusOr<HttpReply> HttpClient::Get(const std::string& url, const Deadline& deadline) {
  auto parsed = ParseUrl(url);
  if (!parsed.ok()) return parsed.status();
  auto addresses = Resolve(parsed->host, deadline);
  if (!addresses.ok()) return addresses.status();
  if (auto s = Prepare(parsed->host, parsed->port, *std::move(addresses)); !s.ok()) return s;
  if (auto s = Unanswered(deadline); !s.ok()) return s;

  handle_->transfer = std::make_unique<Transfer>();
  Transfer& transfer = *handle_->transfer;
  transfer.max_bytes = options_.max_bytes;
  transfer.shown = parsed->shown;
  handle_->Begin(url);
  auto ended = handle_->Drive(deadline);
  CURLcode code = ended.value_or(CURLE_OPERATION_TIMEDOUT);

  absl::StatusOr<HttpReply> reply = HttpReply{};
  long reply_code = 0, os_error = 0;
  curl_easy_getinfo(handle_->easy, CURLINFO_RESPONSE_CODE, &reply_code);
  curl_easy_getinfo(handle_->easy, CURLINFO_OS_ERRNO, &os_error);
  if (code != CURLE_OK) {
    std::string text = transfer.detail[0] != '\0' ? transfer.detail : curl_easy_strerror(code);
    reply = TransferError(code, parsed->shown, transfer, static_cast<int>(os_error), text);
  } else if (!transfer.headers_complete || reply_code < 200) {
    reply = absl::DataLossError("GET " + parsed->shown + ": the answer is cut off in its headers");
  } else {
    reply = HttpReply{static_cast<int>(reply_code), std::move(transfer.body)};
  }
  curl_off_t sent = 0;  // after how many microseconds the server had the request
  curl_easy_getinfo(handle_->easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
  if (ended || options_.wait_out == Duration::zero() || sent == 0) handle_->End();
  return reply;
}
