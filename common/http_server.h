#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/deadline.h"

struct HttpRequest {
  std::string method;  // GET or POST; HEAD comes as GET and its answer goes out without the body
  std::string path;    // without the query, decoded, without dot segments
  std::string accept, accept_encoding, scrape_timeout;  // header values, "" when not sent
};

struct HttpResponse {
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Serves one listening socket with civetweb, reduced to one entrance (begin_request), so that none
// of its file, CGI, WebDAV or websocket code can be reached. TCP_DEFER_ACCEPT keeps connections
// that say nothing away from the 64 threads. GET, HEAD and POST (up to 64 KiB of a body are read
// and ignored), everything else is answered 405; bodies gzipped for clients that accept it;
// keep-alive with TCP_NODELAY.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  // `address`: ":PORT", "HOST:PORT", "[v6]:PORT"; port 0 picks a free one. InvalidArgument when it
  // is none of these, Unavailable when it cannot listen there. `handler` is called by many threads.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           Handler handler);
  // Stops within about two seconds; requests in flight are cut. Drain first.
  ~HttpServer();
  int port() const;
  // Waits until no request is being served, or `deadline`. The handler decides what new ones get.
  bool Drain(const Deadline& deadline);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What the client asked for. A missing, malformed or out-of-range value of
// X-Prometheus-Scrape-Timeout-Seconds gives `or_else`; otherwise value - min(0.5 s, 10 %).
Duration ScrapeTimeout(std::string_view header, Duration or_else);
// Whether an Accept header prefers OpenMetrics 1.0 to the text format (quality values respected).
bool WantsOpenMetrics(std::string_view accept);
// Whether an Accept-Encoding header allows gzip.
bool AcceptsGzip(std::string_view accept_encoding);
