#include "common/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

#include "common/json.h"

namespace {

constexpr double kTime = 1767323045.678;  // 2026-01-02T03:04:05.678Z

std::string Logfmt(std::string_view message,
                   const std::vector<std::pair<std::string_view, std::string>>& fields) {
  return LogLine(LogFormat::kLogfmt, kTime, Level::kWarn, message, fields);
}

TEST(LogLine, IsLogfmt) {
  EXPECT_EQ(Logfmt("no answer", {{"target", "pg1"}, {"error", "connect: refused"}}),
            "time=2026-01-02T03:04:05.678Z level=warn msg=\"no answer\" target=pg1 "
            "error=\"connect: refused\"\n");
}

TEST(LogLine, QuotesWhatWouldBeMisread) {
  struct Case { std::string value, written; };
  for (const Case& c : std::vector<Case>{
           {"plain-1.2:3/4", "plain-1.2:3/4"},
           {"", "\"\""},
           {"a=b", "\"a=b\""},
           {"say \"hi\"", R"("say \"hi\"")"},
           {"back\\slash", "back\\slash"},
           {"back\\ slash", R"("back\\ slash")"},
           {"two\nlines\r\t", R"("two\nlines\u000d\t")"},
           {std::string("nul\0", 4), R"("nul\u0000")"},
           {"\x1b[31mred", R"("\u001b[31mred")"},
           {"csi \xC2\x9B", R"("csi \u009b")"},
           {"m\xC3\xBC", "\"m\xC3\xBC\""},
           {"bad \xFF", "\"bad \xEF\xBF\xBD\""}}) {
    std::string line = Logfmt("m", {{"k", c.value}});
    EXPECT_EQ(line, "time=2026-01-02T03:04:05.678Z level=warn msg=m k=" + c.written + "\n");
  }
}

TEST(LogLine, KeysCannotBreakTheLine) {
  EXPECT_NE(Logfmt("m", {{"a b=\n", "1"}}).find(" a_b__=1\n"), std::string::npos);
}

TEST(LogLine, CutsEndlessValues) {
  std::string line = Logfmt("m", {{"error", std::string(5000, 'x')}});
  EXPECT_LT(line.size(), 1100u);
  EXPECT_NE(line.find("xxx...\n"), std::string::npos);
}

TEST(LogLine, JsonIsValidForAnyBytes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  std::string line = LogLine(LogFormat::kJson, kTime, Level::kError, all, {{all, all}});
  ASSERT_EQ(line.back(), '\n');
  line.pop_back();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  auto json = Json::Parse(line);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->view()["time"].String(), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(json->view()["level"].String(), "error");
  EXPECT_EQ(json->view()["msg"].String()->substr(0, 128), all.substr(0, 128));
}

// What Log writes to standard error while `f` runs.
template <class F>
std::string Stderr(F&& f) {
  char name[] = "/tmp/log_testXXXXXX";
  int file = mkstemp(name), saved = dup(STDERR_FILENO);
  unlink(name);
  fcntl(file, F_SETFL, O_APPEND);
  dup2(file, STDERR_FILENO);
  f();
  dup2(saved, STDERR_FILENO);
  std::string text(static_cast<std::size_t>(lseek(file, 0, SEEK_END)), '\0');
  EXPECT_EQ(pread(file, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  close(file);
  close(saved);
  return text;
}

TEST(Log, DropsLinesBelowTheLevel) {
  std::string text = Stderr([] {
    Log(Level::kDebug, "one");
    EXPECT_FALSE(Logs(Level::kDebug));
    EXPECT_TRUE(Logs(Level::kInfo));
    ConfigureLog(Level::kError, LogFormat::kLogfmt);
    Log(Level::kWarn, "two");
    Log(Level::kError, "three");
    ConfigureLog(Level::kInfo, LogFormat::kLogfmt);
  });
  EXPECT_EQ(text.find("one"), std::string::npos);
  EXPECT_EQ(text.find("two"), std::string::npos);
  EXPECT_NE(text.find("level=error msg=three\n"), std::string::npos);
}

TEST(Log, LinesOfThreadsNeverMix) {
  constexpr int kThreads = 8, kLines = 200;
  std::string text = Stderr([] {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < kLines; ++i) Log(Level::kInfo, std::string(100, char('a' + t)));
      });
    }
    for (auto& t : threads) t.join();
  });
  int lines = 0;
  for (std::size_t at = 0; at < text.size(); ++lines) {
    std::size_t end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    std::string line = text.substr(at, end - at);
    char letter = line.back();
    EXPECT_TRUE(line.ends_with(" level=info msg=" + std::string(100, letter))) << line;
    at = end + 1;
  }
  EXPECT_EQ(lines, kThreads * kLines);
}

TEST(OncePer, AnswersOncePerInterval) {
  double last = 0, other = 0;
  EXPECT_TRUE(OncePer(3600, last));
  EXPECT_FALSE(OncePer(3600, last));
  EXPECT_TRUE(OncePer(3600, other));
  EXPECT_TRUE(OncePer(0, last));
}

}  // namespace
