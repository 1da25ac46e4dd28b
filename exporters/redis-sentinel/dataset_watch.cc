#include "exporters/redis-sentinel/dataset_watch.h"

#include <utility>

using namespace std::chrono_literals;

namespace {
constexpr Duration kAwayAtMost = 2min;
}  // namespace

bool DatasetWatch::Step(const Info& info, bool in_use, Instant at) {
  bool loads = info.loading.value_or(false) || info.async_loading.value_or(false) ||
               info.sync_in_progress.value_or(false);
  if (!in_use || loads || !info.databases || !info.offset_bytes) return false;
  Data now{info.run_id, info.replication_id, *info.offset_bytes, 0, at};
  for (auto& database : *info.databases) now.keys += database.keys;
  auto before = std::exchange(last_, now);
  if (!before || at - before->at > kAwayAtMost) return false;
  if (before->keys == 0 || now.keys > before->keys / 2) return false;
  bool broken = before->run_id != now.run_id || before->replication_id != now.replication_id ||
                now.offset_bytes < before->offset_bytes;
  resets_ += broken;
  return broken;
}
