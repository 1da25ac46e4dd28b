#include "absl/strings/str_format.h"

#include "common/json.h"

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// The length of the UTF-8 character at the start of `s` (Unicode 15, table 3-7), 0 if it is none.
std::size_t CharacterLength(std::string_view s) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || s.size() < length) return 0;
  // The second byte keeps out overlong forms, surrogates and values above U+10FFFF.
  unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

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
    std::size_t length = CharacterLength(s);
    if (length == 0) return false;
    s.remove_prefix(length);
  }
  return true;
}

std::string JsonQuote(std::string_view s) {
  std::string out = "\"";
  while (!s.empty()) {
    std::size_t length = CharacterLength(s);
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
