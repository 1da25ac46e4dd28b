#include "exporters/postgres-ha/answer.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace {

Answer FromSqlState(const std::string& state) {
  if (state == "57P03") return Answer::kStarting;
  if (state == "53300") return Answer::kFull;
  if (state.starts_with("28") || state == "3D000" || state == "42501") return Answer::kDenied;
  return Answer::kBroken;
}

}  // namespace

std::string_view AnswerName(Answer answer) {
  constexpr std::string_view kNames[] = {"answered", "refused", "timeout", "unreachable", "starting",
                                         "denied",   "full",    "broken",  "ours"};
  return kNames[static_cast<int>(answer)];
}

std::string OneLine(std::string s) {
  s = s.substr(0, s.find("\nLOCATION"));
  for (char& c : s)
    if (c == '\n' || c == '\t') c = ' ';
  s.erase(std::unique(s.begin(), s.end(), [](char a, char b) { return a == ' ' && b == ' '; }), s.end());
  while (!s.empty() && s.back() == ' ') s.pop_back();
  return s;
}

std::string SqlState(const std::string& message) {
  for (std::size_t i = message.find(": "); i != std::string::npos; i = message.find(": ", i + 1)) {
    std::size_t begin = message.find_first_not_of(' ', i + 1);
    if (begin == std::string::npos || begin + 5 >= message.size() || message[begin + 5] != ':')
      continue;
    std::string state = message.substr(begin, 5);
    auto valid = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    // Every SQLSTATE has a digit; FATAL, five capitals before a colon, has none.
    bool has_digit = state.find_first_of("0123456789") != std::string::npos;
    if (has_digit && std::all_of(state.begin(), state.end(), valid)) return state;
  }
  return "";
}

absl::Status ToStatus(Answer answer, const std::string& message) {
  switch (answer) {
    case Answer::kTimeout: return absl::DeadlineExceededError(message);
    case Answer::kDenied: return absl::PermissionDeniedError(message);
    case Answer::kOurs: return absl::ResourceExhaustedError(message);
    case Answer::kBroken: return absl::DataLossError(message);
    default: return absl::UnavailableError(message);
  }
}

Answer ConnectFailure(const std::string& message) {
  std::string state = SqlState(message);
  if (!state.empty()) return FromSqlState(state);
  auto says = [&](int error) { return message.find(std::strerror(error)) != std::string::npos; };
  if (says(EMFILE) || says(ENFILE) || says(ENOMEM) || says(ENOBUFS)) return Answer::kOurs;
  if (says(ECONNREFUSED) || says(ENOENT)) return Answer::kRefused;
  if (message.find("password") != std::string::npos) return Answer::kDenied;
  return Answer::kUnreachable;
}

std::optional<double> ToNumber(const std::optional<std::string>& field) {
  if (!field) return std::nullopt;
  double v = 0;
  auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), v);
  if (error != std::errc() || end != field->data() + field->size()) return std::nullopt;
  return v;
}

std::optional<long long> ToInteger(const std::optional<std::string>& field) {
  if (!field) return std::nullopt;
  long long v = 0;
  auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), v);
  if (error != std::errc() || end != field->data() + field->size()) return std::nullopt;
  return v;
}
