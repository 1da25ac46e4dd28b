#pragma once
#include <optional>
#include <string>

#include "common/deadline.h"
#include "exporters/redis-sentinel/info.h"

// Whether a node lost its data: a new process, another history or an offset that went back, and of
// the keys half or more are gone with it. A master without persistence that is restarted at once
// comes back empty, its Sentinels think nothing of it, and its replicas follow it. A restart that
// brings the data back is none, nor is a FLUSHALL: that is what a client wanted. Who was away for
// longer than two minutes is not judged: meanwhile keys expire.
class DatasetWatch {
 public:
  // A look that answered, at `at`. Judged is only a node `in_use`: the master that clients are sent
  // to, and a replica that follows. One that is away, or loads, may be empty for the moment.
  // Returns whether it lost its data.
  bool Step(const Info& info, bool in_use, Instant at);
  double resets() const { return resets_; }

 private:
  struct Data {
    std::string run_id, replication_id;
    long long offset_bytes = 0, keys = 0;
    Instant at;
  };
  std::optional<Data> last_;  // when it was in use
  double resets_ = 0;
};
