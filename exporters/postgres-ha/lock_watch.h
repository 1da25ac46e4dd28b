#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http_stream.h"
#include "common/scrape.h"
#include "exporters/postgres-ha/config.h"
#include "exporters/postgres-ha/etcd_answers.h"
#include "exporters/postgres-ha/etcd_client.h"

// A watch stream of etcd on the keys of one scope, through whichever endpoint answers.
//
// First it reads the keys (with a quorum), which gives the present holder of the lock and the
// revision from which the stream goes on, so that nothing falls between. When the stream ends it
// opens another one, through the next endpoint, from the revision where the old one ended: what
// happened meanwhile is told late, but is told. Only when etcd has compacted that away, or said
// what cannot be read, does it start over.
//
// A stream that is silent may be dead: every 5 s it asks the same endpoint, with a quorum, when the
// lock last changed. No answer by the look deadline, or twice a change that the stream has not
// told, ends the stream. Endpoints are tried one after the other, at once in the first round, then
// with a pause of 1 s that doubles to 10 s; a stream that passed a check starts the rounds anew.
class LockWatch {
 public:
  // `options` has an endpoint. `tell` is called by Look(), at once for every event.
  LockWatch(const EtcdOptions& options, std::function<void(DcsLook)> tell,
            Duration check_interval = std::chrono::seconds(5));
  // Takes what the stream has for us, connecting and checking as need be. Says when to come again:
  // when its socket is readable, or at the time of the next check or attempt.
  Next Look(const Deadline& deadline);

 private:
  absl::Status Connect(const Deadline& deadline);
  void Connected(EtcdKeys keys, bool resumes);
  absl::Status Listen(const Deadline& deadline);
  absl::Status Hear(const std::vector<std::string>& lines);
  void Tell(EtcdKeys keys);
  absl::Status Check(const Deadline& deadline);
  Next Lost(absl::Status status);

  const std::string prefix_;
  const std::function<void(DcsLook)> tell_;
  const Duration check_interval_;
  std::vector<std::unique_ptr<EtcdClient>> clients_;  // one for each endpoint
  std::size_t current_ = 0;                           // of them, that of the stream
  HttpStream stream_;
  bool connected_ = false;
  long long revision_ = 0;    // told up to it; 0: nothing yet
  long long late_until_ = 0;  // changes up to this revision happened while the stream was away
  bool behind_ = false;       // the last check saw a change that the stream had not told
  std::string holder_;        // of the lock
  int failures_ = 0;          // since a stream lived for a check
  Instant check_at_ = Instant();
};
