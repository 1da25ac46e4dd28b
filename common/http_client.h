#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/deadline.h"

struct HttpHandle;  // curl, behind its seam

struct HttpReply {
  int code = 0;
  std::string body;
};

struct HttpCall {
  std::string method = "GET";  // GET, POST, DELETE
  std::string url;
  std::string json{};  // of a POST; it stands in no error
  // Further ones, "X-Key: value". "Host: name" replaces that of the URL.
  std::vector<std::string> headers{};
  std::size_t max_bytes = 0;  // of the answer; 0: as the options say
};

struct HttpOptions {
  std::size_t max_bytes = 1 << 20;  // of body; a longer one is an error, not a truncated answer
  // TLS; empty: the system's CAs, no client certificate. ca_file is read for each new connection:
  // it may be renewed.
  std::string ca_file, cert_file, key_file;
  std::string server_name;         // in its certificate; "" = the host of the URL
  bool skip_verification = false;  // of its certificate: anyone may then sit between
  std::string user, password;      // basic authentication, if user is not empty
  // How long to wait out a request that the server took but did not answer by the deadline. Until
  // then Get() sends no other one: it goes on waiting for that answer, drops it when it comes, and
  // asks anew. For servers with few threads, which an abandoned request may keep busy. 0: never.
  Duration wait_out = Duration::zero();
  std::string user_agent = "sentinel-exporter";
  // Acknowledge each segment at once. For servers that write an answer in many small pieces with
  // Nagle's algorithm on: over a kept connection each answer would take 40 ms longer.
  bool quick_ack = false;
  // Try addresses of the other family only when those of the first have failed, not already when
  // they say nothing for 200 ms. For servers that two connections at once can harm.
  bool one_connection = false;
};

// GET, POST, DELETE by one client for one server; keeps its connection where the server allows it.
// Not for two threads at once. Only http and https, HTTP/1.1, TLS 1.2 and later, no redirects, no
// proxy from the environment, names by Resolve(). One certificate store is shared by all clients
// that trust the system's CAs (a store each costs 1 MB and 50 ms). The process ignores SIGPIPE from
// the first request on.
//
// Errors: DeadlineExceeded, Unavailable (refused, reset, unresolvable, no TLS), PermissionDenied
// (TLS verification), InvalidArgument (a URL or a certificate file that we cannot use), DataLoss
// (headers or body cut off, larger than the cap, not HTTP), ResourceExhausted (see net.h). They
// name the URL without user, password and query. Any complete HTTP answer is a reply, whatever its
// code; a body that says neither its length nor its chunks is complete when the connection ends.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  absl::StatusOr<HttpReply> Get(const std::string& url, const Deadline& deadline);
  // Sends `json` as application/json; `authorization`, if not empty, as the header of that name. It
  // is sent again when a kept connection turns out to be closed: only for what may be done twice.
  absl::StatusOr<HttpReply> Post(const std::string& url, const std::string& json,
                                 const Deadline& deadline, const std::string& authorization = "");
  // Any call. InvalidArgument too for a header of more than one line.
  absl::StatusOr<HttpReply> Ask(const HttpCall& call, const Deadline& deadline);
  // Whether the last request had a connection to the server. One that fails with DeadlineExceeded
  // tells so who is silent: a server that took the connection, or the network.
  bool connected() const { return connected_; }

 private:
  absl::Status Unanswered(const Deadline& deadline);
  std::unique_ptr<HttpHandle> handle_;
  const HttpOptions options_;
  bool connected_ = false;
};
