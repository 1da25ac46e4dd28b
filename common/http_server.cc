#include "common/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <filesystem>

#include "absl/strings/str_format.h"
#include "civetweb.h"

#include "common/guarded.h"
#include "common/gzip.h"
#include "common/log.h"
#include "common/net.h"

using namespace std::chrono_literals;

namespace {

constexpr long long kMaxBodyBytes = 64 << 10;  // of a request: read and ignored
constexpr std::size_t kMinGzipBytes = 1024;
constexpr int kDeferSeconds = 600;  // after that a silent connection gets its thread after all

// What civetweb complains about while this thread starts it: the only way to learn why it cannot.
thread_local std::string* start_error = nullptr;

int LogMessage(const mg_connection*, const char* message) {
  if (start_error != nullptr) {
    *start_error += (start_error->empty() ? "" : "; ") + std::string(message);
  }
  Log(Level::kDebug, "civetweb", {{"message", message}});
  return 1;
}

std::string Header(const mg_connection* connection, const char* name) {
  const char* value = mg_get_header(connection, name);
  return value != nullptr ? value : "";
}

// Reads and ignores the body, so that closing the connection does not cut off our answer. False if
// it is too long, or too slow.
bool DiscardBody(mg_connection* connection, long long content_length) {
  Deadline deadline = Deadline::In(5s);
  char buffer[4096];
  long long total = 0;
  while (total < kMaxBodyBytes && total != content_length && !deadline.Over()) {
    int n = mg_read(connection, buffer, sizeof buffer);
    if (n <= 0) return n == 0;
    total += n;
  }
  return total == content_length;
}

bool WantsToStay(const mg_connection* connection, const mg_request_info& info) {
  const char* header = mg_get_header(connection, "Connection");
  if (header != nullptr) return mg_strcasecmp(header, "keep-alive") == 0;
  return info.http_version != nullptr && std::string_view(info.http_version) == "1.1";
}

void Write(mg_connection* connection, const HttpResponse& response, bool gzipped, bool head,
           bool stay) {
  std::string text = absl::StrFormat(
      "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nVary: Accept-Encoding\r\n"
      "%s%sConnection: %s\r\n\r\n",
      response.code, mg_get_response_code_text(connection, response.code), response.content_type,
      response.body.size(), gzipped ? "Content-Encoding: gzip\r\n" : "",
      response.code == 405 ? "Allow: GET, HEAD, POST\r\n" : "", stay ? "keep-alive" : "close");
  if (!head) text += response.body;
  mg_write(connection, text.data(), text.size());
}

HttpRequest Request(const mg_connection* connection, const mg_request_info& info) {
  HttpRequest request;
  request.method = info.request_method != nullptr ? info.request_method : "";
  request.path = info.local_uri != nullptr ? info.local_uri : "";
  request.accept = Header(connection, "Accept");
  request.accept_encoding = Header(connection, "Accept-Encoding");
  request.scrape_timeout = Header(connection, "X-Prometheus-Scrape-Timeout-Seconds");
  return request;
}

void Serve(mg_connection* connection, const HttpServer::Handler& handler) {
  const mg_request_info& info = *mg_get_request_info(connection);
  HttpRequest request = Request(connection, info);
  bool stay = WantsToStay(connection, info);
  if (info.content_length != 0 && !DiscardBody(connection, info.content_length)) stay = false;
  bool head = request.method == "HEAD";
  if (head) request.method = "GET";
  HttpResponse response;
  if (request.method == "GET" || request.method == "POST") response = handler(request);
  else response = {405, "text/plain; charset=utf-8", "method not allowed\n"};
  bool gzip = response.body.size() >= kMinGzipBytes && AcceptsGzip(request.accept_encoding);
  std::string small = gzip ? Gzip(response.body) : "";
  if (!small.empty()) response.body = std::move(small);
  else gzip = false;
  if (!stay) mg_disable_keep_alive(connection);
  Write(connection, response, gzip, head, stay);
}

// How civetweb spells the address.
absl::StatusOr<std::string> ListeningPort(const HostPort& at) {
  bool has_v6 = mg_check_feature(MG_FEATURES_IPV6) != 0;
  std::string port = std::to_string(at.port);
  if (at.host.empty()) return has_v6 ? "+" + port : port;
  auto addresses = Resolve(at.host, Deadline::In(5s));
  if (!addresses.ok()) return addresses.status();
  for (const std::string& address : *addresses) {
    bool v6 = address.find(':') != address.npos;
    if (!v6) return address + ":" + port;
    if (has_v6) return "[" + address + "]:" + port;
  }
  return absl::UnavailableError("this system's civetweb is built without IPv6");
}

bool ListensOn(int fd, int port) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening) return false;
  sockaddr_in6 at{};  // the port is where sockaddr_in has it
  size = sizeof at;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0 &&
         ntohs(at.sin6_port) == port;
}

// Lets the kernel keep connections until they say something: a thread each, silent ones would use
// up civetweb's threads. civetweb does not tell its socket, so we look for it.
void DeferAccept(int port) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    int fd = atoi(entry.path().filename().c_str());
    if (!ListensOn(fd, port)) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &kDeferSeconds, sizeof kDeferSeconds);
  }
}

}  // namespace

struct HttpServer::Impl {
  Handler handler;
  Guarded<int> serving{0};
  mg_context* context = nullptr;
  int port = 0;

  ~Impl() {
    if (context != nullptr) mg_stop(context);
  }

  static int BeginRequest(mg_connection* connection) {
    auto* impl = static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
    impl->serving.With([](int& n) { ++n; });
    Serve(connection, impl->handler);
    impl->serving.Change([](int& n) { --n; });
    return 1;
  }

  // Starts civetweb; what it says when it cannot.
  std::string Listen(const std::string& listening_port) {
    static const unsigned initialised = mg_init_library(MG_FEATURES_DEFAULT);
    (void)initialised;
    const char* options[] = {
        "listening_ports", listening_port.c_str(), "num_threads", "64",
        "request_timeout_ms", "5000", "keep_alive_timeout_ms", "30000",
        "enable_keep_alive", "yes", "tcp_nodelay", "1",
        "max_request_size", "16384", "connection_queue", "256",
        "listen_backlog", "4096", "enable_auth_domain_check", "no", nullptr};
    mg_callbacks callbacks{};
    callbacks.begin_request = BeginRequest;
    callbacks.log_message = LogMessage;
    std::string error;
    start_error = &error;
    context = mg_start(&callbacks, this, options);
    start_error = nullptr;
    mg_server_port ports[1] = {};
    if (context != nullptr && mg_get_server_ports(context, 1, ports) == 1) port = ports[0].port;
    return error;
  }
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return impl_->port; }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              Handler handler) {
  auto at = ParseHostPort(address);
  if (!at.ok()) return at.status();
  auto listening_port = ListeningPort(*at);
  if (!listening_port.ok()) {
    return absl::UnavailableError("listen on " + address + ": " +
                                  std::string(listening_port.status().message()));
  }
  auto impl = std::make_unique<Impl>();
  impl->handler = std::move(handler);
  std::string error = impl->Listen(*listening_port);
  if (impl->context == nullptr) {
    return absl::UnavailableError("listen on " + address + ": " + error);
  }
  DeferAccept(impl->port);
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

bool HttpServer::Drain(const Deadline& deadline) {
  auto idle = [](int& n) { return n == 0; };
  return impl_->serving.Await(deadline.at(), idle, idle);
}
