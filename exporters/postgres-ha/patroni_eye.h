#pragma once
#include <memory>
#include <string>

#include "common/http_client.h"
#include "common/scrape.h"
#include "exporters/postgres-ha/verdict.h"

// The eye on one Patroni. Patroni 4 has five threads in all, so there is never a second question
// before the first is answered or waited out (HttpOptions::wait_out). In each look it asks what
// runs no SQL there: /cluster, or /liveness while that is silent. In the first half of a look it
// also asks what else is due:
//   /config, /history  every minute, in each look for ten seconds after the leader or its timeline
//                      changed, and /history as long as the verdict wants it. Patroni answers both
//                      from what /cluster has just read, so each Patroni tells the same.
//   /patroni           every ten seconds, if the member answers by SQL: it runs SQL, and would hang
//                      on a frozen server. One that freezes in that instant leaves its Patroni
//                      unasked until it thaws or the request is waited out.
// An extra that stays silent is left alone for five minutes; one with an error is asked again in
// the next look. Either shows in the status of the look, and leaves the rest of it as it is.
class PatroniEye : public Collector {
 public:
  // `url`: http://host:port. `member`: whose Patroni it is, as far as known.
  PatroniEye(std::shared_ptr<DataSetBoard> board, MemberId member, std::string url,
             HttpOptions options, Duration interval);
  Next Look(const Deadline& deadline) override;

 private:
  // Something that is asked now and then.
  struct Extra {
    const char* path;
    Duration interval;
    Instant due = Instant(), silent_until = Instant();
  };
  absl::StatusOr<std::string> Body(const char* path, const Deadline& deadline);
  absl::Status AskCluster(const Deadline& deadline, PatroniLook& look);
  absl::Status AskExtras(const Deadline& deadline, Instant half, PatroniLook& look);
  bool LeaderChanged(const PatroniLook& look);

  const std::shared_ptr<DataSetBoard> board_;
  const MemberId member_;
  const std::string url_, asked_, eye_;
  const Duration interval_, wait_out_;
  HttpClient client_;
  Instant cluster_not_before_ = Instant();
  Instant extra_given_up_ = Instant();  // by then a silent extra no longer stands in the way
  Extra config_, history_, status_;
  std::string leader_;  // name, role and timeline, as last listed
  Instant changed_until_ = Instant();
};
