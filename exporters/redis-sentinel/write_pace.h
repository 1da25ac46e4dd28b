#pragma once
#include <optional>
#include <string>
#include <utility>

#include "common/deadline.h"
#include "exporters/redis-sentinel/info.h"

// How fast a master writes, over the last half minute to minute, however often it is looked at.
class WritePace {
 public:
  void Step(const Info& info, Instant at) {
    if (!info.offset_bytes) return;
    Point now{at, *info.offset_bytes};
    bool anew = !newest_ || info.replication_id != id_ || now.bytes < newest_->bytes;
    if (anew) older_ = newer_ = now;
    id_ = info.replication_id;
    if (at - newer_.at >= std::chrono::seconds(30)) older_ = std::exchange(newer_, now);
    newest_ = now;
  }
  // None before it was watched for 8 s.
  std::optional<double> bytes_per_second() const {
    if (!newest_ || newest_->at - older_.at < std::chrono::seconds(8)) return {};
    return static_cast<double>(newest_->bytes - older_.bytes) / Seconds(newest_->at - older_.at);
  }

 private:
  struct Point {
    Instant at;
    long long bytes = 0;
  };
  std::string id_;  // of the history
  Point older_{}, newer_{};
  std::optional<Point> newest_;
};
