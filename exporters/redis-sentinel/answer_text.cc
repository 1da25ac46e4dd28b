#include "exporters/redis-sentinel/answer_text.h"

#include <algorithm>
#include <charconv>

std::optional<long long> ToInteger(std::string_view text) {
  long long number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<HostPort> ToAddress(std::string_view host, std::string_view port) {
  constexpr std::size_t kMaxHostBytes = 255;  // of a name in DNS
  auto number = ToInteger(port);
  if (host.empty() || host.size() > kMaxHostBytes || !IsPlain(host)) return {};
  if (!number || *number < 0 || *number > 65535) return {};
  return HostPort{std::string(host), static_cast<int>(*number)};
}
