#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporters/postgres-ha/patroni_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto seen = ParseLastSeen({reinterpret_cast<const char*>(data), size});
  if (seen.ok() && *seen && !(**seen > 0)) std::abort();
  return 0;
}
