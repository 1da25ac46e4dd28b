#pragma once
// A server on loopback whose whole behaviour is one function.
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "tests/common/loopback.h"

// Calls `serve` for each connection, one after the other; the connection is closed after it.
class Peer {
 public:
  explicit Peer(std::function<void(const Socket&)> serve)
      : serve_(std::move(serve)), thread_([this] { Run(); }) {}
  ~Peer() {
    stopping_ = true;
    shutdown(listener_.socket.fd(), SHUT_RDWR);
    thread_.join();
  }
  int port() const { return listener_.port; }
  int connections() const { return connections_; }

 private:
  void Run() {
    while (!stopping_) {
      Socket s(accept4(listener_.socket.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!s.open()) continue;
      ++connections_;
      serve_(s);
    }
  }

  Listener listener_ = Listen("127.0.0.1", 0, 64);
  std::function<void(const Socket&)> serve_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

// Reads one request without a body; "" when the client closed instead.
inline std::string ReadRequest(const Socket& s) {
  std::string text;
  auto whole = [](const std::string& t) { return t.find("\r\n\r\n") != t.npos; };
  Receive(s, text, Deadline::In(std::chrono::seconds(20)), whole);
  return whole(text) ? text : "";
}

// Waits until the client closes.
inline void AwaitClose(const Socket& s) {
  std::string ignored;
  Receive(s, ignored, Deadline::In(std::chrono::seconds(20)), [](auto&) { return false; });
}
