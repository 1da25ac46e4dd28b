#include "common/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace net_internal {
extern std::atomic<Duration> name_lifetime;
}

namespace {

// ---- sockets -----------------------------------------------------------------------------------

struct Listener {
  Socket socket;
  int port;
};

Listener Listen(const std::string& address, int port, int backlog) {
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

// ---- addresses ---------------------------------------------------------------------------------

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

TEST(Resolve, NumericHostsAreThemselves) {
  for (std::string host : {"127.0.0.1", "::1", "192.0.2.7", "2001:db8::1"}) {
    auto addresses = Resolve(host, Deadline::In(-1s));
    ASSERT_TRUE(addresses.ok()) << addresses.status();
    EXPECT_EQ(*addresses, std::vector<std::string>{host});
  }
}

TEST(Resolve, OddNamesAreErrors) {
  for (const std::string& host : {std::string(), std::string("a\0b", 3), std::string(300, 'a'),
                                  std::string("a..b")}) {
    EXPECT_EQ(Resolve(host, Deadline::In(5s)).status().code(), absl::StatusCode::kUnavailable);
  }
}

// ---- a machine of its own, with a name server that we command ------------------------------------

enum class Mode { kSilent, kAnswer, kNoSuchName, kServerFailure };

// Answers A queries on 127.0.0.1:53 with `address`.
struct NameServer {
  std::atomic<Mode> mode{Mode::kAnswer};
  std::atomic<uint32_t> address{0};
  std::atomic<int> queries{0};
  Socket socket{::socket(AF_INET, SOCK_DGRAM, 0)};

  NameServer() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(53);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(socket.fd(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) _exit(3);
    Set("10.0.0.1");
    std::thread([this] { Serve(); }).detach();
  }
  void Set(const char* text) { address = inet_addr(text); }

  void Serve() {
    while (true) {
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

void Replace(const std::string& file, const std::string& text) {
  char name[] = "/tmp/net_testXXXXXX";
  close(mkstemp(name));
  chmod(name, 0644);
  std::ofstream(name) << text;
  if (mount(name, file.c_str(), nullptr, MS_BIND, nullptr) != 0 && file != "/etc/nsswitch.conf") {
    std::cerr << "mount over " << file << ": " << strerror(errno) << '\n';
    _exit(3);
  }
  unlink(name);
}

bool CanIsolate() {
  pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0;
}

// Gives this process its own network (loopback only), /etc/hosts and name server.
void Isolate() {
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) _exit(3);
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(3);
  Replace("/etc/resolv.conf", "nameserver 127.0.0.1\n");
  Replace("/etc/nsswitch.conf", "hosts: files dns\n");
  Replace("/etc/hosts", "127.0.0.1 localhost\n127.0.0.2 pair\n127.0.0.3 pair\n");
  ifreq lo{};
  strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP;
  Socket s(socket(AF_INET, SOCK_DGRAM, 0));
  if (ioctl(s.fd(), SIOCSIFFLAGS, &lo) != 0) _exit(3);
}

// In the isolated process, which gtest does not watch: says what failed and ends it.
#define CHECK_THAT(condition)                                                \
  do {                                                                       \
    if (!(condition)) {                                                      \
      std::cerr << __FILE__ << ':' << __LINE__ << ": " #condition << '\n';   \
      _exit(1);                                                              \
    }                                                                        \
  } while (false)

#define ISOLATED_TEST(suite, name)                                                          \
  void suite##name();                                                                       \
  TEST(suite, name) {                                                                       \
    if (!CanIsolate()) GTEST_SKIP() << "needs the right to make namespaces";                \
    testing::FLAGS_gtest_death_test_style = "threadsafe";                                   \
    EXPECT_EXIT((Isolate(), suite##name(), _exit(0)), testing::ExitedWithCode(0), "");      \
  }                                                                                         \
  void suite##name()

using Addresses = std::vector<std::string>;

bool Is(const absl::StatusOr<Addresses>& got, const Addresses& wanted) {
  if (got.ok() && *got == wanted) return true;
  std::cerr << "got " << (got.ok() ? (got->empty() ? "nothing" : (*got)[0]) : got.status().ToString())
            << '\n';
  return false;
}

bool IsError(const absl::StatusOr<Addresses>& got, absl::StatusCode code, const std::string& text) {
  if (got.status().code() == code && std::string(got.status().message()) == text) return true;
  std::cerr << got.status() << '\n';
  return false;
}

std::ptrdiff_t Threads() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

ISOLATED_TEST(ResolveIsolated, KeepsAnAnswer) {
  NameServer server;
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.1"}));
  server.Set("10.0.0.2");
  for (int i = 0; i < 10; ++i) {
    CHECK_THAT(Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.1"}));
  }
  CHECK_THAT(server.queries == 1);
  net_internal::name_lifetime = 0s;
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.2"}));
  CHECK_THAT(Is(Resolve("localhost", Deadline::In(5s)), {"127.0.0.1"}) ||
             Is(Resolve("localhost", Deadline::In(5s)), {"::1", "127.0.0.1"}));
}

ISOLATED_TEST(ResolveIsolated, ASilentServerCostsOneThreadAndNoMoreThanTheDeadline) {
  NameServer server;
  server.mode = Mode::kSilent;
  auto threads = Threads();
  for (int i = 0; i < 5; ++i) {
    Instant begin = Clock::now();
    CHECK_THAT(IsError(Resolve("a.example", Deadline::In(100ms)),
                       absl::StatusCode::kDeadlineExceeded, "resolve a.example: no answer in time"));
    CHECK_THAT(Clock::now() - begin < 1s);
    CHECK_THAT(Threads() == threads + 1);
  }
  CHECK_THAT(server.queries == 1);
  auto dialed = Dial("a.example", 80, Deadline::In(100ms));
  CHECK_THAT(absl::IsDeadlineExceeded(dialed.status()));
  Instant begin = Clock::now();
  CHECK_THAT(Resolve("localhost", Deadline::In(5s)).ok());
  CHECK_THAT(Clock::now() - begin < 1s);
  server.mode = Mode::kAnswer;  // the resolver asks again after five seconds
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(20s)), {"10.0.0.1"}));
}

ISOLATED_TEST(ResolveIsolated, TheLastAnswerServesWhileDnsIsSick) {
  NameServer server;
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.1"}));
  net_internal::name_lifetime = 0s;
  server.mode = Mode::kServerFailure;
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.1"}));
  CHECK_THAT(IsError(Resolve("b.example", Deadline::In(5s)), absl::StatusCode::kUnavailable,
                     "resolve b.example: Temporary failure in name resolution"));
  server.mode = Mode::kSilent;
  Instant begin = Clock::now();
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(2s)), {"10.0.0.1"}));
  CHECK_THAT(Clock::now() - begin < 1500ms);  // most of the time is left
  begin = Clock::now();
  for (int i = 0; i < 100; ++i) {
    CHECK_THAT(Is(Resolve("a.example", Deadline::In(2s)), {"10.0.0.1"}));
  }
  CHECK_THAT(Clock::now() - begin < 2500ms);  // a second in all, not a quarter of each deadline
}

ISOLATED_TEST(ResolveIsolated, OnlyAnAnswerTakesTheLastOneAway) {
  NameServer server;
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.1"}));
  net_internal::name_lifetime = 0s;
  server.mode = Mode::kNoSuchName;
  for (int i = 0; i < 2; ++i) {
    CHECK_THAT(IsError(Resolve("a.example", Deadline::In(5s)), absl::StatusCode::kUnavailable,
                       "resolve a.example: no such name"));
  }
  server.mode = Mode::kAnswer;
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.1"}));
}

ISOLATED_TEST(ResolveIsolated, KeepsNoMoreThan1024Names) {
  NameServer server;
  auto resolve = [&](int i) {
    return Is(Resolve("n" + std::to_string(i) + ".example", Deadline::In(5s)), {"10.0.0.1"});
  };
  for (int i = 0; i < 1100; ++i) CHECK_THAT(resolve(i));
  CHECK_THAT(server.queries == 1100);
  CHECK_THAT(resolve(1099) && server.queries == 1100);
  CHECK_THAT(resolve(0) && server.queries == 1101);
}

ISOLATED_TEST(ResolveIsolated, ManyThreadsShareOneLookup) {
  NameServer server;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      if (Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.1"})) ++good;
    });
  }
  for (auto& t : threads) t.join();
  CHECK_THAT(good == 16 && server.queries == 1);
}

ISOLATED_TEST(ResolveIsolated, OurOwnLackOfDescriptorsIsNotTheTargetsFault) {
  NameServer server;
  Listener listener = Listen("127.0.0.1", 0, 8);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &limit);
  CHECK_THAT(absl::IsResourceExhausted(Resolve("a.example", Deadline::In(5s)).status()));
  CHECK_THAT(absl::IsResourceExhausted(Dial("127.0.0.1", listener.port, Deadline::In(5s)).status()));
  limit.rlim_cur = 1024;
  setrlimit(RLIMIT_NOFILE, &limit);
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.1"}));
  CHECK_THAT(Dial("127.0.0.1", listener.port, Deadline::In(5s)).ok());
}

ISOLATED_TEST(DialIsolated, ADeadFirstAddressLeavesTimeForTheNext) {
  auto addresses = Resolve("pair", Deadline::In(5s));
  CHECK_THAT(addresses.ok() && addresses->size() == 2);
  Listener dead = Listen((*addresses)[0], 0, 0);
  auto filling = Fill((*addresses)[0], dead.port);
  std::string port = std::to_string(dead.port);
  auto refused = Dial("pair", dead.port, Deadline::In(600ms));
  CHECK_THAT(absl::IsUnavailable(refused.status()));
  CHECK_THAT(std::string(refused.status().message()) ==
             "connect " + (*addresses)[0] + ":" + port + ": no answer in time; connect " +
                 (*addresses)[1] + ":" + port + ": refused");
  Listener alive = Listen((*addresses)[1], dead.port, 8);
  Instant begin = Clock::now();
  CHECK_THAT(Dial("pair", dead.port, Deadline::In(600ms)).ok());
  CHECK_THAT(Clock::now() - begin < 580ms);
}

ISOLATED_TEST(DialIsolated, NeverTalksToItself) {
  // Two ports are left to choose a source from, and one is the target.
  std::ofstream("/proc/sys/net/ipv4/ip_local_port_range") << "40000 40001";
  for (int i = 0; i < 50; ++i) CHECK_THAT(!Dial("127.0.0.1", 40000, Deadline::In(1s)).ok());
}

}  // namespace
