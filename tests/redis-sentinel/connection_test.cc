#include "exporters/redis-sentinel/connection.h"

#include <sys/resource.h>

#include <fstream>

#include <gtest/gtest.h>

#include "tests/common/testing/sanitizer.h"
#include "tests/redis-sentinel/fake_redis.h"

using namespace std::chrono_literals;

namespace {

const Batch kInfo = {{"INFO"}};

RedisConnectionOptions To(const Peer& peer) {
  return {{"127.0.0.1", peer.port(), {}}, "", "", "", 1 << 20};
}

void ExpectStatus(const absl::Status& s, absl::StatusCode code, const std::string& what) {
  EXPECT_EQ(s.code(), code) << s;
  EXPECT_NE(std::string(s.message()).find(what), std::string::npos) << s;
}

// Answers every INFO with the number of the session.
std::function<void(const Socket&)> Counting(int& sessions) {
  return [&sessions](const Socket& s) {
    ++sessions;
    while (HeardCommand(s, {"INFO"})) Say(s, ":" + std::to_string(sessions) + "\r\n");
  };
}

TEST(Connection, AnswersComeInOrderAndErrorsAreTheirCommands) {
  Peer peer([](const Socket& s) {
    if (!HeardCommand(s, {"INFO"}) || !HeardCommand(s, {"SENTINEL", "CKQUORUM", "x"}) ||
        !HeardCommand(s, {"ROLE"}))
      return;
    Say(s, "$2\r\nhi\r\n-NOQUORUM 1 usable\r\n:7\r\n");
    AwaitClose(s);
  });
  RedisConnection connection(To(peer));
  Batch batch = {{"INFO"}, {"SENTINEL", "CKQUORUM", "x"}, {"ROLE"}};
  auto results = connection.Run(batch, Deadline::In(5s));
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), 3u);
  EXPECT_EQ((*results)[0]->text, "hi");
  ExpectStatus((*results)[1].status(), absl::StatusCode::kFailedPrecondition, "NOQUORUM 1 usable");
  EXPECT_EQ((*results)[2]->integer, 7);
  EXPECT_EQ(FirstError(*results), (*results)[1].status());
}

TEST(Connection, AuthGoesWithTheFirstBatchOnly) {
  Peer peer([](const Socket& s) {
    if (!HeardCommand(s, {"AUTH", "watcher", "hunter2"}) || !HeardCommand(s, {"INFO"})) return;
    Say(s, "+OK\r\n:1\r\n");
    while (HeardCommand(s, {"INFO"})) Say(s, ":2\r\n");
  });
  RedisConnectionOptions options = To(peer);
  options.user = "watcher";
  options.password = "hunter2";
  RedisConnection connection(options);
  for (int i : {1, 2, 2}) {
    auto results = connection.Run(kInfo, Deadline::In(5s));
    ASSERT_TRUE(results.ok()) << results.status();
    EXPECT_EQ((*results)[0]->integer, i);
  }
  EXPECT_EQ(connection.sessions(), 1);
}

TEST(Connection, AServerWithoutAPasswordIsAskedAllTheSame) {
  Peer peer([](const Socket& s) {
    Say(s, "-ERR AUTH <password> called without any password configured\r\n:1\r\n");
    AwaitClose(s);
  });
  RedisConnectionOptions options = To(peer);
  options.password = "hunter2";
  auto results = RedisConnection(options).Run(kInfo, Deadline::In(5s));
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[0]->integer, 1);
}

TEST(Connection, AWrongPasswordIsNotTriedAgainUntilItsFileChanges) {
  Peer peer([](const Socket& s) {
    if (HeardCommand(s, {"AUTH", "new"})) Say(s, "+OK\r\n:1\r\n");
    else Say(s, "-WRONGPASS invalid hunter2\r\n-NOAUTH Authentication required.\r\n");
    AwaitClose(s);
  });
  RedisConnectionOptions options = To(peer);
  options.password_file = testing::TempDir() + "/redis_password";
  std::ofstream(options.password_file) << "old\n";
  RedisConnection connection(options);
  auto denied = connection.Run(kInfo, Deadline::In(5s)).status();
  ExpectStatus(denied, absl::StatusCode::kUnauthenticated,
               "does not accept the password (WRONGPASS)");
  EXPECT_EQ(std::string(denied.message()).find("hunter2"), std::string::npos);
  for (int i = 0; i < 3; ++i)
    ExpectStatus(connection.Run(kInfo, Deadline::In(5s)).status(),
                 absl::StatusCode::kUnauthenticated, "turned us away a moment ago");
  EXPECT_EQ(peer.connections(), 1);
  std::ofstream(options.password_file) << "new\n";
  auto results = connection.Run(kInfo, Deadline::In(5s));
  EXPECT_TRUE(results.ok()) << results.status();
  unlink(options.password_file.c_str());
  connection.Close();
  ExpectStatus(connection.Run(kInfo, Deadline::In(5s)).status(), absl::StatusCode::kInternal,
               "redis_password cannot be read");
}

TEST(Connection, AMissingPasswordBacksOffToo) {
  Peer peer([](const Socket& s) {
    Say(s, "-NOAUTH Authentication required.\r\n");
    AwaitClose(s);
  });
  RedisConnection connection(To(peer));
  ExpectStatus(connection.Run(kInfo, Deadline::In(5s)).status(), absl::StatusCode::kUnauthenticated,
               "wants a password, and none is configured");
  EXPECT_FALSE(connection.Run(kInfo, Deadline::In(5s)).ok());
  EXPECT_EQ(peer.connections(), 1);
}

TEST(Connection, WhatTheServerSaysLastIsTheReason) {
  using absl::StatusCode;
  struct Case { std::string said; StatusCode code; std::string what; };
  for (const Case& c : std::vector<Case>{
           {"-ERR max number of clients reached\r\n", StatusCode::kUnavailable, "out of clients"},
           {"-DENIED Redis is in protected mode\r\n", StatusCode::kPermissionDenied, "DENIED"},
           {"-LOADING Redis is loading\r\n", StatusCode::kUnavailable, "LOADING"},
           {"-NOPERM no\r\n", StatusCode::kPermissionDenied, "NOPERM"},
           {"$10\r\n012", StatusCode::kUnavailable, "closed by the peer"},
           {"", StatusCode::kUnavailable, "closed by the peer"}}) {
    for (std::string password : {"", "hunter2"}) {
      Peer peer([&](const Socket& s) {
        Say(s, c.said);
        shutdown(s.fd(), SHUT_WR);
        AwaitClose(s);
      });
      RedisConnectionOptions options = To(peer);
      options.password = password;
      auto results = RedisConnection(options).Run({{"INFO"}, {"ROLE"}}, Deadline::In(5s));
      ExpectStatus(results.status(), c.code, c.what);
      ExpectStatus(results.status(), c.code, "127.0.0.1:" + std::to_string(peer.port()));
    }
  }
}

// The server leaves with our question unread, so that the kernel resets the connection.
TEST(Connection, TheReasonSurvivesAReset) {
  Peer peer([](const Socket& s) {
    Say(s, "-ERR max number of clients reached\r\n");
    Deadline::In(5s).Wait(s.fd(), POLLIN);
  });
  for (int i = 0; i < 50; ++i)
    ExpectStatus(RedisConnection(To(peer)).Run(kInfo, Deadline::In(5s)).status(),
                 absl::StatusCode::kUnavailable, "out of clients");
}

TEST(Connection, ASessionThatEndedIdleIsReplaced) {
  int sessions = 0;
  Peer peer([&](const Socket& s) {
    ++sessions;
    if (HeardCommand(s, {"INFO"})) Say(s, ":" + std::to_string(sessions) + "\r\n");
  });
  RedisConnection connection(To(peer));
  for (int i : {1, 2, 3}) {
    auto results = connection.Run(kInfo, Deadline::In(5s));
    ASSERT_TRUE(results.ok()) << results.status();
    EXPECT_EQ((*results)[0]->integer, i);
    EXPECT_NE(Deadline::In(5s).Wait(connection.fd(), POLLIN), 0);  // its end shows
  }
}

TEST(Connection, ASessionThatEndsOnAQuestionIsAFailureAndNotAskedTwice) {
  Peer peer([](const Socket& s) {
    if (HeardCommand(s, {"INFO"})) Say(s, ":1\r\n");
    HeardCommand(s, {"INCR", "x"});
  });
  RedisConnection connection(To(peer));
  ASSERT_TRUE(connection.Run(kInfo, Deadline::In(5s)).ok());
  ExpectStatus(connection.Run({{"INCR", "x"}}, Deadline::In(5s)).status(),
               absl::StatusCode::kUnavailable, "closed by the peer");
  EXPECT_EQ(peer.connections(), 1);
}

TEST(Connection, ALateAnswerIsNobodys) {
  std::atomic<int> sessions = 0;
  Peer peer([&](const Socket& s) {
    int session = ++sessions;
    if (!HeardCommand(s, {"INFO"})) return;
    if (session == 1) AwaitClose(s);
    Say(s, ":" + std::to_string(session) + "\r\n");
    AwaitClose(s);
  });
  RedisConnection connection(To(peer));
  ExpectStatus(connection.Run(kInfo, Deadline::In(100ms)).status(),
               absl::StatusCode::kDeadlineExceeded, "no answer in time");
  EXPECT_FALSE(connection.open());
  auto results = connection.Run(kInfo, Deadline::In(5s));
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[0]->integer, 2);
}

TEST(Connection, NothingOutlivesTheDeadline) {
  for (auto& serve : std::vector<std::function<void(const Socket&)>>{
           [](const Socket& s) { AwaitClose(s); },
           [](const Socket& s) { Dribble(s, Bulk(std::string(100, 'x'))); },
           [](const Socket& s) { Dribble(s, "*1000\r\n:1\r\n:1\r\n:1\r\n:1\r\n"); }}) {
    Peer peer(serve);
    RedisConnection connection(To(peer));
    Instant begin = Clock::now();
    auto status = connection.Run(kInfo, Deadline::In(500ms)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
    EXPECT_LT(Clock::now() - begin, 500ms + 250ms * kSlower);
    EXPECT_FALSE(connection.open());
  }
}

TEST(Connection, WhatIsNoRespIsDataLossAtOnceAndCostsNoMemory) {
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  struct Case { std::string flood, what; };
  for (const Case& c : std::vector<Case>{{"HTTP/1.1 400 Bad Request\r\n", "not RESP"},
                                         {"*2147483647\r\n", "more than 65536 items"},
                                         {"*60000\r\n", "more than 65536 items"},
                                         {"*1\r\n", "nested"},
                                         {"$2147483647\r\n", "longer than 1048576 bytes"},
                                         {"+", "longer than 1048576 bytes"},
                                         {":1\r\n", "answers more than it was asked"}}) {
    Peer peer([&](const Socket& s) { Flood(s, c.flood); });
    RedisConnection connection(To(peer));
    for (int i = 0; i < 10; ++i) {
      auto status = connection.Run(kInfo, Deadline::In(10s)).status();
      ExpectStatus(status, absl::StatusCode::kDataLoss, c.what);
    }
  }
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, (16 << 10) * kSlower) << "KiB";
}

TEST(Connection, RefusedIsUnavailable) {
  RedisConnectionOptions options;
  options.stream = {"127.0.0.1", Listen("127.0.0.1", 0, 1).port, {}};
  ExpectStatus(RedisConnection(options).Run(kInfo, Deadline::In(5s)).status(),
               absl::StatusCode::kUnavailable, "refused");
}

TEST(Connection, KeepsItsSession) {
  int sessions = 0;
  Peer peer(Counting(sessions));
  RedisConnection connection(To(peer));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(connection.Run(kInfo, Deadline::In(5s)).ok());
  EXPECT_EQ(peer.connections(), 1);
  EXPECT_EQ(connection.sessions(), 1);
}

TEST(ErrorOf, LivingServersDecline) {
  for (std::string code : {"MISCONF", "READONLY", "NOREPLICAS", "NOQUORUM", "NOGOODSLAVE", "ERR"})
    ExpectStatus(ErrorOf(code + " for a reason"), absl::StatusCode::kFailedPrecondition, code);
  for (std::string code : {"LOADING", "MASTERDOWN", "BUSY", "ERR max number of clients reached"})
    ExpectStatus(ErrorOf(code + " x"), absl::StatusCode::kUnavailable, code);
  ExpectStatus(ErrorOf("ERR \x1b[31m" + std::string(1000, 'x')),
               absl::StatusCode::kFailedPrecondition, "ERR ?[31mxxx");
  EXPECT_LT(ErrorOf("ERR " + std::string(1000, 'x')).message().size(), 300u);
}

}  // namespace
