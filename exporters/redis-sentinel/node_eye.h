#pragma once
#include <memory>
#include <optional>
#include <string>

#include "common/scrape.h"
#include "exporters/redis-sentinel/connection.h"
#include "exporters/redis-sentinel/deployment.h"
#include "exporters/redis-sentinel/start_time.h"

// The eye on a Redis node: INFO over one kept connection, every second, every 200 ms in fast pace,
// and at once when a connection breaks that has been there for two looks. At a scrape it shows the
// health and persistence of the node from an INFO of that moment. PING is no sign of health (it is
// refused by a living node whose AOF disk is full, and answered by one that lost its data), so it
// is never sent.
//
// INFO without arguments: all versions have all that we use in it, and it costs a server 0.13 ms.
class NodeEye : public Collector {
 public:
  // `node`: as announced; `options`: where to dial it. A collection takes no longer than
  // `patience`: the node may have frozen, and the looks must go on.
  NodeEye(std::shared_ptr<DeploymentBoard> board, std::string node, RedisConnectionOptions options,
          Duration interval, Duration patience);
  absl::Status Collect(const Deadline& deadline, Samples& out) override;
  Next Look(const Deadline& deadline) override;

 private:
  // And posts the answer; that none came only if it was not `hurried`: in less time than a look has
  // that proves nothing, and a look follows at once.
  NodeLook Ask(const Deadline& deadline, bool hurried);
  void Recognise(const Info& info);

  const std::shared_ptr<DeploymentBoard> board_;
  const std::string node_, eye_;
  const Duration interval_, patience_;
  RedisConnection connection_;
  StartTime start_;
  std::string run_id_;
  double restarts_ = 0;
};

// The outcome of INFO alone.
absl::StatusOr<Info> TakeInfo(const absl::StatusOr<Reply>& reply);

// What a node says of itself, see node_details.cc; and how often it came back as another process.
void ShowRestarts(double restarts, Samples& out);
void ShowNode(const Info& info, std::optional<double> start_unix_seconds, Samples& out);
