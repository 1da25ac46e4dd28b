#include "common/http_client.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "curl/curl.h"
#include "openssl/ssl.h"

#include "common/net.h"

namespace {

constexpr std::size_t kMaxHeaderBytes = 64 << 10;
// Other hosts are rewritten by curl (to punycode) and then looked up by itself, without a deadline.
constexpr char kHostLetters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:";

// ---- what curl calls while it works -------------------------------------------------------------

// One request under way.
struct Transfer {
  std::size_t max_bytes = 0;
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

// The system's CAs: found by their hash when they are needed, and kept for all clients.
X509_STORE* SystemStore() {
  static X509_STORE* store = [] {
    X509_STORE* s = X509_STORE_new();
    if (s != nullptr) X509_STORE_set_default_paths(s);
    return s;
  }();
  return store;
}

CURLcode OnTls(CURL*, void* context, void*) {
  if (SystemStore() == nullptr) return CURLE_OUT_OF_MEMORY;
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), SystemStore());
  return CURLE_OK;
}

// ---- addresses ----------------------------------------------------------------------------------

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

// ---- errors -------------------------------------------------------------------------------------

absl::Status ConnectError(const std::string& what, int error) {
  if (error == ECONNREFUSED) return absl::UnavailableError(what + "refused");
  if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS) {
    return absl::ResourceExhaustedError(what + strerror(error));
  }
  return absl::UnavailableError(what + (error != 0 ? strerror(error) : "cannot connect"));
}

// Whether the server wants a certificate that we do not have.
bool IsCertificateAlert(const std::string& detail) {
  return detail.find(" alert ") != detail.npos && detail.find("certificate") != detail.npos;
}

absl::Status TransferError(CURLcode code, const std::string& url, const Transfer& transfer,
                           int os_error, const std::string& detail) {
  std::string what = "GET " + url + ": ";
  bool begun = transfer.header_bytes > 0;
  if (transfer.too_long) return absl::DataLossError(what + "the answer is too long");
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(what + "no complete answer in time");
    case CURLE_COULDNT_CONNECT:
      return ConnectError(what, transfer.socket_error != 0 ? transfer.socket_error : os_error);
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
      if (IsCertificateAlert(detail)) return absl::PermissionDeniedError(what + detail);
      if (begun) return absl::DataLossError(what + "the answer is cut off (" + detail + ")");
      return absl::UnavailableError(
          what + (code == CURLE_GOT_NOTHING ? "closed without an answer" : detail));
  }
}

// ---- handles ------------------------------------------------------------------------------------

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
  Set(easy, CURLOPT_MAXCONNECTS, 1L);
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
  CURL* easy = nullptr;
  curl_slist* resolve = nullptr;
  std::string addresses;  // for which it was made

  ~Handle() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(resolve);
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
  bool numeric = addresses.size() == 1 && addresses[0] == host;
  if (!numeric) handle_->resolve = curl_slist_append(nullptr, entry.c_str());
  if (handle_->easy == nullptr || (handle_->resolve == nullptr && !numeric)) {
    handle_ = nullptr;
    return absl::ResourceExhaustedError("out of memory");
  }
  handle_->addresses = key;
  SetLimits(handle_->easy, options_);
  SetIdentity(handle_->easy, options_);
  Set(handle_->easy, CURLOPT_RESOLVE, handle_->resolve);
  return absl::OkStatus();
}

absl::StatusOr<HttpReply> HttpClient::Get(const std::string& url, const Deadline& deadline) {
  auto parsed = ParseUrl(url);
  if (!parsed.ok()) return parsed.status();
  auto addresses = Resolve(parsed->host, deadline);
  if (!addresses.ok()) return addresses.status();
  if (auto s = Prepare(parsed->host, parsed->port, *std::move(addresses)); !s.ok()) return s;

  Transfer transfer;
  transfer.max_bytes = options_.max_bytes;
  char detail[CURL_ERROR_SIZE] = "";
  CURL* easy = handle_->easy;
  Set(easy, CURLOPT_URL, url.c_str());
  Set(easy, CURLOPT_ERRORBUFFER, detail);
  Set(easy, CURLOPT_WRITEDATA, &transfer);
  Set(easy, CURLOPT_HEADERDATA, &transfer);
  Set(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  long left = static_cast<long>(deadline.Left().count());
  Set(easy, CURLOPT_TIMEOUT_MS, left);
  Set(easy, CURLOPT_CONNECTTIMEOUT_MS, left);
  // 0 would be no limit at all.
  CURLcode code = left > 0 ? curl_easy_perform(easy) : CURLE_OPERATION_TIMEDOUT;
  Set(easy, CURLOPT_ERRORBUFFER, nullptr);

  long reply_code = 0, os_error = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply_code);
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  if (code != CURLE_OK) {
    std::string text = detail[0] != '\0' ? detail : curl_easy_strerror(code);
    return TransferError(code, parsed->shown, transfer, static_cast<int>(os_error), text);
  }
  if (!transfer.headers_complete || reply_code < 200) {
    return absl::DataLossError("GET " + parsed->shown + ": the answer is cut off in its headers");
  }
  return HttpReply{static_cast<int>(reply_code), std::move(transfer.body)};
}
