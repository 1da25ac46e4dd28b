#include <algorithm>
#include <charconv>
#include <vector>

#include "common/http_server.h"

namespace {

constexpr double kMinTimeoutSeconds = 0.001, kMaxTimeoutSeconds = 3600;

std::string_view Trimmed(std::string_view s) {
  std::size_t begin = s.find_first_not_of(" \t");
  if (begin == s.npos) return "";
  return s.substr(begin, s.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string_view> Split(std::string_view s, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    std::size_t end = s.find(separator);
    parts.push_back(Trimmed(s.substr(0, end)));
    if (end == s.npos) return parts;
    s.remove_prefix(end + 1);
  }
}

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool ParseDouble(std::string_view s, double& value) {
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  return error == std::errc() && end == s.data() + s.size();
}

// One element of a header like "text/plain; version=0.0.4; q=0.5, */*;q=0.1" (RFC 9110, 12.4.2).
struct Choice {
  std::string_view name, version;
  double quality = 1;  // 0: refused; what is malformed counts as refused
};

Choice ParseChoice(std::string_view element) {
  std::vector<std::string_view> parts = Split(element, ';');
  Choice choice{parts[0], ""};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::size_t equals = std::min(parts[i].find('='), parts[i].size());
    std::string_view key = Trimmed(parts[i].substr(0, equals));
    std::string_view value = Trimmed(parts[i].substr(std::min(equals + 1, parts[i].size())));
    if (SameIgnoringCase(key, "version")) choice.version = value;
    if (!SameIgnoringCase(key, "q")) continue;
    bool valid = ParseDouble(value, choice.quality) && choice.quality >= 0 && choice.quality <= 1;
    if (!valid) choice.quality = 0;
  }
  return choice;
}

std::vector<Choice> ParseChoices(std::string_view header) {
  std::vector<Choice> choices;
  for (std::string_view element : Split(header, ',')) {
    if (!element.empty()) choices.push_back(ParseChoice(element));
  }
  return choices;
}

bool IsOpenMetrics(const Choice& c) {
  std::string_view version = c.version;
  if (version.size() > 2 && version.front() == '"') version = version.substr(1, version.size() - 2);
  return SameIgnoringCase(c.name, "application/openmetrics-text") &&
         (version.empty() || version == "1.0.0");
}

bool IsText(const Choice& c) {
  return SameIgnoringCase(c.name, "text/plain") || c.name == "text/*" || c.name == "*/*";
}

}  // namespace

Duration ScrapeTimeout(std::string_view header, Duration or_else) {
  double seconds = 0;
  if (!ParseDouble(Trimmed(header), seconds)) return or_else;
  if (!(seconds >= kMinTimeoutSeconds && seconds <= kMaxTimeoutSeconds)) return or_else;
  return FromSeconds(seconds - std::min(0.5, seconds / 10));
}

bool WantsOpenMetrics(std::string_view accept) {
  double open_metrics = 0, text = 0;
  for (const Choice& c : ParseChoices(accept)) {
    // Of two that are equally welcome the one that stands first counts.
    if (IsOpenMetrics(c) && c.quality > text) open_metrics = std::max(open_metrics, c.quality);
    if (IsText(c)) text = std::max(text, c.quality);
  }
  return open_metrics > 0 && open_metrics >= text;
}

bool AcceptsGzip(std::string_view accept_encoding) {
  double gzip = -1, any = 0;
  for (const Choice& c : ParseChoices(accept_encoding)) {
    if (SameIgnoringCase(c.name, "gzip") || SameIgnoringCase(c.name, "x-gzip")) {
      gzip = std::max(gzip, c.quality);
    }
    if (c.name == "*") any = c.quality;
  }
  return gzip >= 0 ? gzip > 0 : any > 0;
}
