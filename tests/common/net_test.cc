#include "common/net.h"

#include <fcntl.h>

#include <fstream>

#include <gtest/gtest.h>

#include "tests/common/isolated.h"
#include "tests/common/loopback.h"

using namespace std::chrono_literals;

namespace {

// Connections that fill the backlog of a listener: the next one gets no answer.
std::vector<Socket> Fill(const std::string& address, int port) {
  std::vector<Socket> sockets;
  for (int i = 0; i < 8; ++i) {
    auto s = Dial(address, port, Deadline::In(100ms));
    if (!s.ok()) return sockets;
    sockets.push_back(*std::move(s));
  }
  ADD_FAILURE() << "the backlog is not full";
  return sockets;
}

TEST(Dial, Connects) {
  Listener listener = Listen("127.0.0.1", 0, 8);
  auto s = Dial("127.0.0.1", listener.port, Deadline::In(2s));
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_TRUE(fcntl(s->fd(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(fcntl(s->fd(), F_GETFD) & FD_CLOEXEC);
  Socket moved = *std::move(s);
  EXPECT_TRUE(moved.open());
  EXPECT_FALSE(s->open());
}

TEST(Dial, RefusedIsUnavailable) {
  int port = Listen("127.0.0.1", 0, 8).port;
  auto s = Dial("127.0.0.1", port, Deadline::In(2s));
  EXPECT_EQ(s.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(std::string(s.status().message()),
            "connect 127.0.0.1:" + std::to_string(port) + ": refused");
}

TEST(Dial, SilenceEndsAtTheDeadline) {
  Listener listener = Listen("127.0.0.1", 0, 0);
  auto filling = Fill("127.0.0.1", listener.port);
  Instant begin = Clock::now();
  auto s = Dial("127.0.0.1", listener.port, Deadline::In(200ms));
  EXPECT_LT(Clock::now() - begin, 1500ms);
  EXPECT_EQ(s.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(std::string(s.status().message()),
            "connect 127.0.0.1:" + std::to_string(listener.port) + ": no answer in time");
}

TEST(Dial, APastDeadlineFails) {
  auto s = Dial("192.0.2.1", 9, Deadline::In(-1s));
  EXPECT_FALSE(s.ok());
}

TEST(ParseHostPort, Splits) {
  struct Case { std::string text, host; int port; };
  for (const Case& c : std::vector<Case>{{"db.example:5432", "db.example", 5432},
                                         {":9100", "", 9100},
                                         {":0", "", 0},
                                         {"[::1]:80", "::1", 80},
                                         {"[fe80::1%eth0]:80", "fe80::1%eth0", 80},
                                         {"10.0.0.1:65535", "10.0.0.1", 65535}}) {
    auto parsed = ParseHostPort(c.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->host, c.host);
    EXPECT_EQ(parsed->port, c.port);
  }
}

TEST(ParseHostPort, SaysWhatIsWrong) {
  struct Case { std::string text, why; };
  for (const Case& c : std::vector<Case>{
           {"", "no port"},
           {"db", "no port"},
           {"[::1]", "no port"},
           {"db:", "the port must be a number up to 65535"},
           {"db:http", "the port must be a number up to 65535"},
           {"db:-1", "the port must be a number up to 65535"},
           {"db:65536", "the port must be a number up to 65535"},
           {"db:80 ", "the port must be a number up to 65535"},
           {"::1:80", "an IPv6 address needs brackets, as in [::1]:80"},
           {"[db]:80", "no IPv6 address between the brackets"},
           {"[]:80", "no host name"},
           {"http://db:80", "no host name"},
           {"a b:80", "no host name"},
           {"user@db:80", "no host name"}}) {
    auto parsed = ParseHostPort(c.text);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_EQ(std::string(parsed.status().message()),
              "'" + c.text + "' is not HOST:PORT: " + c.why);
  }
}

ISOLATED_TEST(DialIsolated, ADeadFirstAddressLeavesTimeForTheNext) {
  auto addresses = Resolve("pair", Deadline::In(5s));
  CHECK_THAT(addresses.ok() && addresses->size() == 2);
  Listener dead = Listen((*addresses)[0], 0, 0);
  auto filling = Fill((*addresses)[0], dead.port);
  std::string port = std::to_string(dead.port);
  auto refused = Dial("pair", dead.port, Deadline::In(2s));
  CHECK_THAT(absl::IsUnavailable(refused.status()));
  CHECK_THAT(std::string(refused.status().message()) ==
             "connect " + (*addresses)[0] + ":" + port + ": no answer in time; connect " +
                 (*addresses)[1] + ":" + port + ": refused");
  Listener alive = Listen((*addresses)[1], dead.port, 8);
  Instant begin = Clock::now();
  CHECK_THAT(Dial("pair", dead.port, Deadline::In(2s)).ok());
  CHECK_THAT(Clock::now() - begin < 1900ms);
}

ISOLATED_TEST(DialIsolated, NeverTalksToItself) {
  // Two ports are left to choose a source from, and one is the target.
  std::ofstream("/proc/sys/net/ipv4/ip_local_port_range") << "40000 40001";
  for (int i = 0; i < 50; ++i) CHECK_THAT(!Dial("127.0.0.1", 40000, Deadline::In(1s)).ok());
}

}  // namespace
