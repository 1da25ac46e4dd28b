#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <thread>

#include <gtest/gtest.h>

#include "common/net.h"
#include "tests/common/isolated.h"
#include "tests/common/loopback.h"
#include "tests/common/name_server.h"

using namespace std::chrono_literals;

namespace net_internal {
extern std::atomic<Duration> name_lifetime;
}

namespace {

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

using Addresses = std::vector<std::string>;
using Mode = NameServer::Mode;

bool Is(const absl::StatusOr<Addresses>& got, const Addresses& wanted) {
  if (got.ok() && *got == wanted) return true;
  std::cerr << "got " << got.status() << '\n';
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
                       absl::StatusCode::kDeadlineExceeded,
                       "resolve a.example: no answer in time"));
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

// UBSan looks at memory through a pipe: without descriptors it reports what is not there.
#ifndef __SANITIZE_ADDRESS__
ISOLATED_TEST(ResolveIsolated, OurOwnLackOfDescriptorsIsNotTheTargetsFault) {
  NameServer server;
  Listener listener = Listen("127.0.0.1", 0, 8);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &limit);
  CHECK_THAT(absl::IsResourceExhausted(Resolve("a.example", Deadline::In(5s)).status()));
  auto dialed = Dial("127.0.0.1", listener.port, Deadline::In(5s));
  CHECK_THAT(absl::IsResourceExhausted(dialed.status()));
  limit.rlim_cur = 1024;
  setrlimit(RLIMIT_NOFILE, &limit);
  CHECK_THAT(Is(Resolve("a.example", Deadline::In(5s)), {"10.0.0.1"}));
  CHECK_THAT(Dial("127.0.0.1", listener.port, Deadline::In(5s)).ok());
}
#endif

}  // namespace
