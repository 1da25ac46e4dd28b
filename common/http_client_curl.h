#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "curl/curl.h"

#include "common/http_client.h"

// What HttpClient and HttpStream share: one request after the other, through one curl handle.

struct HttpUrl {
  std::string shown;      // without user, password and query
  std::string authority;  // host and, if it is given, port
  std::string host;       // without brackets: whose addresses are asked
  std::string port;
  std::string url, name;  // for curl: `name` stands in it for the host, and in the certificate
};
// InvalidArgument, without the text, when it is not an http or https URL with an ASCII host name.
absl::StatusOr<HttpUrl> ParseHttpUrl(const std::string& text, const std::string& server_name);

// One request under way.
struct HttpTransfer {
  std::size_t max_bytes = 0;
  std::string shown;  // "GET http://host/path", the beginning of every error
  Instant begin = Clock::now();
  char detail[CURL_ERROR_SIZE] = "";
  std::string sent, body;  // the request's and the answer's
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers{nullptr, curl_slist_free_all};
  std::vector<std::string> lines;  // of a stream; its last piece is in `body`
  std::size_t header_bytes = 0;
  bool headers_complete = false;
  bool too_long = false;
  bool connected = false;  // known once it is over
  int socket_error = 0;
};

// Adds to the body; the transfer ends when that becomes longer than max_bytes.
std::size_t TakeHttpBody(char* data, std::size_t, std::size_t size, void* transfer);

struct HttpHandle {
  CURLM* multi = nullptr;
  CURL* easy = nullptr;
  curl_slist* resolve = nullptr;
  std::string addresses;                   // for which it was made
  bool quick_ack = false;
  std::vector<int> sockets;                // open; several only while curl tries to connect
  std::unique_ptr<HttpTransfer> transfer;  // under way, or not answered yet

  ~HttpHandle();
  // A handle for the server of `url`, with the settings of `options`; `reused`, which may be null,
  // if it is for the same addresses: a kept connection must not outlive a change of them. Errors of
  // Resolve(), ResourceExhausted. `options` must outlive the handle.
  static absl::StatusOr<std::unique_ptr<HttpHandle>> For(const HttpUrl& url,
                                                         const HttpOptions& options,
                                                         std::unique_ptr<HttpHandle>& reused,
                                                         const Deadline& deadline);
  void SetUp(const HttpOptions& options);
  // Starts the call, whose URL was parsed to `url`.
  void Begin(const HttpCall& call, const HttpUrl& url, std::size_t max_bytes);
  // How the transfer ended; nothing when `deadline` or `enough` came first.
  std::optional<CURLcode> Drive(const Deadline& deadline, const std::function<bool()>& enough = {});
  // What went wrong with the transfer that ended with `code`; OK for one that is complete.
  absl::Status Error(CURLcode code) const;
  bool Connected() const;  // whether the transfer had a connection to the server
  int reply_code() const;
  // Forgets the transfer; its connection is closed if it was still under way.
  void End();
};
