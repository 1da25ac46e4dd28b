#include "exporters/pihole/version_order.h"

#include <charconv>
#include <vector>

namespace {

std::vector<int> NumbersIn(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  std::vector<int> numbers;
  while (numbers.size() < 8) {
    int n = 0;
    auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), n);
    if (error != std::errc() || n < 0) break;
    numbers.push_back(n);
    version.remove_prefix(static_cast<std::size_t>(end - version.data()));
    if (!version.starts_with('.')) break;
    version.remove_prefix(1);
  }
  // 6.4 and 6.4.0 are the same.
  while (numbers.size() > 1 && numbers.back() == 0) numbers.pop_back();
  return numbers;
}

}  // namespace

std::optional<bool> IsNewer(std::string_view a, std::string_view b) {
  auto first = NumbersIn(a), second = NumbersIn(b);
  if (first.empty() || second.empty()) return std::nullopt;
  return first > second;
}
