#include "absl/strings/str_format.h"

#include "common/json.h"
#include "common/utf8.h"

namespace {

// Adds one character, escaped where JSON demands it or where a terminal would obey it.
void AddCharacter(std::string& out, std::string_view c) {
  unsigned char first = static_cast<unsigned char>(c[0]);
  if (first == '"' || first == '\\') {
    out += '\\';
    out += c;
  } else if (first == '\n') {
    out += "\\n";
  } else if (first == '\t') {
    out += "\\t";
  } else if (first < 0x20 || first == 0x7f) {
    out += absl::StrFormat("\\u%04x", first);
  } else if (first == 0xC2 && static_cast<unsigned char>(c[1]) < 0xA0) {
    out += absl::StrFormat("\\u%04x", static_cast<unsigned char>(c[1]));
  } else {
    out += c;
  }
}

}  // namespace

bool IsUtf8(std::string_view s) {
  while (!s.empty()) {
    std::size_t length = Utf8Length(s);
    if (length == 0) return false;
    s.remove_prefix(length);
  }
  return true;
}

std::string JsonQuote(std::string_view s) {
  std::string out = "\"";
  while (!s.empty()) {
    std::size_t length = Utf8Length(s);
    if (length == 0) {
      out += kReplacement;
      length = 1;
    } else {
      AddCharacter(out, s.substr(0, length));
    }
    s.remove_prefix(length);
  }
  return out + '"';
}
