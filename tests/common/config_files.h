#pragma once
// The files of tests/config/EXPORTER and the examples of packaging/examples, for every exporter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <regex>
#include <string>

#include "common/config.h"

using ReadsConfig = std::function<absl::Status(Fields&)>;

// *.good.yml are read without an error; the first lines of *.bad.yml that start with "# " are the
// errors expected, all of them, in order. No error tells a password that has "secret" in it.
inline void ExpectGoodAndBadFiles(const std::string& exporter, const ReadsConfig& read) {
  int good = 0, bad = 0;
  for (auto& entry : std::filesystem::directory_iterator(SOURCE_DIR "/tests/config/" + exporter)) {
    std::string path = entry.path(), name = entry.path().filename();
    Fields fields = Fields::FromFile(path);
    absl::Status status = read(fields);
    if (name.ends_with(".good.yml")) {
      ++good;
      EXPECT_TRUE(status.ok()) << name << ": " << status;
      continue;
    }
    ++bad;
    std::string expected;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line) && line.starts_with("# ");)
      expected += (expected.empty() ? "" : "\n") + line.substr(2);
    std::string message(status.message());
    for (std::size_t at; (at = message.find(path)) != std::string::npos;)
      message.replace(at, path.size(), name);
    EXPECT_EQ(message, expected) << name;
    EXPECT_EQ(message.find("secret"), std::string::npos) << name;
  }
  EXPECT_GE(good, 2);
  EXPECT_GE(bad, 5);
}

// The example can be read, and whoever looks for a key finds it there, in force or as a comment: all
// keys of everything.good.yml, at least `keys`, repetitions counted.
inline void ExpectExampleNamesEveryKey(const std::string& exporter, const ReadsConfig& read,
                                       int keys) {
  const std::string path = SOURCE_DIR "/packaging/examples/" + exporter + ".yml";
  Fields fields = Fields::FromFile(path);
  absl::Status status = read(fields);
  EXPECT_TRUE(status.ok()) << status;
  auto text_of = [](const std::string& file) {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string example = text_of(path);
  const std::string all = std::regex_replace(
      text_of(SOURCE_DIR "/tests/config/" + exporter + "/everything.good.yml"), std::regex("#.*"),
      "");
  const std::regex key("([a-z_]+):[ \n]");
  int found = 0;
  for (std::sregex_iterator k(all.begin(), all.end(), key); k != std::sregex_iterator(); ++k)
    if (std::regex_search(example, std::regex("\\b" + (*k)[1].str() + "\\b"))) ++found;
    else ADD_FAILURE() << (*k)[1] << " is not in the example";
  EXPECT_GT(found, keys);
}
