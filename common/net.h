#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/deadline.h"

// Names and sockets that obey a deadline.
//
// Errors everywhere in this file: DeadlineExceeded (no answer in time), Unavailable (refused,
// unreachable, reset, closed, no such name), ResourceExhausted (our own process has no descriptors
// or memory: the target is not to blame). Messages say what was tried:
// "connect 10.0.0.1:5432: refused".

// The numeric addresses of `host` in the resolver's order; `host` itself if it is numeric. Names
// are looked up by one helper thread per name, never two at a time, because getaddrinfo cannot be
// told when to stop; the caller waits only to its deadline. A result is kept for 30 s. After that a new
// one is awaited for a quarter of the time that is left and 1 s at most: while DNS is silent or
// fails temporarily the last good one goes on serving, however old. 1,024 names are kept.
absl::StatusOr<std::vector<std::string>> Resolve(const std::string& host, const Deadline& deadline);

// Whether `host` is an address, which Resolve gives back as it is.
bool IsNumeric(const std::string& host);

// The error of a system call that failed with `error` (errno), while doing `what`.
absl::Status SystemError(const std::string& what, int error);
// Whether an Unavailable of this file, or of who says it after it, is a closed port: the host is
// there, and nobody listens.
bool IsRefused(const absl::Status& status);
// An error with what it is about before its words: "10.0.0.1:6379: connection refused".
absl::Status Named(const std::string& what, const absl::Status& error);

// A file descriptor that is closed with its owner.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.Release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { Close(); }
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void Close();
  int Release() { int fd = fd_; fd_ = -1; return fd; }

 private:
  int fd_ = -1;
};

// A connected, non-blocking TCP socket with TCP_NODELAY. Tries the addresses one after the other,
// sharing out the time that is left, so that a dead first address leaves some for the next.
absl::StatusOr<Socket> Dial(const std::string& host, int port, const Deadline& deadline);

// Splits "host:port", "[v6]:port", ":port" (host empty). InvalidArgument says what is wrong.
struct HostPort { std::string host; int port; };
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);
