#include "common/flags.h"

#include <gtest/gtest.h>

namespace {

std::vector<Flag> Table() {
  return {{"web.listen-address", "ADDRESS", "Where to listen.", ":10061"},
          {"web.enable-lifecycle", "", "Allow reload by POST."},
          {"web.enable", "", "A name that begins another one."},
          {"log.level", "LEVEL", "Least level.", "info"},
          {"list", "[json]", "List all."}};
}

absl::Status Parse(std::vector<std::string> arguments, std::vector<Flag>& flags) {
  arguments.insert(arguments.begin(), "program");
  std::vector<char*> argv;
  for (auto& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  return ParseFlags(static_cast<int>(arguments.size()), argv.data(), flags);
}

TEST(ParseFlags, TakesEveryStyle) {
  for (std::vector<std::string> arguments : std::vector<std::vector<std::string>>{
           {"--web.listen-address=:9", "--web.enable-lifecycle"},
           {"--web.listen-address", ":9", "--web.enable-lifecycle"},
           {"-web.listen-address=:9", "-web.enable-lifecycle"},
           {"-web.enable-lifecycle", "-web.listen-address", ":9"},
           {"--web.enable-lifecycle", "--web.listen-address=:8", "--web.listen-address=:9"}}) {
    auto flags = Table();
    absl::Status status = Parse(arguments, flags);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(Value(flags, "web.listen-address"), ":9");
    EXPECT_EQ(Value(flags, "web.enable-lifecycle"), "true");
    EXPECT_EQ(Value(flags, "web.enable"), "");
    EXPECT_EQ(Value(flags, "log.level"), "info");
  }
}

TEST(ParseFlags, NothingLeavesTheDefaults) {
  auto flags = Table();
  EXPECT_TRUE(Parse({}, flags).ok());
  EXPECT_EQ(Value(flags, "web.listen-address"), ":10061");
}

TEST(ParseFlags, ErrorsNameTheFlag) {
  struct Case { std::vector<std::string> arguments; std::string error; };
  for (const Case& c : std::vector<Case>{
           {{"--web.config.file=x"}, "unknown flag --web.config.file (see --help)"},
           {{"-h"}, "unknown flag -h (see --help)"},
           {{"--log.lev=debug"}, "unknown flag --log.lev (see --help)"},
           {{"--web"}, "unknown flag --web (see --help)"},
           {{"--log.level"}, "flag --log.level=LEVEL needs a value"},
           {{"--web.enable=false"}, "flag --web.enable takes no value"},
           {{"stray"}, "unexpected argument 'stray'"},
           {{"--web.enable", "stray", "--log.level=x"}, "unexpected argument 'stray'"},
           {{"--", "--log.level=x"}, "unexpected argument '--log.level=x'"},
           {{"-"}, "unexpected argument '-'"},
           {{"--=x"}, "unknown flag -- (see --help)"},
           {{""}, "unexpected argument ''"}}) {
    auto flags = Table();
    testing::internal::CaptureStderr();
    absl::Status status = Parse(c.arguments, flags);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(std::string(status.message()), c.error);
  }
}

TEST(ParseFlags, ValuesMayLookLikeFlagsOrBeEmpty) {
  auto flags = Table();
  ASSERT_TRUE(Parse({"--log.level", "--x", "--web.listen-address="}, flags).ok());
  EXPECT_EQ(Value(flags, "log.level"), "--x");
  EXPECT_EQ(Value(flags, "web.listen-address"), "");
}

TEST(Usage, HasALineAFlagWithItsDefault) {
  EXPECT_EQ(Usage("x-exporter", "Watches x.", Table()),
            "x-exporter: Watches x.\n\nFlags:\n"
            "  --web.listen-address=ADDRESS  Where to listen. [:10061]\n"
            "  --web.enable-lifecycle        Allow reload by POST.\n"
            "  --web.enable                  A name that begins another one.\n"
            "  --log.level=LEVEL             Least level. [info]\n"
            "  --list[=json]                 List all.\n");
}

TEST(ParseFlags, AValueMayBeOptional) {
  for (auto& [argument, value] :
       std::vector<std::pair<std::string, std::string>>{{"--list", "true"},
                                                        {"--list=json", "json"},
                                                        {"-list=json", "json"},
                                                        {"--list=", "true"}}) {
    auto flags = Table();
    ASSERT_TRUE(Parse({argument, "--web.enable"}, flags).ok()) << argument;
    EXPECT_EQ(Value(flags, "list"), value);
    EXPECT_EQ(Value(flags, "web.enable"), "true");
  }
}

}  // namespace
