#pragma once
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/deadline.h"
#include "common/stream.h"
#include "exporters/redis-sentinel/resp.h"

// One session with a Redis node or a Sentinel.

struct RedisConnectionOptions {
  StreamOptions stream;
  std::string user;           // empty: the default user
  std::string password;       // empty, and no file: no AUTH
  std::string password_file;  // one line; read whenever a session begins, and then it counts
  std::size_t max_reply_bytes = 4 << 20;  // of the answers to one batch
};

using Batch = std::vector<Command>;
using Results = std::vector<absl::StatusOr<Reply>>;  // one per command, in order

// Opens when it is first needed and again when it is lost, and sends AUTH with the first batch:
// that too takes one round trip after the connection stands. Not for two threads at once.
//
// What the outcomes say about the server:
// - A deadline that passes ends the session: an answer that comes late is never taken for the next
//   one's, and after a cut network a new connection is up before the old one's retransmissions.
// - A session that the server ended while we did not ask (its `timeout`, a restart, CLIENT KILL)
//   says nothing about now. It is noticed before a batch is sent, and the batch goes over a new
//   session by the same deadline: whether the server works is what that one shows, and that it is
//   another process its run id. Who wants to know the moment of the end waits on fd(), which
//   becomes readable.
// - A session that ends with a batch in flight is Unavailable. The batch is not sent again: nobody
//   knows whether it was executed, and a server that dies on a question is what we are here to see.
// - NOAUTH, WRONGPASS and the like end the session, and there is no other one for 30 s or until
//   password_file changes. A server that has no password is asked all the same.
//
// Errors as stream.h, and Unauthenticated (NOAUTH, WRONGPASS, back-off), PermissionDenied
// (protected mode), Unavailable (out of clients), DataLoss (no RESP, too much of it, answers nobody
// asked for), Internal (password_file cannot be read).
class RedisConnection {
 public:
  explicit RedisConnection(RedisConnectionOptions options);

  // Sends all commands in one write and waits for their answers. The outer status is the session's;
  // an error line is its command's alone, see ErrorOf. When the server says why it leaves before it
  // leaves, that is the reason.
  absl::StatusOr<Results> Run(const Batch& batch, const Deadline& deadline);

  // For a session on which the server speaks unasked (PSUBSCRIBE). Send does not wait for answers;
  // Receive gives the next reply, whatever it answers, and DeadlineExceeded, which ends nothing, if
  // none came. Receive until then before you sleep on fd(). Between two calls of BeginBatch no more
  // than max_reply_bytes may come.
  absl::Status Send(const Batch& batch, const Deadline& deadline);
  absl::StatusOr<Reply> Receive(const Deadline& deadline);
  void BeginBatch() { reader_.BeginBatch(); }

  void Close() { stream_.Close(); }
  bool open() const { return stream_.open(); }
  int fd() const { return stream_.fd(); }                  // -1 when not open
  int sessions() const { return sessions_; }               // opened so far
  const std::string& name() const { return stream_.name(); }

 private:
  absl::Status Open(const Deadline& deadline);
  void CloseIfEnded();
  absl::StatusOr<Reply> Next(const Deadline& deadline);
  absl::Status AwaitAuth(const Deadline& deadline);
  absl::Status SessionError(const Reply& reply);
  absl::Status End(absl::Status status);

  const RedisConnectionOptions options_;
  Stream stream_;
  RespReader reader_;
  int sessions_ = 0;
  std::string password_;  // of this session
  bool auth_unsent_ = false, auth_unanswered_ = false;
  std::optional<std::string> refused_;  // the password that was
  Instant not_before_ = Instant::min();
};

// The error line of a server as a status: Unauthenticated (NOAUTH, WRONGPASS), PermissionDenied
// (NOPERM, DENIED), Unavailable (LOADING, MASTERDOWN, BUSY, out of clients: it cannot do its work),
// or else FailedPrecondition (MISCONF, READONLY, NOREPLICAS, NOQUORUM, ERR, ...: a living server
// that declines this command). The message begins with the line's code.
absl::Status ErrorOf(const std::string& line);

// The first error of a batch, whose reason is the batch's; OK without one.
absl::Status FirstError(const Results& results);
