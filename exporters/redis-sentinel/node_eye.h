#pragma once
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/redis-sentinel/connection.h"
#include "exporters/redis-sentinel/deployment.h"

// The eye on a Redis node: INFO over one kept connection, every second, every 200 ms in fast pace, and
// at once when the connection breaks. At a scrape it shows the health and persistence of the node
// from an INFO of that moment. PING is no sign of health (it is refused by a living node whose AOF
// disk is full, and answered by one that lost its data), so it is never sent.
class NodeEye : public Collector {
 public:
  // `node`: as announced; `options`: where to dial it.
  NodeEye(std::shared_ptr<DeploymentBoard> board, std::string node, RedisConnectionOptions options,
          Duration interval);
  absl::Status Collect(const Deadline& deadline, Samples& out) override;
  Next Look(const Deadline& deadline) override;

 private:
  NodeLook Ask(const Deadline& deadline);

  const std::shared_ptr<DeploymentBoard> board_;
  const std::string node_, eye_;
  const Duration interval_;
  RedisConnection connection_;
};

// The metrics of section "node" of an INFO: see node_details.cc.
void ShowNode(const Info& info, Samples& out);
