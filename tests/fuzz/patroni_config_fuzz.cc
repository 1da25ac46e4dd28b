#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporters/postgres-ha/patroni_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto config = ParsePatroniConfig({reinterpret_cast<const char*>(data), size});
  if (!config.ok()) return 0;
  for (auto& seconds :
       {config->ttl_seconds, config->loop_wait_seconds, config->retry_timeout_seconds})
    if (seconds && !(*seconds >= 0 && *seconds < HUGE_VAL)) std::abort();
  if (config->maximum_lag_on_failover_bytes.value_or(0) < 0) std::abort();
  if (!config->standby_cluster) std::abort();
  return 0;
}
