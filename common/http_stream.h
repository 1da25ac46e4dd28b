#pragma once
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/deadline.h"
#include "common/http_client.h"

// An answer without an end, read line by line as the server pushes it. Between two reads nobody
// waits but poll(2) on fd(), so that one thread can sleep until there is news. Not for two threads
// at once.
//
//   HttpStream stream;
//   if (auto s = stream.Open(url, json, deadline); !s.ok()) return s;
//   ... when fd() is readable, or at any time:
//   auto lines = stream.ReadLines(Deadline(Clock::now()));  // what has come, possibly nothing
//
// Connection, TLS and errors as HttpClient. A stream that failed or ended is closed: open it anew.
class HttpStream {
 public:
  // options.max_bytes is the length of the longest line.
  explicit HttpStream(HttpOptions options = {});
  ~HttpStream();
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;

  // POSTs `json` over a new connection, and waits for the headers of the answer. An answer that is
  // not 200 is Unauthenticated (401), PermissionDenied (403), Unavailable (5xx) or else DataLoss.
  absl::Status Open(const std::string& url, const std::string& json, const Deadline& deadline,
                    const std::string& authorization = "");
  // The lines that have come since, without their ends, those that are not empty; waits for the
  // first until `deadline`. None is no error. What came before an error is handed out first. Read
  // until there is none before you sleep on fd(). Errors: Unavailable (the server ended the stream,
  // or it is not open), DataLoss (cut off, a line longer than the cap).
  absl::StatusOr<std::vector<std::string>> ReadLines(const Deadline& deadline);
  // Readable when there is news; -1 when the stream is not open.
  int fd() const;
  void Close();

 private:
  const HttpOptions options_;
  std::unique_ptr<HttpHandle> handle_;
  absl::Status end_;  // why there is no more, once the last lines are handed out
};
