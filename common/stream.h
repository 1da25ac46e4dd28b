#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/deadline.h"
#include "common/net.h"

// A connected byte stream that obeys deadlines: plain TCP, or TLS over it.
//
// Errors, beside those of net.h (whose reasons are timeout, unreachable and internal):
// PermissionDenied (a certificate was refused, the peer's by us or ours by the peer), DataLoss (the
// peer does not speak TLS, or none that we speak), Internal (our certificate files cannot be used).
// Messages name the peer: "tls 10.0.0.1:6379: the certificate is not for redis.example".

// TLS 1.2 and later. Files are PEM; they are read when a connection is made and again when they
// have changed, so that renewed certificates need no reload. A key that asks for a passphrase is
// unusable.
struct TlsOptions {
  enum class Verify {
    kFull,  // the peer's certificate must be trusted, and be for the name (or the address)
    kCa,    // must be trusted; for whichever name
    kNone,  // not looked at: encrypted, but whoever sits in between can read it
  };
  std::string ca_file;              // who is trusted; empty: the system's CAs, see ca_store.h
  std::string cert_file, key_file;  // our own certificate, with its chain; empty: none
  std::string server_name;          // asked for and verified; empty: the host that is dialled
  Verify verify = Verify::kFull;
};

struct StreamOptions {
  std::string host;  // name or numeric address
  int port = 0;
  std::optional<TlsOptions> tls;  // none: plain TCP
};

class TlsClient;

// Not for two threads at once. After an error it can only be closed or connected anew, except that
// DeadlineExceeded of Receive() means no more than that: nothing came.
class Stream {
 public:
  explicit Stream(StreamOptions options);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Looks the name up, connects and, for TLS, shakes hands; closes an older connection. With TLS
  // 1.3 a peer that refuses our certificate says so only afterwards: Receive() tells.
  absl::Status Connect(const Deadline& deadline);
  // Sends all of `bytes`.
  absl::Status Send(std::string_view bytes, const Deadline& deadline);
  // Waits until there is something, and reads up to `size` bytes of it: at least one. With a
  // deadline that is over it takes what is there. A peer that ended the stream is Unavailable.
  absl::StatusOr<std::size_t> Receive(char* buffer, std::size_t size, const Deadline& deadline);

  void Close();
  bool open() const { return socket_.open(); }
  // To sleep on, once pending() is 0; -1 when not connected.
  int fd() const { return socket_.fd(); }
  // Bytes that were taken off the socket already: poll(2) on fd() knows nothing of them.
  std::size_t pending() const;
  // "10.0.0.1:6379", "tls redis.example:6379": how errors name the peer.
  const std::string& name() const { return name_; }

 private:
  absl::Status Shake(const Deadline& deadline);
  const StreamOptions options_;
  const std::string name_;
  Socket socket_;
  std::unique_ptr<TlsClient> tls_;  // null: plain
};
