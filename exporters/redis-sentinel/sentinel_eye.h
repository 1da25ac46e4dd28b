#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/scrape.h"
#include "exporters/redis-sentinel/connection.h"
#include "exporters/redis-sentinel/deployment.h"

// The eye on a Sentinel: INFO, MASTERS, and for each master that is known REPLICAS, SENTINELS,
// CKQUORUM and GET-MASTER-ADDR-BY-NAME, all in one batch. It asks at the start, at every scrape, when
// it is poked (after +sdown: the ages that it tells then bound the start of the outage), and every 5 s,
// every second in fast pace. Names that it learns with an answer are asked for at once.
class SentinelEye : public Collector {
 public:
  SentinelEye(std::shared_ptr<DeploymentBoard> board, std::string sentinel,
              RedisConnectionOptions options);
  absl::Status Collect(const Deadline& deadline, Samples& out) override;
  Next Look(const Deadline& deadline) override;

 private:
  SentinelLook Ask(const Deadline& deadline);

  const std::shared_ptr<DeploymentBoard> board_;
  const std::string sentinel_, eye_;
  RedisConnection connection_;
  std::vector<std::string> names_;  // asked for last
};

// The batch that asks for `names`, and its answers taken apart. Exposed for tests.
Batch SentinelBatch(const std::vector<std::string>& names);
absl::StatusOr<SentinelLook> TakeSentinelAnswers(const Results& results,
                                                 const std::vector<std::string>& names);
