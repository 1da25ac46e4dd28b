#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "absl/strings/str_format.h"

#include "common/config.h"
#include "common/config_document.h"

namespace config_internal {
namespace {

constexpr std::size_t kMaxShownBytes = 60;
constexpr double kMaxSeconds = 100.0 * 365 * 86400;

struct Unit { std::string_view name; double seconds; };
constexpr Unit kUnits[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 0.001}};

constexpr double kMaxBytes = 1e18;

struct SizeUnit { std::string_view name; double bytes; };
constexpr SizeUnit kSizeUnits[] = {
    {"", 1},
    {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
    {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};

// The number that `text` starts with; what follows it is left there. Digits and a point only.
absl::StatusOr<double> TakeNumber(std::string_view& text) {
  std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  auto number = ParseNumber(text.substr(0, digits));
  text.remove_prefix(digits);
  return number;
}

bool IsVariableName(std::string_view name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  if (name.empty() || kLetters.find(name[0]) == kLetters.npos) return false;
  std::string allowed = std::string(kLetters) + "0123456789";
  return name.find_first_not_of(allowed) == name.npos;
}

// The value of the variable at the start of `text`, which is "${NAME}...".
absl::StatusOr<std::string> Variable(std::string_view text) {
  std::size_t end = text.find('}');
  std::string name(text.substr(2, end == text.npos ? 0 : end - 2));
  if (!IsVariableName(name)) {
    return absl::InvalidArgumentError("'${' must be followed by NAME} (write $$ for $)");
  }
  const char* value = getenv(name.c_str());
  if (value == nullptr) {
    return absl::InvalidArgumentError("environment variable " + name + " is not set");
  }
  return std::string(value);
}

// Levenshtein's distance.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = i;
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

absl::StatusOr<std::string> Expand(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t used = 1;
    if (text.substr(0, 2) == "$$") {
      used = 2;
      out += '$';
    } else if (text.substr(0, 2) == "${") {
      auto value = Variable(text);
      if (!value.ok()) return value;
      used = text.find('}') + 1;
      out += *value;
    } else {
      out += text[0];
    }
    text.remove_prefix(used);
  }
  return out;
}

absl::StatusOr<std::string> ReadFile(const std::string& file, std::size_t max_bytes) {
  int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  ssize_t n = fd < 0 ? -1 : 1;
  while (n > 0 && text.size() <= max_bytes) {
    char buffer[4096];
    n = read(fd, buffer, sizeof buffer);
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
  }
  int error = errno;
  if (fd >= 0) close(fd);
  if (n < 0) return absl::InvalidArgumentError(std::string("cannot be read: ") + strerror(error));
  if (text.size() <= max_bytes) return text;
  return absl::InvalidArgumentError(absl::StrFormat("larger than %d bytes", max_bytes));
}

std::string Printable(std::string_view text) {
  std::string printable(text);
  for (char& c : printable) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return printable;
}

std::string Shown(std::string_view text) {
  return "'" + Printable(text.substr(0, kMaxShownBytes)) +
         (text.size() > kMaxShownBytes ? "...'" : "'");
}

absl::StatusOr<double> ParseNumber(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && at == end && isfinite(number)) return number;
  return absl::InvalidArgumentError("not a number: " + Shown(text));
}

std::string DurationText(Duration d) {
  for (const Unit& unit : kUnits) {
    double n = Seconds(d) / unit.seconds;
    if (n >= 1 && n == trunc(n)) return absl::StrFormat("%.0f%s", n, unit.name);
  }
  return absl::StrFormat("%gs", Seconds(d));
}

std::string DidYouMean(std::string_view word, const std::set<std::string, std::less<>>& known) {
  if (word.size() > kMaxShownBytes) return "";
  std::string best;
  std::size_t best_distance = std::min<std::size_t>(word.size() / 2, 2) + 1;
  for (const std::string& candidate : known) {
    std::size_t distance = Distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best.empty() ? "" : " (did you mean '" + best + "'?)";
}

}  // namespace config_internal

absl::StatusOr<Duration> ParseDuration(std::string_view text) {
  std::string_view unit_name = text;
  auto number = config_internal::TakeNumber(unit_name);
  for (const auto& unit : config_internal::kUnits) {
    if (!number.ok() || unit_name != unit.name) continue;
    if (*number * unit.seconds > config_internal::kMaxSeconds) break;
    return std::chrono::round<Duration>(std::chrono::duration<double>(*number * unit.seconds));
  }
  return absl::InvalidArgumentError("not a duration: " + config_internal::Shown(text) +
                                    " (like 250ms, 5s, 2m, 1h)");
}

absl::StatusOr<double> ParseSize(std::string_view text) {
  std::string_view unit_name = text;
  auto number = config_internal::TakeNumber(unit_name);
  for (const auto& unit : config_internal::kSizeUnits) {
    if (!number.ok() || unit_name != unit.name) continue;
    if (*number * unit.bytes > config_internal::kMaxBytes) break;
    return round(*number * unit.bytes);
  }
  return absl::InvalidArgumentError("not a size: " + config_internal::Shown(text) +
                                    " (like 1073741824, 512MB, 2GiB)");
}
