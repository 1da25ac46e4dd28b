#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/deadline.h"
#include "exporters/postgres-ha/answer.h"
#include "exporters/postgres-ha/connection_options.h"

// One PostgreSQL session that obeys deadlines. The only file pair that knows libpq.

// The rows of one statement; NULL is an empty optional. Valid on its own.
using Row = std::vector<std::optional<std::string>>;
struct Rows {
  std::vector<Row> rows;
};

// A statement is prepared once on each connection, by its name.
struct Statement {
  const char* name;
  const char* text;
};

// A session that is opened when it is first needed, and opened again when it is lost. Everything is
// asked in pipeline mode, so that any number of statements takes one round trip.
//
// A server that accepts but does not answer keeps this one session pending: no second one is opened
// beside it for a while (`give_up_pending`), because a frozen server would have to fork them all when
// it thaws. A way that lost the server's host is noticed by TCP (5 s) and tried again at every call.
class Connection {
 public:
  explicit Connection(ConnectionOptions options,
                      Duration give_up_pending = std::chrono::seconds(60));
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Opens the session if there is none; OK when it is there.
  absl::Status Open(const Deadline& deadline);
  // Runs all groups in one round trip; one result per statement, in order. A failing statement takes
  // the rest of its group with it, not the other groups. The outer status is the connection's: after
  // an error of it the session is either pending (DeadlineExceeded) or closed.
  absl::StatusOr<std::vector<absl::StatusOr<Rows>>> Run(
      const std::vector<std::vector<Statement>>& groups, const Deadline& deadline);

  // Ends the session; the next call opens a new one.
  void Close();
  // Reads what the server said unasked. An error when the session is over.
  absl::Status Listen();
  // How the last call ended.
  Answer answer() const { return answer_; }
  // The server ended the session because it was told to stop (57P01 by command, not because its
  // postmaster died): a goodbye. Set until the next session is open.
  bool goodbye() const { return goodbye_; }
  int fd() const;                   // of the open or pending session, -1 without one
  int sessions() const { return sessions_; }  // opened so far
  bool open() const;

 private:
  struct Libpq;
  absl::Status Fail(absl::Status status);
  absl::Status Start(const Deadline& deadline);
  absl::Status Proceed(const Deadline& deadline);
  absl::Status Drain(const Deadline& deadline);
  absl::Status Ask(const std::vector<std::vector<Statement>>& groups);
  absl::Status Flush(const Deadline& deadline);
  absl::Status AwaitResult(const Deadline& deadline);
  absl::StatusOr<absl::StatusOr<Rows>> Receive(const Statement& statement, const Deadline& deadline);
  absl::Status ReceiveSync(const Deadline& deadline);
  absl::Status Lost(const std::string& what);
  absl::Status Silent(const std::string& what);
  std::string Where() const;

  const ConnectionOptions options_;
  const Duration give_up_pending_;
  std::unique_ptr<Libpq> pq_;
  Answer answer_ = Answer::kUnreachable;
  bool goodbye_ = false;
  int sessions_ = 0;
  Instant pending_since_ = Instant::max();  // unanswered since
  Instant not_before_ = Instant();     // no new session before: back-off
  Answer turned_away_ = Answer::kDenied;  // why
  std::size_t address_ = 0;            // of the name's addresses, the one whose turn it is
};
