#pragma once
#include <memory>
#include <optional>
#include <string>

#include "common/scrape.h"
#include "exporters/redis-sentinel/deployment.h"
#include "exporters/redis-sentinel/write_canary.h"

// The canary of one master: INCR and PEXPIRE of one key on the node that the Sentinels name, over a
// connection of its own. It goes where they send clients, so it does not see what clients lose that
// stay with the old master. At a scrape it shows what it counted, without asking anybody.
class WriteCanaryEye : public Collector {
 public:
  // `login`: everything but the address.
  WriteCanaryEye(std::shared_ptr<DeploymentBoard> board, std::string master,
                 RedisConnectionOptions login, CanaryOptions options);
  absl::Status Collect(const Deadline& deadline, Samples& out) override;
  Next Look(const Deadline& deadline) override;

 private:
  bool Turn();  // to the master that is named; false if none is
  absl::StatusOr<long long> Write(const Deadline& deadline);

  const std::shared_ptr<DeploymentBoard> board_;
  const std::string master_;
  const CanaryOptions options_;
  RedisConnectionOptions login_;  // with the address where connection_ leads
  std::optional<RedisConnection> connection_;
  absl::Status status_;  // of the last write
  WriteCanary canary_;
};
