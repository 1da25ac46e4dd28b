#pragma once
// Bare sockets on loopback, for tests that play the other side of a protocol.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "common/net.h"

struct Listener {
  Socket socket;
  int port = 0;
};

// Listens on `address`; port 0 picks a free one.
inline Listener Listen(const std::string& address, int port, int backlog) {
  Socket s(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int on = 1;
  setsockopt(s.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &at.sin_addr);
  socklen_t size = sizeof at;
  if (bind(s.fd(), reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(s.fd(), backlog) != 0 ||
      getsockname(s.fd(), reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    ADD_FAILURE() << "listen " << address << ": " << strerror(errno);
  }
  return {std::move(s), ntohs(at.sin_port)};
}

// Sends all of `bytes`, or what the peer takes until `deadline`.
inline bool Send(const Socket& s, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty() && deadline.Wait(s.fd(), POLLOUT) != 0) {
    ssize_t n = send(s.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return bytes.empty();
}

// Adds what comes to `text` until done(text), the end of the stream, or `deadline`.
template <class Done>
void Receive(const Socket& s, std::string& text, const Deadline& deadline, Done&& done) {
  while (!done(text) && deadline.Wait(s.fd(), POLLIN) != 0) {
    char buffer[65536];
    ssize_t n = recv(s.fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return;
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
  }
}
