#pragma once
#include <optional>
#include <string>

#include "common/deadline.h"
#include "exporters/redis-sentinel/info.h"

// When a server started, from its uptime in whole seconds: up to a second late. Kept until its run
// id changes, so that it does not waver between two seconds with every answer.
class StartTime {
 public:
  // Unix seconds; none if the answer has no uptime.
  std::optional<double> Of(const Info& info, double now_unix_seconds) {
    if (!info.uptime) return {};
    if (info.run_id.empty() || info.run_id != run_id_)
      unix_seconds_ = now_unix_seconds - static_cast<double>(info.uptime->count());
    run_id_ = info.run_id;
    return unix_seconds_;
  }

 private:
  std::string run_id_;
  double unix_seconds_ = 0;
};
