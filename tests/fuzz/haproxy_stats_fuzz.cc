#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "exporters/postgres-ha/haproxy_stats.h"

namespace {

const std::set<std::string_view> kStates = {"",      "up",    "going_down", "down",    "going_up",
                                            "maint", "drain", "nolb",       "no_check"};

void Expect(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto servers = ParseHaproxyStats({reinterpret_cast<const char*>(data), size});
  if (!servers.ok()) {
    Expect(absl::IsDataLoss(servers.status()) && servers.status().message().size() < 200);
    return 0;
  }
  Expect(servers->size() <= 256);
  std::set<std::pair<std::string, std::string>> names;
  for (auto& s : *servers) {
    Expect(names.insert({s.proxy, s.server}).second);  // a series twice would cost the whole page
    Expect(!s.proxy.empty() && s.proxy.size() <= 128);
    std::string_view state = HaproxyStateOf(s.status);
    Expect(kStates.count(state) == 1);
    Expect(s.up == (state == "up" || state == "going_down" || s.status == "no check"));
    Expect(s.last_change_seconds.value_or(0) >= 0 && s.last_change_seconds.value_or(0) <= 1e9);
  }
  return 0;
}
