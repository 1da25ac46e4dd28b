#include "exporters/pihole/answer_values.h"

#include "common/utf8.h"

namespace {
constexpr double kMost = 1e18;  // beyond it a number is no count, and its products no numbers
}

std::optional<double> CountIn(JsonView value) {
  auto number = value.Number();
  if (!number || *number < 0 || *number > kMost) return std::nullopt;
  return number;
}

bool CountFailed(JsonView value) { return value.Number().value_or(0) < 0; }

std::optional<double> TimeIn(JsonView value) {
  auto number = CountIn(value);
  if (!number || *number == 0) return std::nullopt;
  return number;
}

std::string Shortened(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size()) {
    std::size_t length = std::max<std::size_t>(Utf8Length(text.substr(size)), 1);
    if (size + length > kMaxLabel) break;
    size += length;
  }
  return std::string(text.substr(0, size));
}

std::string TextIn(JsonView value) { return Shortened(value.String().value_or("")); }

void AddCount(Counts& counts, std::string_view kind, double n) {
  std::string name = Shortened(kind);
  for (auto& [known, count] : counts) {
    if (known != name) continue;
    count += n;
    return;
  }
  if (counts.size() < kMaxKinds || name == "other") counts.emplace_back(name, n);
  else AddCount(counts, "other", n);
}

Counts CountsIn(JsonView object) {
  Counts counts;
  for (auto& [kind, value] : object.Members())
    if (auto n = CountIn(value)) AddCount(counts, kind, *n);
  return counts;
}

absl::Status NotSuch(std::string_view path, JsonView answer) {
  std::string what(path);
  std::string message = TextIn(answer["error"]["message"]);
  if (!message.empty()) return absl::DataLossError(what + ": the Pi-hole says: " + message);
  return absl::DataLossError(what + ": the answer lacks what it should tell");
}
