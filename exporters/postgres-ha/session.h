#pragma once
#include <string>
#include <vector>

#include "exporters/postgres-ha/clock_offset.h"
#include "exporters/postgres-ha/connection.h"
#include "exporters/postgres-ha/evidence.h"

// A session that can tell where it is: which server, in which role, how far.
class Session {
 public:
  explicit Session(ConnectionOptions options,
                   Duration give_up_pending = std::chrono::seconds(60));

  // Looks through the session, opening it where there is none; one round trip. Whatever happens,
  // look.answer says how the server answered.
  absl::Status See(const Deadline& deadline, SqlLook& look);
  // The same, and asks `more` in the same round trip; their answers, one per statement.
  absl::StatusOr<std::vector<absl::StatusOr<Rows>>> SeeAnd(
      const std::vector<std::vector<Statement>>& more, const Deadline& deadline, SqlLook& look);
  Connection& connection() { return connection_; }
  const Connection& connection() const { return connection_; }

 private:
  absl::StatusOr<std::vector<absl::StatusOr<Rows>>> Ask(
      const std::vector<std::vector<Statement>>& more, const Deadline& deadline, SqlLook& look);
  void Identify(const Row& row);
  void Tell(const Row& row, SqlLook& look) const;

  Connection connection_;
  int identified_ = 0;  // the session that the facts below are of
  std::string system_identifier_;
  double start_unix_seconds_ = 0;
  int version_ = 0;
  ClockOffset clock_;
};
