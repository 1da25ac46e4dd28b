#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Command-line flags in the style every exporter has: --web.listen-address=:9100,
// --web.listen-address :9100, and -web.listen-address (getopt_long_only).
struct Flag {
  std::string name;          // without dashes
  std::string value_name;    // "" for a switch, else what --help shows: ADDRESS, FILE, ...
                             // "[json]" for a switch that may have a value
  std::string help;
  std::string value = {};    // the default before parsing; a switch is "", "true" or its value
};

// Parses argv into `flags`. An unknown flag, a missing value or a stray argument is an error that
// names it; abbreviations are unknown. Does not touch anything global but getopt's own variables.
absl::Status ParseFlags(int argc, char** argv, std::vector<Flag>& flags);

// The text of --help: one line a flag with its default.
std::string Usage(std::string_view program, std::string_view summary,
                  const std::vector<Flag>& flags);

// The value of the flag `name`, which must exist.
const std::string& Value(const std::vector<Flag>& flags, std::string_view name);
