#include "common/log.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "absl/strings/str_format.h"

#include "common/deadline.h"
#include "common/json.h"

namespace {

constexpr std::size_t kMaxValueBytes = 1000;

std::atomic<Level> g_level{Level::kInfo};
std::atomic<LogFormat> g_format{LogFormat::kLogfmt};

const char* LevelName(Level level) {
  static constexpr const char* kNames[] = {"debug", "info", "warn", "error"};
  return kNames[static_cast<int>(level)];
}

std::string TimeText(double unix_seconds) {
  long long ms = llround(unix_seconds * 1000);
  time_t seconds = ms / 1000;
  tm t{};
  gmtime_r(&seconds, &t);
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900, t.tm_mon + 1,
                         t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, ms % 1000);
}

// Whether a reader of logfmt would misread the value without quotes.
bool NeedsQuotes(std::string_view value) {
  auto special = [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == '"' || c == '='; };
  for (unsigned char c : value) {
    if (special(c)) return true;
  }
  return value.empty();
}

std::string Value(std::string_view value) {
  if (value.size() <= kMaxValueBytes) return std::string(value);
  return std::string(value.substr(0, kMaxValueBytes)) + "...";
}

void AddLogfmt(std::string& line, std::string_view key, std::string_view value) {
  if (!line.empty()) line += ' ';
  for (char c : key) line += NeedsQuotes(std::string_view(&c, 1)) ? '_' : c;
  line += '=';
  line += NeedsQuotes(value) ? JsonQuote(value) : std::string(value);
}

void AddJson(std::string& line, std::string_view key, std::string_view value) {
  line += line.empty() ? '{' : ',';
  line += JsonQuote(key) + ':' + JsonQuote(value);
}

}  // namespace

void ConfigureLog(Level level, LogFormat format) {
  g_level = level;
  g_format = format;
}

std::string LogLine(LogFormat format, double unix_seconds, Level level, std::string_view message,
                    const std::vector<std::pair<std::string_view, std::string>>& fields) {
  auto add = format == LogFormat::kJson ? AddJson : AddLogfmt;
  std::string line;
  add(line, "time", TimeText(unix_seconds));
  add(line, "level", LevelName(level));
  add(line, "msg", Value(message));
  for (const auto& [key, value] : fields) add(line, key, Value(value));
  return line + (format == LogFormat::kJson ? "}\n" : "\n");
}

bool Logs(Level level) { return level >= g_level; }

void Log(Level level, std::string_view message,
         const std::vector<std::pair<std::string_view, std::string>>& fields) {
  if (!Logs(level)) return;
  std::string line = LogLine(g_format, Now::Read().unix_seconds, level, message, fields);
  // A log that cannot be written has nowhere to say so.
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

bool OncePer(double seconds, double& last) {
  double now = Seconds(Clock::now().time_since_epoch());
  if (last != 0 && now - last < seconds) return false;
  last = now;
  return true;
}
