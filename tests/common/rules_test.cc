#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

// The rules of the tree: who may include what, and how long files are.

namespace {

struct Source {
  std::string path;  // below the top, like common/metric.h
  std::vector<std::string> lines;
  bool header() const { return path.ends_with(".h"); }
  bool In(const std::string& folder) const { return path.starts_with(folder + "/"); }
};

std::vector<Source> Sources() {
  std::vector<Source> sources;
  const std::filesystem::path top = SOURCE_DIR;
  for (std::string folder : {"common", "exporters", "tests"}) {
    for (auto& entry : std::filesystem::recursive_directory_iterator(top / folder)) {
      std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      Source source{folder + "/" + entry.path().lexically_relative(top / folder).string(), {}};
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) source.lines.push_back(line);
      sources.push_back(std::move(source));
    }
  }
  return sources;
}

const std::vector<Source>& All() {
  static const auto* all = new std::vector<Source>(Sources());
  return *all;
}

// What the line includes, "" if it does not.
std::string Included(const std::string& line) {
  if (!line.starts_with("#include ")) return "";
  std::size_t end = line.find_first_of("\">", 10);
  return end == line.npos ? "" : line.substr(10, end - 10);
}

// The includes of all files, as calls of f(source, included).
template <class F>
void ForEachInclude(F&& f) {
  for (auto& source : All())
    for (auto& line : source.lines)
      if (auto included = Included(line); !included.empty()) f(source, included);
}

TEST(Rules, FindTheTree) {
  auto has = [](const std::string& path) {
    return std::any_of(All().begin(), All().end(), [&](auto& s) { return s.path == path; });
  };
  EXPECT_TRUE(has("common/metric.h"));
  EXPECT_TRUE(has("exporters/postgres-ha/main.cc"));
  EXPECT_TRUE(has("tests/common/rules_test.cc"));
  int includes = 0;
  ForEachInclude([&](auto&, auto&) { ++includes; });
  EXPECT_GT(includes, 300);
}

TEST(Rules, CommonKnowsNoExporterAndExportersNotEachOther) {
  ForEachInclude([](const Source& s, const std::string& included) {
    bool exporter = included.starts_with("exporters/");
    bool tests = included.starts_with("tests/");
    EXPECT_FALSE(s.In("common") && (exporter || tests)) << s.path << ": " << included;
    if (!s.In("exporters")) return;
    std::string own = s.path.substr(0, s.path.find('/', sizeof "exporters") + 1);
    EXPECT_FALSE(tests || (exporter && !included.starts_with(own))) << s.path << ": " << included;
  });
}

// Each library is behind one seam: a file and its header.
TEST(Rules, LibrariesAreIncludedInOnePlace) {
  const std::map<std::string, std::vector<std::string>> places = {
      {"civetweb", {"common/http_server."}},
      {"curl/", {"common/http_client"}},
      {"rapidjson/", {"common/json."}},
      {"yaml-cpp/", {"common/config."}},
      {"prometheus/", {"common/self."}},
      {"zlib.h", {"common/gzip."}},
      {"openssl/", {"common/ca_store.", "common/sha256.", "common/tls."}},
      {"libpq", {"exporters/postgres-ha/connection."}},
      {"hiredis", {"exporters/redis-sentinel/resp."}},
      {"pugixml", {"exporters/backup-status/"}}};
  std::set<std::string> used;
  ForEachInclude([&](const Source& s, const std::string& included) {
    for (auto& [library, files] : places) {
      if (!included.starts_with(library) || s.In("tests")) continue;
      used.insert(library);
      EXPECT_TRUE(std::any_of(files.begin(), files.end(),
                              [&](auto& file) { return s.path.starts_with(file); }))
          << s.path << ": " << included;
    }
  });
  EXPECT_GE(used.size(), 8u);
}

TEST(Rules, OnlyStatusAndStrFormatOfAbseil) {
  const std::set<std::string> headers = {"absl/status/status.h", "absl/status/statusor.h",
                                         "absl/strings/str_format.h"};
  const std::set<std::string> names = {"Status", "StatusOr", "StatusCode", "OkStatus", "StrFormat"};
  ForEachInclude([&](const Source& s, const std::string& included) {
    EXPECT_TRUE(!included.starts_with("absl/") || headers.count(included))
        << s.path << ": " << included;
  });
  const std::string prefix = std::string("absl") + "::";
  for (auto& source : All()) {
    for (auto& line : source.lines) {
      for (std::size_t at = 0; (at = line.find(prefix, at)) != line.npos;) {
        at += prefix.size();
        std::size_t end = at;
        while (end < line.size() &&
               (std::isalnum(static_cast<unsigned char>(line[end])) || line[end] == '_'))
          ++end;
        std::string name = line.substr(at, end - at);
        EXPECT_TRUE(names.count(name) || name.ends_with("Error") || name.starts_with("Is"))
            << source.path << ": " << line;
      }
    }
  }
}

// All exporters share one namespace, and the fuzz targets link them all.
TEST(Rules, NoTwoExportersDefineATypeOfTheSameName) {
  std::map<std::string, std::string> defined_in;
  for (auto& source : All()) {
    if (!source.In("exporters") || !source.header()) continue;
    std::string folder = source.path.substr(0, source.path.find('/', sizeof "exporters"));
    for (auto& line : source.lines) {
      std::istringstream words(line);
      std::string kind, name, next;
      words >> kind >> name >> next;
      if ((kind != "struct" && kind != "class") || line[0] == ' ' || name.ends_with(';')) continue;
      auto [at, first] = defined_in.insert({name, folder});
      EXPECT_EQ(at->second, folder) << name << " is a type of both";
    }
  }
  EXPECT_GT(defined_in.size(), 100u);
}

TEST(Rules, FilesAreShort) {
  for (auto& source : All()) {
    std::size_t limit = source.In("tests") ? 350 : source.header() ? 120 : 300;
    EXPECT_LE(source.lines.size(), limit) << source.path;
  }
}

// Waiting for a time is waiting for luck: tests wait for conditions, and the core for descriptors.
TEST(Rules, NobodySleeps) {
  for (auto& source : All())
    for (auto& line : source.lines)
      for (std::string word : {"sleep_"
                               "for",
                               "sleep_"
                               "until",
                               "usleep"
                               "(",
                               " sleep"
                               "(",
                               "nano"
                               "sleep("})
        EXPECT_EQ(line.find(word), line.npos) << source.path << ": " << line;
}

// Locks are taken through Guarded, so that data cannot be reached without them.
TEST(Rules, LocksAreGuarded) {
  for (auto& source : All()) {
    if (source.In("tests") || source.path == "common/guarded.h") continue;
    for (auto& line : source.lines)
      for (std::string word :
           {"std::mutex", "std::lock_guard", "std::unique_lock", "std::condition_variable"})
        EXPECT_EQ(line.find(word), line.npos) << source.path << ": " << line;
  }
}

TEST(Rules, HeadersAreIncludedOnceAndBlocksAreSpaces) {
  for (auto& source : All()) {
    auto once = std::count(source.lines.begin(), source.lines.end(), "#pragma once");
    EXPECT_EQ(once, source.header() ? 1 : 0) << source.path;
    for (auto& line : source.lines)
      EXPECT_EQ(line.find('\t'), line.npos) << source.path << ": " << line;
  }
}

}  // namespace
