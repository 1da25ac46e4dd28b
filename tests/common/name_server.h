#pragma once
// A name server on 127.0.0.1:53, for isolated tests, that does as it is told.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "common/net.h"

// Answers A queries on 127.0.0.1:53 with `address`.
struct NameServer {
  enum class Mode { kSilent, kAnswer, kNoSuchName, kServerFailure };
  std::atomic<Mode> mode{Mode::kAnswer};
  std::atomic<uint32_t> address{0};
  std::atomic<int> queries{0};
  std::atomic<bool> stopping{false};
  std::thread thread;
  Socket socket{::socket(AF_INET, SOCK_DGRAM, 0)};

  NameServer() {
    sockaddr_in at = Address();
    if (bind(socket.fd(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) _exit(3);
    Set("10.0.0.1");
    thread = std::thread([this] { Serve(); });
  }
  ~NameServer() {
    stopping = true;
    sockaddr_in at = Address();
    sendto(socket.fd(), "", 1, 0, reinterpret_cast<sockaddr*>(&at), sizeof at);
    thread.join();
  }
  static sockaddr_in Address() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(53);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
  }
  void Set(const char* text) { address = inet_addr(text); }

  void Serve() {
    while (!stopping) {
      unsigned char m[600];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      ssize_t n = recvfrom(socket.fd(), m, 512, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (n < 17) continue;
      bool is_a = m[n - 3] == 1;  // the query ends in type and class
      if (is_a) ++queries;
      if (mode == Mode::kSilent) continue;
      n = Answer(m, n, is_a && mode == Mode::kAnswer);
      sendto(socket.fd(), m, static_cast<std::size_t>(n), 0, reinterpret_cast<sockaddr*>(&from),
             size);
    }
  }

  // Turns the query in `m` into its answer.
  ssize_t Answer(unsigned char* m, ssize_t n, bool with_address) {
    m[2] = 0x81;  // a response, recursion desired
    m[3] = 0x80 | (mode == Mode::kNoSuchName ? 3 : mode == Mode::kServerFailure ? 2 : 0);
    m[7] = with_address ? 1 : 0;
    m[8] = m[9] = m[10] = m[11] = 0;
    if (!with_address) return n;
    const unsigned char head[] = {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4};
    uint32_t a = address;
    memcpy(m + n, head, sizeof head);
    memcpy(m + n + sizeof head, &a, 4);
    return n + 16;
  }
};
