#include <fcntl.h>

#include <gtest/gtest.h>

#include "common/http_client.h"
#include "tests/common/isolated.h"
#include "tests/common/peer.h"

// A name with an address of each family.

using namespace std::chrono_literals;

namespace {

sockaddr_in6 Loopback6(int port) {
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  at.sin6_port = htons(static_cast<uint16_t>(port));
  at.sin6_addr = in6addr_loopback;
  return at;
}

// Listens on [::1] and takes no connection any more: its backlog is full.
struct Silent6 {
  explicit Silent6(int port) {
    sockaddr_in6 at = Loopback6(port);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    able = bind(listener.fd(), address, sizeof at) == 0 && listen(listener.fd(), 0) == 0;
    for (Socket& s : waiting) {
      fcntl(s.fd(), F_SETFL, O_NONBLOCK);
      connect(s.fd(), address, sizeof at);
    }
  }
  bool able = false;
  Socket listener{socket(AF_INET6, SOCK_STREAM, 0)};
  Socket waiting[2] = {Socket(socket(AF_INET6, SOCK_STREAM, 0)),
                       Socket(socket(AF_INET6, SOCK_STREAM, 0))};
};

ISOLATED_TEST(HttpClientFamily, AreAskedOneAfterTheOtherIfToldTo) {
  std::ofstream("/etc/hosts") << "::1 dual\n127.0.0.1 dual\n";
  Peer peer([](const Socket& s) {
    if (!ReadRequest(s).empty())
      Send(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Deadline::In(10s));
  });
  const std::string url = "http://dual:" + std::to_string(peer.port());
  auto get = [&](bool one_connection) {
    HttpOptions options;
    options.one_connection = one_connection;
    return HttpClient(options).Get(url, Deadline::In(1s)).status();
  };
  {
    Silent6 silent(peer.port());
    if (!silent.able) return;  // no IPv6 here
    CHECK_THAT(get(false).ok());
    CHECK_THAT(peer.connections() == 1);
    CHECK_THAT(absl::IsDeadlineExceeded(get(true)));
    CHECK_THAT(peer.connections() == 1);
  }
  CHECK_THAT(get(true).ok());  // the first refuses
  CHECK_THAT(peer.connections() == 2);
}

}  // namespace
