#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporters/postgres-ha/patroni_history.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  ParseIsoTime(text);
  auto history = ParseHistory(text);
  if (!history.ok()) return 0;
  if (history->size() > 1000) std::abort();
  int before = 0;
  for (auto& promotion : *history) {
    if (promotion.ended_timeline <= before || promotion.switch_position < 0) std::abort();
    before = promotion.ended_timeline;
  }
  return 0;
}
