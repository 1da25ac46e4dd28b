#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/scrape.h"
#include "exporters/redis-sentinel/connection.h"
#include "exporters/redis-sentinel/deployment.h"
#include "exporters/redis-sentinel/start_time.h"

// The eye on a Sentinel: INFO, MASTERS, and for each master that is known REPLICAS, SENTINELS,
// CKQUORUM and GET-MASTER-ADDR-BY-NAME, all in one batch. It asks at the start, at every scrape,
// when it is poked (after +sdown: the ages that it tells then bound the start of the outage), and
// every 5 s, every second in fast pace. When MASTERS names others than were asked for it asks
// again, at once. At a scrape it shows what the Sentinel says of itself.
class SentinelEye : public Collector {
 public:
  // `sentinel`: as the verdict names it; `options`: where to dial it. A collection takes no longer
  // than `patience`, so that the looks go on.
  SentinelEye(std::shared_ptr<DeploymentBoard> board, std::string sentinel,
              RedisConnectionOptions options, Duration patience);
  absl::Status Collect(const Deadline& deadline, Samples& out) override;
  Next Look(const Deadline& deadline) override;

 private:
  SentinelLook Ask(const Deadline& deadline, bool hurried);  // and posts it, as NodeEye does
  SentinelLook Query(const Deadline& deadline);
  void SayOnce(int unwatched);

  const std::shared_ptr<DeploymentBoard> board_;
  const std::string sentinel_, eye_;
  const Duration patience_;
  RedisConnection connection_;
  std::vector<std::string> names_;  // of the masters to ask for
  bool told_ = false;               // that there are too many
  StartTime start_;
};

// The batch that asks for `names`, and its answers taken apart. Exposed for tests. The names of all
// masters that it monitors, in the order of the answer, are those of ParseMasters(results[1]).
//
// An error when INFO or MASTERS cannot be had. What else is missing is in the look's status: a
// master whose REPLICAS, SENTINELS or address are not there has no view, one without CKQUORUM has.
Batch SentinelBatch(const std::vector<std::string>& names);
absl::StatusOr<SentinelLook> TakeSentinelAnswers(const Results& results,
                                                 const std::vector<std::string>& names);

// What a Sentinel says of itself in INFO.
void ShowSentinel(const Info& info, std::optional<double> start_unix_seconds,
                  double now_unix_seconds, Samples& out);
