#include "exporters/redis-sentinel/subscription.h"

#include <gtest/gtest.h>

#include "tests/redis-sentinel/fake_redis.h"

using namespace std::chrono_literals;

namespace {

const Command kSubscribe = {"PSUBSCRIBE", "+*", "-*"};
const std::string kConfirmed =
    "*3\r\n$10\r\npsubscribe\r\n$2\r\n+*\r\n:1\r\n*3\r\n$10\r\npsubscribe\r\n$2\r\n-*\r\n:2\r\n";
const std::string kPong = "*2\r\n$4\r\npong\r\n$0\r\n\r\n";

std::string Message(const std::string& channel, const std::string& text) {
  return "*4\r\n$8\r\npmessage\r\n$2\r\n+*\r\n" + Bulk(channel) + Bulk(text);
}

Subscription To(const Peer& peer, const std::string& password = "") {
  return Subscription({{"127.0.0.1", peer.port(), {}}, "", password, "", 1 << 16}, {"+*", "-*"});
}

// Receives until there are `count` events.
std::vector<Event> Await(Subscription& s, std::size_t count) {
  std::vector<Event> events;
  Deadline deadline = Deadline::In(5s);
  while (events.size() < count && !deadline.Over()) {
    auto some = s.Receive(deadline);
    EXPECT_TRUE(some.ok()) << some.status();
    if (!some.ok()) break;
    events.insert(events.end(), some->begin(), some->end());
  }
  return events;
}

TEST(Subscription, HearsEventsFromBetweenTheConfirmationsOn) {
  std::string early = kConfirmed;
  early.insert(early.find("*3", 1), Message("+sdown", "master m 10.0.0.1 6379"));
  Peer peer([&](const Socket& s) {
    if (!HeardCommand(s, {"AUTH", "hunter2"}) || !HeardCommand(s, kSubscribe)) return;
    Say(s, "+OK\r\n" + early + Message("-tilt", "x"));
    AwaitClose(s);
  });
  Subscription subscription = To(peer, "hunter2");
  Instant begin = Clock::now();
  auto opened = subscription.Open(Deadline::In(5s));
  ASSERT_TRUE(opened.ok()) << opened;
  auto events = Await(subscription, 2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].channel, "+sdown");
  EXPECT_EQ(events[0].text, "master m 10.0.0.1 6379");
  EXPECT_EQ(events[1].channel, "-tilt");
  EXPECT_GE(events[0].not_before, begin);
  EXPECT_GE(events[0].received, events[0].not_before);
  EXPECT_TRUE(subscription.Open(Deadline::In(5s)).ok());
  auto none = subscription.Receive(Deadline(Clock::now()));
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->empty());
}

// Messages carry no time: an event lies after the last ping whose pong came before it.
TEST(Subscription, PingsBoundTheTimeOfEvents) {
  Peer peer([](const Socket& s) {
    if (!HeardCommand(s, kSubscribe)) return;
    Say(s, kConfirmed);
    if (!HeardCommand(s, {"PING"})) return;
    Say(s, Message("+a", "before the pong") + kPong + Message("+b", "after it"));
    AwaitClose(s);
  });
  Subscription subscription = To(peer);
  ASSERT_TRUE(subscription.Open(Deadline::In(5s)).ok());
  EXPECT_EQ(subscription.Overdue(Clock::now()), Duration::zero());
  Instant pinged = Clock::now();
  ASSERT_TRUE(subscription.Ping(Deadline::In(5s)).ok());
  ASSERT_TRUE(subscription.Ping(Deadline::In(5s)).ok());  // one is due: no other
  EXPECT_GT(subscription.Overdue(Clock::now()), Duration::zero());
  auto events = Await(subscription, 2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_LT(events[0].not_before, pinged);
  EXPECT_GE(events[1].not_before, pinged);
  EXPECT_EQ(subscription.Overdue(Clock::now()), Duration::zero());
}

TEST(Subscription, HandsOutWhatCameBeforeTheEnd) {
  Peer peer([](const Socket& s) {
    if (HeardCommand(s, kSubscribe)) Say(s, kConfirmed + Message("+a", "last"));
  });
  Subscription subscription = To(peer);
  ASSERT_TRUE(subscription.Open(Deadline::In(5s)).ok());
  Deadline(Clock::now() + 5s).Wait(subscription.fd(), POLLRDHUP);
  auto events = subscription.Receive(Deadline::In(5s));
  ASSERT_TRUE(events.ok()) << events.status();
  EXPECT_EQ(events->size(), 1u);
  auto end = subscription.Receive(Deadline::In(5s)).status();
  EXPECT_EQ(end.code(), absl::StatusCode::kUnavailable) << end;
  EXPECT_FALSE(subscription.open());
  EXPECT_FALSE(subscription.Ping(Deadline::In(5s)).ok());
  EXPECT_TRUE(subscription.Open(Deadline::In(5s)).ok());
  EXPECT_TRUE(subscription.open());
}

TEST(Subscription, SaysWhyItIsNot) {
  struct Case { std::string said; absl::StatusCode code; };
  for (const Case& c : std::vector<Case>{
           {"-NOPERM this user has no permissions to access one of the channels\r\n",
            absl::StatusCode::kPermissionDenied},
           {"-NOAUTH Authentication required.\r\n", absl::StatusCode::kUnauthenticated},
           {"+OK\r\n", absl::StatusCode::kDataLoss},
           {"*1\r\n$1\r\nx\r\n", absl::StatusCode::kDataLoss},
           {"$3\r\n", absl::StatusCode::kDeadlineExceeded},
           {"", absl::StatusCode::kDeadlineExceeded}}) {
    Peer peer([&](const Socket& s) {
      Say(s, c.said);
      AwaitClose(s);
    });
    Subscription subscription = To(peer);
    auto opened = subscription.Open(Deadline::In(300ms));
    EXPECT_EQ(opened.code(), c.code) << opened;
    EXPECT_FALSE(subscription.open());
    EXPECT_EQ(subscription.fd(), -1);
  }
}

TEST(Subscription, AFloodIsAnEnd) {
  Peer peer([](const Socket& s) {
    if (!HeardCommand(s, kSubscribe)) return;
    Say(s, kConfirmed);
    Flood(s, Message("+x", "again"));
  });
  Subscription subscription = To(peer);
  ASSERT_TRUE(subscription.Open(Deadline::In(5s)).ok());
  absl::Status end;
  for (int i = 0; end.ok() && i < 1000; ++i) end = subscription.Receive(Deadline::In(5s)).status();
  EXPECT_EQ(end.code(), absl::StatusCode::kDataLoss) << end;
}

}  // namespace
