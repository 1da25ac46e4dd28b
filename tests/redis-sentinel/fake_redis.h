#pragma once
// The server's side of a Redis session, for tests that play it.
#include <string>
#include <string_view>

#include "exporters/redis-sentinel/resp.h"
#include "tests/common/peer.h"

// Whether the client sends, in whatever pieces, exactly `bytes` next.
inline bool Heard(const Socket& s, std::string_view bytes) {
  std::string text;
  while (text.size() < bytes.size() && bytes.starts_with(text)) {
    char c;
    if (Deadline::In(std::chrono::seconds(10)).Wait(s.fd(), POLLIN) == 0) break;
    if (recv(s.fd(), &c, 1, 0) != 1) break;
    text += c;
  }
  return text == bytes;
}

inline bool HeardCommand(const Socket& s, const Command& command) {
  return Heard(s, FormatCommand(command));
}

inline void Say(const Socket& s, std::string_view bytes) {
  Send(s, bytes, Deadline::In(std::chrono::seconds(5)));
}

// Sends a byte every 200 ms until the client closes or the bytes are out.
inline void Dribble(const Socket& s, std::string_view bytes) {
  for (char c : bytes) {
    Say(s, std::string(1, c));
    if (Deadline::In(std::chrono::milliseconds(200)).Wait(s.fd(), POLLRDHUP) & POLLRDHUP) return;
  }
}

// Sends `bytes` again and again until the client closes.
inline void Flood(const Socket& s, std::string_view bytes) {
  std::string many;
  while (many.size() < 65536) many += bytes;
  while (Send(s, many, Deadline::In(std::chrono::seconds(5)))) {
  }
}

// A bulk string.
inline std::string Bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}
