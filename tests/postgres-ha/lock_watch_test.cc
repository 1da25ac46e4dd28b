#include "exporters/postgres-ha/lock_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgres-ha/etcd_recorded.h"
#include "tests/postgres-ha/fake_etcd.h"

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

std::string Change(const std::string& key, const std::string& value, int revision) {
  std::string kv = R"("key":")" + ToBase64("/service/main/" + key) + R"(","value":")" +
                   ToBase64(value) + R"(","mod_revision":")" + std::to_string(revision) + '"';
  std::string type = value.empty() ? R"("type":"DELETE",)" : "";
  return R"({"result":{"events":[{)" + type + R"("kv":{)" + kv + "}}]}}";
}

class LockWatchTest : public testing::Test {
 protected:
  EtcdOptions Options() {
    EtcdOptions options;
    options.prefix = "/service/main/";
    options.endpoints = {first_.url(), second_.url()};
    return options;
  }
  Next Look(Duration timeout = 2s) { return next_ = watch_.Look(Deadline::In(timeout)); }
  // Looks as the core would, whenever there is news, until so much was told.
  void Await(std::size_t count) {
    for (Deadline limit = Deadline::In(10s); told_.size() < count && !limit.Over();) {
      Deadline(std::min(limit.at(), next_.at)).Wait(next_.fd, next_.events);
      Look();
    }
  }
  std::vector<std::string> Told(std::size_t count) {
    Await(count);
    return ::Told(std::exchange(told_, {}));
  }
  std::string From(FakeEtcd& etcd) {  // the revision from which the last watch was asked for
    auto all = etcd.Requests("/v3/watch");
    std::string last = all.empty() ? "" : all.back(), key = "start_revision\":\"";
    last.erase(0, std::min(last.size(), last.find(key)) + key.size());
    return last.substr(0, last.find('"'));
  }

  FakeEtcd first_, second_;
  std::vector<DcsLook> told_;
  LockWatch watch_{Options(), [this](DcsLook look) { told_.push_back(std::move(look)); }, 200ms};
  Next next_;
};

TEST_F(LockWatchTest, TellsTheStateAndThenTheChangesAsTheyCome) {
  EXPECT_TRUE(Look().status.ok()) << next_.status;
  EXPECT_THAT(Told(1), ElementsAre("connected pg1"));
  EXPECT_EQ(From(first_), "11");
  ASSERT_GE(next_.fd, 0);
  EXPECT_GT(next_.at, Clock::now());
  EXPECT_EQ(Deadline::In(20ms).Wait(next_.fd, next_.events), 0);  // it sleeps

  first_.Push(Change("leader", "", 11));
  first_.Push(Change("leader", "pg2", 12));
  first_.Push(Change("leader", "pg2", 13));  // a new lease: no news
  first_.Push(Change("members/pg2", "x", 14));
  first_.Push(Change("failover", R"({"leader":"pg2"})", 15));
  EXPECT_THAT(Told(3), ElementsAre("released", "taken pg2", "switchover pg2"));
  EXPECT_THAT(second_.Requests("/"), IsEmpty());
}

TEST_F(LockWatchTest, GoesOnElsewhereFromWhereTheStreamEnded) {
  Look();
  first_.Push(Change("leader", "", 11));
  EXPECT_THAT(Told(2), ElementsAre("connected pg1", "released"));
  second_.state().With([](auto& s) { s.revision = 20; });
  second_.Push(Change("leader", "pg2", 15));
  second_.Push(Change("leader", "pg3", 21));
  first_.Cut(true);
  Await(4);
  EXPECT_THAT(::Told(told_), ElementsAre("lost", "connected pg1", "taken pg2", "taken pg3"));
  EXPECT_EQ(From(second_), "12");
  EXPECT_TRUE(told_[1].resumed);
  EXPECT_TRUE(told_[2].late);
  EXPECT_FALSE(told_[3].late);
}

TEST_F(LockWatchTest, StartsOverWhenItsPlaceIsCompacted) {
  Look();
  EXPECT_THAT(Told(1), ElementsAre("connected pg1"));
  second_.Push(R"({"result":{"canceled":true,"compact_revision":"89"}})");
  first_.state().With([](auto& s) { s.cuts = false, s.revision = 95, s.holder = "pg9"; });
  first_.Cut(true);
  EXPECT_THAT(Told(3), ElementsAre("lost", "connected pg1", "lost"));
  first_.Cut(false);
  EXPECT_THAT(Told(1), ElementsAre("connected pg9"));
  EXPECT_EQ(From(first_), "96");
}

TEST_F(LockWatchTest, AnEndpointThatHangsIsLeft) {
  Look();
  EXPECT_THAT(Told(1), ElementsAre("connected pg1"));
  first_.state().With([](auto& s) { s.hangs = true; });
  Deadline(next_.at).Wait(-1, 0);  // till it checks
  Instant begin = Clock::now();
  EXPECT_TRUE(absl::IsDeadlineExceeded(Look(200ms).status)) << next_.status;
  EXPECT_LT(Clock::now() - begin, 1500ms);
  EXPECT_THAT(Told(2), ElementsAre("lost", "connected pg1"));
  EXPECT_THAT(second_.Requests("/v3/watch"), SizeIs(1));
}

TEST_F(LockWatchTest, AStreamThatKeepsNewsToItselfIsLeft) {
  Look();
  EXPECT_THAT(Told(1), ElementsAre("connected pg1"));
  first_.state().With([](auto& s) { s.lock_revision = 11; });
  second_.state().With([](auto& s) { s.revision = 12, s.holder = "pg2"; });
  second_.Push(Change("leader", "pg2", 11));
  auto told = Told(3);
  EXPECT_THAT(told, ElementsAre("lost", "connected pg2", "taken pg2"));
  EXPECT_GE(first_.Requests("/v3/kv/range").size(), 3u);  // it was given a second chance
}

TEST_F(LockWatchTest, WhoNeverLetsItWatchIsAskedLessAndLess) {
  for (auto* etcd : {&first_, &second_})
    etcd->state().With([](auto& s) {
      s.cancelled = R"({"result":{"canceled":true,"cancel_reason":"permission denied"}})";
    });
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(absl::IsPermissionDenied(Look().status)) << next_.status;
    EXPECT_LE(next_.at, Clock::now());
  }
  double last = 0;
  for (int i = 0; i < 12; ++i) {
    Look();
    double pause = Seconds(next_.at - Clock::now());
    EXPECT_GT(pause, 0.5);
    EXPECT_LE(pause, 10.01);
    EXPECT_GT(pause, last - 0.1);
    last = pause;
  }
  EXPECT_GT(last, 9);
  EXPECT_THAT(told_, IsEmpty());  // it never was connected
}

TEST_F(LockWatchTest, AStreamThatEndsAtOnceIsNoSuccess) {
  for (auto* etcd : {&first_, &second_}) etcd->Cut(true);
  Deadline limit = Deadline::In(10s);
  int looks = 1;
  Look();
  while (next_.at <= Clock::now() + 500ms || next_.fd >= 0) {
    ASSERT_FALSE(limit.Over());
    ASSERT_LT(++looks, 50);
    Deadline(std::min(limit.at(), next_.at)).Wait(next_.fd, next_.events);
    Look();
  }
  EXPECT_GE(next_.at, Clock::now() + 500ms);
}

TEST_F(LockWatchTest, ADamagedLineStartsOver) {
  Look();
  EXPECT_THAT(Told(1), ElementsAre("connected pg1"));
  first_.Push("{");
  EXPECT_THAT(Told(2), ElementsAre("lost", "connected pg1"));
  EXPECT_EQ(From(second_), "11");
}

TEST_F(LockWatchTest, NobodyThereIsAnError) {
  EtcdOptions options = Options();
  options.endpoints = {"http://127.0.0.1:" + std::to_string(Listen("127.0.0.1", 0, 1).port)};
  LockWatch alone(options, [](DcsLook) { ADD_FAILURE(); });
  Next next = alone.Look(Deadline::In(2s));
  EXPECT_TRUE(absl::IsUnavailable(next.status)) << next.status;
  EXPECT_THAT(std::string(next.status.message()), HasSubstr("refused"));
  EXPECT_EQ(next.fd, -1);
}

}  // namespace
