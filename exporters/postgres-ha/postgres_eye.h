#pragma once
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/postgres-ha/session.h"
#include "exporters/postgres-ha/verdict.h"

// The eye on one PostgreSQL server: one kept connection, looked through every 250 ms with one
// prepared statement, and asked for details at a scrape, with such a look, in one round trip.
class PostgresEye : public Collector {
 public:
  // Looks come every `interval`, and faster when the board says so. A collection takes no longer than
  // `patience`: the server may have frozen, and the looks must go on.
  PostgresEye(std::shared_ptr<DataSetBoard> board, MemberId member, ConnectionOptions options,
              Duration interval, Duration patience);
  absl::Status Collect(const Deadline& deadline, Samples& out) override;
  Next Look(const Deadline& deadline) override;

 private:
  const std::shared_ptr<DataSetBoard> board_;
  const MemberId member_;
  const std::string eye_;
  const Duration interval_, patience_;
  Session session_;
  bool standby_ = true;  // as the last look saw it
};
