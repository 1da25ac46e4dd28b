#pragma once
#include <optional>

#include "absl/status/statusor.h"
#include "common/deadline.h"
#include "common/metric.h"

// What a client lives through that writes now and then to the master that the Sentinels name: a
// fold over its writes. Each adds one to a number and is told the new one; when that is not higher
// than before, writes that had been acknowledged are gone.
class WriteCanary {
 public:
  // The key lives for `ttl` after a write: a later one may begin at 1 again and proves no loss.
  explicit WriteCanary(Duration ttl) : ttl_(ttl) {}
  // One write: the number that it was told, or why not. Unauthenticated and PermissionDenied count
  // as errors, but not as time without service: that is not the master's doing.
  void Step(const absl::StatusOr<long long>& told, Instant begin, Instant end);
  void Show(Duration interval, Samples& out) const;

 private:
  const Duration ttl_;
  double writes_ = 0, errors_ = 0, lost_ = 0, unavailable_seconds_ = 0;
  std::optional<long long> last_;          // told last
  Instant last_begin_ = Instant();         // of that write
  std::optional<double> duration_;         // of the newest write, if it worked
  std::optional<Instant> counted_until_;   // while writes fail
};
