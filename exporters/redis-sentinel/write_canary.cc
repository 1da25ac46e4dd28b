#include "exporters/redis-sentinel/write_canary.h"

namespace {

const Metric kWrites("redis_sentinel_canary_writes_total", Type::kCounter,
                     "Writes of the canary that the master acknowledged.");
const Metric kErrors("redis_sentinel_canary_errors_total", Type::kCounter,
                     "Writes of the canary that were refused or not answered.");
const Metric kLost("redis_sentinel_canary_lost_writes_total", Type::kCounter,
                   "Writes of the canary that had been acknowledged and were gone later.");
const Metric kUnavailable("redis_sentinel_canary_unavailable_seconds_total", Type::kCounter,
                          "How long the canary could not write: from the first write that failed "
                          "to the first that worked. Missing rights do not count.");
const Metric kDuration("redis_sentinel_canary_duration_seconds", Type::kGauge,
                       "How long the last write of the canary took; absent if it failed.");
const Metric kInterval("redis_sentinel_canary_interval_seconds", Type::kGauge,
                       "How often the canary writes.");

}  // namespace

void WriteCanary::Step(const absl::StatusOr<long long>& told, Instant begin, Instant end) {
  const absl::Status& status = told.status();
  bool forbidden = absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status);
  if (!told.ok() && !forbidden && !counted_until_) counted_until_ = begin;
  if (counted_until_) unavailable_seconds_ += Seconds(end - *counted_until_);
  if (counted_until_) counted_until_ = end;
  if (told.ok() || forbidden) counted_until_.reset();
  duration_.reset();
  if (!told.ok()) {
    ++errors_;
    return;
  }
  ++writes_;
  duration_ = Seconds(end - begin);
  if (last_ && *told <= *last_ && end - last_begin_ < ttl_)
    lost_ += static_cast<double>(*last_ - *told + 1);
  last_ = *told;
  last_begin_ = begin;
}

void WriteCanary::Show(Duration interval, Samples& out) const {
  out.Add(kInterval, Seconds(interval));
  out.Add(kWrites, writes_);
  out.Add(kErrors, errors_);
  out.Add(kLost, lost_);
  out.Add(kUnavailable, unavailable_seconds_);
  if (duration_) out.Add(kDuration, *duration_);
}
