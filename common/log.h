#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Structured log lines on standard error, one write(2) each, so that lines of threads never mix:
//   time=2026-01-02T03:04:05.678Z level=warn msg="no answer" target=pg1 error="connect: refused"
// Never give it a secret.
enum class Level { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

// Lines below `level` are dropped. Call before threads start. Default: info, logfmt.
void ConfigureLog(Level level, LogFormat format);
void Log(Level level, std::string_view message,
         const std::vector<std::pair<std::string_view, std::string>>& fields = {});
bool Logs(Level level);  // whether such a line is written: for one that costs something to make

// Exposed for tests: the line that Log writes, for the given wall clock (Unix seconds).
std::string LogLine(LogFormat format, double unix_seconds, Level level, std::string_view message,
                    const std::vector<std::pair<std::string_view, std::string>>& fields);

// Answers whether this may be logged now: true once per `seconds` for one call site's `last`
// (a variable of the caller, start it at 0). Keeps a broken target from flooding the log.
bool OncePer(double seconds, double& last);
