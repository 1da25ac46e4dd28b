#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/ca_store.h"
#include "common/http_client_curl.h"

namespace {

constexpr std::size_t kMaxHeaderBytes = 64 << 10;
constexpr long kNeverMilliseconds = 24 * 3'600'000;

// A server that writes its answer in small segments waits for the acknowledgement of each, and
// Linux delays those by 40 ms on a kept connection. The switch lasts for a few segments only.
void AcknowledgeAtOnce(const HttpHandle& handle) {
  const int on = 1;
  if (!handle.quick_ack) return;
  for (int fd : handle.sockets) setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

// Called for each line. curl takes headers that end early for complete: so we look for their end.
std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* user) {
  auto& handle = *static_cast<HttpHandle*>(user);
  HttpTransfer& transfer = *handle.transfer;
  AcknowledgeAtOnce(handle);
  std::string_view line(data, size);
  if (line.starts_with("HTTP/")) transfer.headers_complete = false;
  if (line == "\r\n" || line == "\n") transfer.headers_complete = true;
  transfer.header_bytes += size;
  transfer.too_long = transfer.header_bytes > kMaxHeaderBytes;
  return transfer.too_long ? 0 : size;
}

// What curl tells of its work; its one use is to know when a request has just been sent.
int OnSent(CURL*, curl_infotype type, char*, std::size_t, void* user) {
  if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT || type == CURLINFO_SSL_DATA_OUT)
    AcknowledgeAtOnce(*static_cast<HttpHandle*>(user));
  return 0;
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

template <class T>
void Set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

void SetIfGiven(CURL* easy, CURLoption option, const std::string& value) {
  if (!value.empty()) Set(easy, option, value.c_str());
}

void SetCallbacks(HttpHandle& handle) {
  Set(handle.easy, CURLOPT_WRITEFUNCTION, TakeHttpBody);
  Set(handle.easy, CURLOPT_HEADERFUNCTION, OnHeader);
  Set(handle.easy, CURLOPT_HEADERDATA, &handle);
  Set(handle.easy, CURLOPT_OPENSOCKETFUNCTION, OnSocket);
  Set(handle.easy, CURLOPT_OPENSOCKETDATA, &handle);
  Set(handle.easy, CURLOPT_CLOSESOCKETFUNCTION, OnClose);
  Set(handle.easy, CURLOPT_CLOSESOCKETDATA, &handle);
  if (!handle.quick_ack) return;
  Set(handle.easy, CURLOPT_VERBOSE, 1L);
  Set(handle.easy, CURLOPT_DEBUGFUNCTION, OnSent);
  Set(handle.easy, CURLOPT_DEBUGDATA, &handle);
}

void SetLimits(CURL* easy, const HttpOptions& options) {
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(easy, CURLOPT_PROXY, "");
  Set(easy, CURLOPT_BUFFERSIZE, 4096L);
  if (options.one_connection) Set(easy, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, kNeverMilliseconds);
}

void SetIdentity(CURL* easy, const HttpOptions& options) {
  Set(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  SetIfGiven(easy, CURLOPT_USERNAME, options.user);
  if (!options.user.empty()) Set(easy, CURLOPT_PASSWORD, options.password.c_str());
  SetIfGiven(easy, CURLOPT_SSLCERT, options.cert_file);
  SetIfGiven(easy, CURLOPT_SSLKEY, options.key_file);
}

void SetTrust(CURL* easy, const HttpOptions& options) {
  Set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(easy, CURLOPT_CAPATH, nullptr);
  Set(easy, CURLOPT_CAINFO, options.ca_file.empty() ? nullptr : options.ca_file.c_str());
  if (options.ca_file.empty()) Set(easy, CURLOPT_SSL_CTX_FUNCTION, OnTls);
  else Set(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);  // curl would not read a renewed file for a day
  if (!options.skip_verification) return;
  Set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
  Set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
}

}  // namespace

void HttpHandle::SetUp(const HttpOptions& options) {
  quick_ack = options.quick_ack;
  SetLimits(easy, options);
  SetCallbacks(*this);
  SetIdentity(easy, options);
  SetTrust(easy, options);
  Set(easy, CURLOPT_RESOLVE, resolve);
}
