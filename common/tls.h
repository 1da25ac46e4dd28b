#pragma once
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/stream.h"

// The TLS of stream.h, step by step. Internal to stream.cc.

// What one step that does not wait came to: done with `bytes`, or poll(2) for `wait` and try again.
struct IoStep {
  std::size_t bytes = 0;
  short wait = 0;
};

// The client's end of one TLS connection over a connected, non-blocking socket that it does not
// own. Errors as in stream.h, named by `name`. The process must ignore SIGPIPE; the first session
// sees to it.
class TlsClient {
 public:
  // Sessions with the same files share one context, and so one copy of the CAs.
  static absl::StatusOr<std::unique_ptr<TlsClient>> Create(const TlsOptions& options,
                                                            const std::string& host,
                                                            const std::string& name, int fd);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  absl::StatusOr<IoStep> Handshake();
  absl::StatusOr<IoStep> Read(char* buffer, std::size_t size);
  absl::StatusOr<IoStep> Write(const char* bytes, std::size_t size);  // some of them
  std::size_t pending() const;

 private:
  struct State;
  explicit TlsClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};
