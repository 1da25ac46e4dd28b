#pragma once
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/postgres-ha/session.h"
#include "exporters/postgres-ha/verdict.h"

// The canary in a member: a new session every 15 s, because a server whose postmaster hangs goes on
// serving the sessions that it has, and both Patroni and HAProxy call it healthy. A session that is
// not answered stays pending, is waited for once a second and counts as failing; no other is opened
// beside it for a minute. It keeps quiet while the member's kept session is not answered either: that
// is known, and one stuck session is enough for a frozen server.
//
// With a heartbeat the session is kept until the next one is due, and commits now and then, while the
// member takes writes: an empty logical message in the WAL (about 100 bytes, no table, no right but to
// log in), which proves the way of a commit, and moves the clocks of idle standbys. A commit that hangs
// (waiting for a synchronous standby, which no timeout ends) is waited for: nothing else is opened or
// asked meanwhile, because the server keeps the process of a session that was left in the middle of it.
class CanaryEye : public Collector {
 public:
  CanaryEye(std::shared_ptr<DataSetBoard> board, MemberId member, ConnectionOptions options,
            Duration interval, Duration heartbeat_interval);
  Next Look(const Deadline& deadline) override;

 private:
  absl::Status OpenNew(const Deadline& deadline);
  absl::Status Beat(const Deadline& deadline);
  void Post(Instant begin, decltype(Evidence::seen) seen);
  Next Sleep(absl::Status status) const;

  const std::shared_ptr<DataSetBoard> board_;
  const MemberId member_;
  const std::string eye_;
  const Duration interval_, heartbeat_interval_;
  Session session_;
  bool pending_ = false, beating_ = false, beat_hangs_ = false;
  Instant begun_ = Instant(), beat_ = Instant();
};
