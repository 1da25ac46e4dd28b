#include "exporters/postgres-ha/patroni_history.h"

#include <charconv>
#include <chrono>
#include <limits>

#include "common/json.h"

namespace {

constexpr std::size_t kMaxPromotions = 1000;

// Takes `prefix` off the front of `text`, if it is there.
bool Take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Takes `digits` digits off the front of `text`; -1 if they are not there.
int TakeNumber(std::string_view& text, std::size_t digits) {
  std::string_view head = text.substr(0, digits);
  if (head.size() < digits || head.find_first_not_of("0123456789") != head.npos) return -1;
  int number = 0;
  std::from_chars(head.data(), head.data() + digits, number);
  text.remove_prefix(digits);
  return number;
}

// What follows the seconds, if it is a fraction: .738491
double TakeFraction(std::string_view& text) {
  if (!Take(text, ".")) return 0;
  double fraction = 0, unit = 0.1;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), unit /= 10)
    fraction += unit * (text[0] - '0');
  return fraction;
}

// Z, +05:30, -03:00:00; all of `text`.
std::optional<int> OffsetSeconds(std::string_view text) {
  if (text == "Z") return 0;
  int sign = text.starts_with('-') ? -1 : 1;
  if (!Take(text, "+") && !Take(text, "-")) return std::nullopt;
  int hours = TakeNumber(text, 2), minutes = Take(text, ":") ? TakeNumber(text, 2) : -1;
  int seconds = Take(text, ":") ? TakeNumber(text, 2) : 0;
  if (hours < 0 || hours > 24 || minutes < 0 || seconds < 0 || !text.empty()) return std::nullopt;
  return sign * (hours * 3600 + minutes * 60 + seconds);
}

absl::StatusOr<Promotion> ToPromotion(JsonView line) {
  auto fields = line.Items();
  if (fields.size() < 3) return absl::DataLossError("history: a line with too little in it");
  auto timeline = fields[0].Integer(), position = fields[1].Integer();
  if (!timeline || *timeline < 1 || *timeline >= std::numeric_limits<int>::max())
    return absl::DataLossError("history: a line without a timeline");
  if (!position || *position < 0) return absl::DataLossError("history: a line without a position");
  Promotion p{static_cast<int>(*timeline), *position, std::nullopt, ""};
  if (fields.size() > 3) p.unix_seconds = ParseIsoTime(fields[3].String().value_or(""));
  if (fields.size() > 4) p.leader = std::string(fields[4].String().value_or(""));
  return p;
}

}  // namespace

absl::StatusOr<std::vector<Promotion>> ParseHistory(std::string_view body) {
  auto json = Json::Parse(body);
  if (!json.ok()) return absl::DataLossError("history: " + std::string(json.status().message()));
  if (!json->view().IsArray()) return absl::DataLossError("history: not a list");
  auto lines = json->view().Items();
  if (lines.size() > kMaxPromotions) lines.erase(lines.begin(), lines.end() - kMaxPromotions);
  std::vector<Promotion> history;
  for (JsonView line : lines) {
    auto promotion = ToPromotion(line);
    if (!promotion.ok()) return promotion.status();
    if (!history.empty() && history.back().ended_timeline >= promotion->ended_timeline)
      return absl::DataLossError("history: timelines that do not grow");
    history.push_back(*std::move(promotion));
  }
  return history;
}

std::optional<double> ParseIsoTime(std::string_view text) {
  using namespace std::chrono;
  int y = TakeNumber(text, 4), m = Take(text, "-") ? TakeNumber(text, 2) : -1;
  int d = Take(text, "-") ? TakeNumber(text, 2) : -1;
  if (y < 1 || m < 1 || d < 1 || (!Take(text, "T") && !Take(text, " "))) return std::nullopt;
  int hour = TakeNumber(text, 2), minute = Take(text, ":") ? TakeNumber(text, 2) : -1;
  int second = Take(text, ":") ? TakeNumber(text, 2) : -1;
  year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  double fraction = TakeFraction(text);
  auto offset = OffsetSeconds(text);
  if (!offset) return std::nullopt;
  auto whole = duration_cast<seconds>(sys_days(date).time_since_epoch()).count();
  return static_cast<double>(whole + hour * 3600 + minute * 60 + second - *offset) + fraction;
}
