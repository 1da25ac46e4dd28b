#include "common/flags.h"

#include <getopt.h>
#include <stdlib.h>

#include <algorithm>

#include "absl/strings/str_format.h"

namespace {

bool IsOptional(const Flag& flag) { return flag.value_name.starts_with('['); }

std::string Dashed(const Flag& flag) {
  std::string value = IsOptional(flag)           ? "[=" + flag.value_name.substr(1)
                      : flag.value_name.empty() ? ""
                                                : "=" + flag.value_name;
  return "--" + flag.name + value;
}

std::vector<option> LongOptions(const std::vector<Flag>& flags) {
  std::vector<option> options;
  for (const Flag& flag : flags) {
    int argument = flag.value_name.empty() ? no_argument
                   : IsOptional(flag)      ? optional_argument
                                           : required_argument;
    options.push_back({flag.name.c_str(), argument, nullptr, 0});
  }
  options.push_back({nullptr, 0, nullptr, 0});
  return options;
}

// "web.port" of "--web.port=1".
std::string_view NameIn(std::string_view argument) {
  argument.remove_prefix(std::min<std::size_t>(argument.find_first_not_of('-'), argument.size()));
  return argument.substr(0, argument.find('='));
}

absl::Status Refused(const std::string& argument, int option, const std::vector<Flag>& flags) {
  std::string name(NameIn(argument)), given = argument.substr(0, argument.find('='));
  auto flag = std::find_if(flags.begin(), flags.end(), [&](auto& f) { return f.name == name; });
  if (flag == flags.end()) {
    return absl::InvalidArgumentError("unknown flag " + given + " (see --help)");
  }
  return absl::InvalidArgumentError(option == ':' ? "flag " + Dashed(*flag) + " needs a value"
                                                  : "flag --" + name + " takes no value");
}

}  // namespace

absl::Status ParseFlags(int argc, char** argv, std::vector<Flag>& flags) {
  std::vector<option> options = LongOptions(flags);
  opterr = 0;
  optind = 0;  // glibc: start afresh
  while (true) {
    int at = std::max(optind, 1);
    int index = 0;
    int got = getopt_long_only(argc, argv, "+:", options.data(), &index);
    if (got == -1) break;
    // getopt takes abbreviations: they would change their meaning when a flag is added.
    if (got != 0 || NameIn(argv[at]) != flags[index].name) return Refused(argv[at], got, flags);
    bool given = optarg != nullptr && (*optarg != '\0' || !IsOptional(flags[index]));
    flags[index].value = given ? optarg : "true";
  }
  if (optind >= argc) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("unexpected argument '%s'", argv[optind]));
}

std::string Usage(std::string_view program, std::string_view summary,
                  const std::vector<Flag>& flags) {
  std::string text = absl::StrFormat("%s: %s\n\nFlags:\n", program, summary);
  std::size_t width = 0;
  for (const Flag& flag : flags) width = std::max(width, Dashed(flag).size());
  for (const Flag& flag : flags) {
    text += absl::StrFormat("  %-*s  %s", static_cast<int>(width), Dashed(flag), flag.help);
    if (!flag.value.empty()) text += " [" + flag.value + "]";
    text += '\n';
  }
  return text;
}

const std::string& Value(const std::vector<Flag>& flags, std::string_view name) {
  for (const Flag& flag : flags) {
    if (flag.name == name) return flag.value;
  }
  abort();  // a mistake of the program, not of its user
}
