#pragma once
// A name server on loopback whose whole behaviour is two functions.

#include "common/guarded.h"
#include "tests/common/dns_bytes.h"
#include "tests/common/peer.h"

// Answers a datagram with those that `udp` gives for it, once or without an end; `serve`, if there
// is one, has the TCP connections to the same port.
class DnsPeer {
 public:
  using Udp = std::function<std::vector<std::string>(const std::string& query, int count)>;
  explicit DnsPeer(Udp udp, std::function<void(const Socket&)> serve = nullptr,
                   bool endless = false)
      : udp_(std::move(udp)), endless_(endless) {
    if (serve) tcp_ = std::make_unique<Peer>(serve);
    sockaddr_in at = Address(tcp_ ? tcp_->port() : 0);
    socklen_t size = sizeof at;
    if (bind(socket_.fd(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        getsockname(socket_.fd(), reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      ADD_FAILURE() << "bind: " << strerror(errno);
    }
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~DnsPeer() {
    stopping_ = true;
    sockaddr_in at = Address(port_);
    sendto(socket_.fd(), "", 0, 0, reinterpret_cast<sockaddr*>(&at), sizeof at);
    thread_.join();
  }

  DnsServer server() const { return {"127.0.0.1", port_}; }
  int port() const { return port_; }
  // Datagrams that came, and from which ports.
  std::vector<std::string> queries() { return seen_.With([](Seen& s) { return s.queries; }); }
  std::vector<int> sources() { return seen_.With([](Seen& s) { return s.sources; }); }
  int connections() const { return tcp_ ? tcp_->connections() : 0; }

 private:
  struct Seen {
    std::vector<std::string> queries;
    std::vector<int> sources;
  };

  static sockaddr_in Address(int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
  }
  void Serve() {
    while (!stopping_) {
      char buffer[4096];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      auto* address = reinterpret_cast<sockaddr*>(&from);
      ssize_t n = recvfrom(socket_.fd(), buffer, sizeof buffer, 0, address, &size);
      if (n <= 0) continue;
      std::string query(buffer, static_cast<std::size_t>(n));
      int count = seen_.With([&](Seen& s) {
        s.queries.push_back(query);
        s.sources.push_back(ntohs(from.sin_port));
        return static_cast<int>(s.queries.size());
      });
      auto datagrams = udp_(query, count);
      do {
        for (auto& bytes : datagrams)
          sendto(socket_.fd(), bytes.data(), bytes.size(), 0, address, size);
      } while (endless_ && !stopping_);
    }
  }

  const Udp udp_;
  const bool endless_;
  std::unique_ptr<Peer> tcp_;
  Socket socket_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  int port_ = 0;
  Guarded<Seen> seen_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// The query that comes over a connection; "" when the client closed instead.
inline std::string ReadDnsQuery(const Socket& s) {
  std::string bytes;
  auto whole = [](const std::string& b) {
    return b.size() >= 2 && b.size() - 2 >= DnsReader(b).U16();
  };
  Receive(s, bytes, Deadline::In(std::chrono::seconds(20)), whole);
  return whole(bytes) ? bytes.substr(2) : "";
}

// A message as it goes over a connection.
inline std::string Framed(const std::string& message) { return U16(message.size()) + message; }
