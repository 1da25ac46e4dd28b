#pragma once
#include <string>

#include "tests/common/peer.h"

// Reads one request with its body, if it has one; "" when the client closed instead.
inline std::string ReadPost(const Socket& s) {
  std::string text;
  auto whole = [](const std::string& t) {
    auto end = t.find("\r\n\r\n"), length = t.find("Content-Length: ");
    if (end == t.npos) return false;
    return t.size() >= end + 4 + (length < end ? std::stoul(t.substr(length + 16)) : 0);
  };
  Receive(s, text, Deadline::In(std::chrono::seconds(20)), whole);
  return whole(text) ? text : "";
}
