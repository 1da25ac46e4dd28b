#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/deadline.h"

// What config.cc makes of YAML and Fields reads: a tree with positions. Internal to config*.cc.

struct ConfigNode {
  enum Kind { kNull, kScalar, kList, kMap };
  struct Entry {
    int line, column;  // of the key
    std::shared_ptr<ConfigNode> value;
  };
  Kind kind = kNull;
  int line = 1, column = 1;
  std::string value;                                  // kScalar, environment variables put in
  std::vector<std::shared_ptr<ConfigNode>> items;     // kList
  std::map<std::string, Entry, std::less<>> entries;  // kMap

  bool handed_out = false;                   // as Fields: unknown keys are errors
  std::set<std::string, std::less<>> asked;  // the keys that it may have
};

struct ConfigDocument {
  struct Error {
    int line, column;  // 0: of the whole file
    std::string what;
  };
  std::string file;
  std::shared_ptr<ConfigNode> root = std::make_shared<ConfigNode>();
  std::vector<Error> errors;
  bool broken = false;  // not YAML at all: what else is wrong with it is not worth saying

  void Add(int line, int column, std::string what) {
    if (!broken) errors.push_back({line, column, std::move(what)});
  }
};

// Parses `text` into a document named `file`. Nothing is thrown.
std::shared_ptr<ConfigDocument> ParseConfig(const std::string& file, std::string_view text);

namespace config_internal {

// Puts environment variables into `text`, see config.h. Errors do not contain the text.
absl::StatusOr<std::string> Expand(std::string_view text);
// The first `max_bytes` of a file; a longer one is an error. Errors are without its name.
absl::StatusOr<std::string> ReadFile(const std::string& file, std::size_t max_bytes);
// `text` with '?' for what is not printable.
std::string Printable(std::string_view text);
// `text` between single quotes, short and printable: for errors.
std::string Shown(std::string_view text);
// A whole or decimal number and nothing else.
absl::StatusOr<double> ParseNumber(std::string_view text);
// "5m", "250ms": as ParseDuration reads it.
std::string DurationText(Duration d);
// " (did you mean 'x'?)" for the known word that is nearest to `word`, "" if none is near.
std::string DidYouMean(std::string_view word, const std::set<std::string, std::less<>>& known);

}  // namespace config_internal
