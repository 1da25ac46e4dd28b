#include "common/words.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace {

constexpr double kMinute = 60, kHour = 3600, kDay = 86400;

std::string Two(double seconds, double big, const char* big_name, double small,
                const char* small_name) {
  double whole = std::floor(seconds / big);
  double rest = std::floor((seconds - whole * big) / small);
  if (rest == 0) return absl::StrFormat("%.0f %s", whole, big_name);
  return absl::StrFormat("%.0f %s %.0f %s", whole, big_name, rest, small_name);
}

}  // namespace

std::string InWords(double seconds) {
  if (seconds < 10) return absl::StrFormat("%.2f s", seconds);
  if (seconds < 2 * kMinute) return absl::StrFormat("%.1f s", seconds);
  if (seconds < kHour) return Two(seconds, kMinute, "min", 1, "s");
  if (seconds < kDay) return Two(seconds, kHour, "h", kMinute, "min");
  return Two(seconds, kDay, "d", kHour, "h");
}

std::string InWords(double low_seconds, std::optional<double> mid_seconds,
                    std::optional<double> high_seconds) {
  if (!mid_seconds || !high_seconds) return "at least " + InWords(low_seconds);
  return InWords(*mid_seconds) + " (" + InWords(low_seconds) + " to " + InWords(*high_seconds) +
         ")";
}

std::string BytesInWords(double bytes) {
  if (bytes < 1000) return absl::StrFormat("%.0f B", bytes);
  const char* unit = "kMGT";
  for (bytes /= 1000; bytes >= 1000 && unit[1]; bytes /= 1000) ++unit;
  return absl::StrFormat("%.1f %cB", bytes, *unit);
}

std::string InWords(const Loss& lost) {
  if (!lost.seconds && !lost.low_seconds) return "what was lost is not known";
  if (lost.high_seconds && *lost.high_seconds == 0 && lost.bytes.value_or(0) == 0)
    return "nothing was lost";
  std::string bytes = lost.bytes.value_or(0) > 0 ? ", " + BytesInWords(*lost.bytes) : "";
  if (!lost.seconds || !lost.high_seconds)
    return "at least " + InWords(lost.low_seconds.value_or(0)) + " of work were lost" + bytes;
  if (*lost.seconds == 0)
    return "at most " + InWords(*lost.high_seconds) + " of work were lost" + bytes;
  return InWords(*lost.seconds) + " of work were lost (" + InWords(lost.low_seconds.value_or(0)) +
         " to " + InWords(*lost.high_seconds) + ")" + bytes;
}
