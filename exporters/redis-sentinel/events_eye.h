#pragma once
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/redis-sentinel/deployment.h"
#include "exporters/redis-sentinel/subscription.h"

// The eye that listens to a Sentinel's events: sleeps on the socket, pings every second, posts each
// event with the two instants between which it was said. An event whose ping is more than 2 s
// overdue is late. It only looks; a Sentinel whose ACL refuses PSUBSCRIBE is said to be denied, and
// the rest goes on without.
class EventsEye : public Collector {
 public:
  EventsEye(std::shared_ptr<DeploymentBoard> board, std::string sentinel,
            RedisConnectionOptions options);
  Next Look(const Deadline& deadline) override;

 private:
  absl::Status Listen(const Deadline& deadline);
  absl::Status Hear(const Deadline& deadline);  // posts what has come

  const std::shared_ptr<DeploymentBoard> board_;
  const std::string sentinel_, eye_;
  Subscription subscription_;
  Instant ping_at_ = Instant();
};
