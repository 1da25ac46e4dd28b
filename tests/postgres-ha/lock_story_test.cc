#include "exporters/postgres-ha/lock_story.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgres-ha/etcd_recorded.h"

namespace {

using What = DcsLook::What;

Instant At(double seconds) { return Instant() + FromSeconds(seconds); }

DcsLook Event(What what, const std::string& name = "") {
  DcsLook look;
  look.what = what;
  look.name = name;
  return look;
}

// A story that began at 0 with pg1 as holder.
LockStory Connected() {
  LockStory story;
  story.Step(Event(What::kConnected, "pg1"), At(0));
  return story;
}

LockStory Told(const std::string& file) {
  LockStory story = Connected();
  for (auto& [at, look] : Played(file)) story.Step(look, At(at));
  return story;
}

TEST(LockStory, ASwitchoverWasRequested) {
  LockStory story = Told("watch_switchover.txt");
  double request = 1795390006.922, released = 1795390008.218, taken = 1795390008.379;
  EXPECT_EQ(story.Requested(At(released - 1), At(taken + 1)), true);
  EXPECT_EQ(story.Requested(At(request - 100), At(taken + 1)), true);
  EXPECT_EQ(story.Requested(At(request - 100), At(released - 0.5)), true);  // not yet done
  EXPECT_EQ(story.Requested(At(request - 100), At(request - 1)), std::nullopt);
  EXPECT_EQ(story.Released(At(request), At(taken + 10)), At(released));
  EXPECT_EQ(story.Taken("pg2", At(request), At(taken + 10)), At(taken));
  EXPECT_EQ(story.Taken("pg1", At(request), At(taken + 10)), std::nullopt);
  EXPECT_EQ(story.Released(At(taken), At(taken + 10)), std::nullopt);
  EXPECT_EQ(story.holder(), "pg2");
}

TEST(LockStory, ALeaderThatWasKilledWasNotAsked) {
  LockStory story = Told("watch_killed.txt");
  double released = 1795389206.259, taken = 1795389206.346;
  EXPECT_EQ(story.Requested(At(released - 30), At(taken + 1)), false);
  EXPECT_EQ(story.Released(At(released - 30), At(taken + 1)), At(released));
  EXPECT_EQ(story.Taken("pg1", At(released - 30), At(taken + 1)), At(taken));
}

TEST(LockStory, WhatWasWithdrawnOrIsScheduledForLaterIsNoRequest) {
  LockStory story = Told("watch_scheduled_and_manual.txt");
  // Scheduled at 17.6 for an hour later, withdrawn at 19.7; asked for at 21.8, done at 30.9.
  double base = 1795390000;
  EXPECT_EQ(story.Requested(At(base + 15), At(base + 19)), std::nullopt);
  EXPECT_EQ(story.Requested(At(base + 15), At(base + 21)), std::nullopt);
  EXPECT_EQ(story.Requested(At(base + 30), At(base + 32)), true);
  EXPECT_EQ(story.holder(), "pg1");

  // A crash while a switchover is scheduled for later, or after one was withdrawn.
  for (auto what : {What::kSwitchover, What::kRequestCleared}) {
    LockStory crash = Connected();
    DcsLook request = Event(What::kSwitchover, "pg1");
    request.not_before = At(1000);
    crash.Step(request, At(10));
    if (what == What::kRequestCleared) crash.Step(Event(what), At(11));
    crash.Step(Event(What::kLockReleased), At(20));
    crash.Step(Event(What::kLockTaken, "pg2"), At(21));
    EXPECT_EQ(crash.Requested(At(5), At(25)), false);
    crash.Step(Event(What::kLockTaken, "pg3"), At(1001));
    EXPECT_EQ(crash.Requested(At(990), At(1002)), what == What::kSwitchover);
  }
}

TEST(LockStory, WithoutTheStreamItDoesNotKnow) {
  LockStory none;
  EXPECT_FALSE(none.connected());
  EXPECT_EQ(none.Requested(At(0), At(100)), std::nullopt);

  LockStory late = Connected();
  late.Step(Event(What::kLockTaken, "pg2"), At(10));
  EXPECT_EQ(late.Requested(At(-5), At(11)), std::nullopt);
  EXPECT_EQ(late.Requested(At(5), At(11)), false);
  EXPECT_EQ(late.Requested(At(11), At(12)), std::nullopt);  // nothing moved: nothing is proven
  late.Step(Event(What::kLost), At(20));
  EXPECT_FALSE(late.connected());
  EXPECT_EQ(late.Requested(At(5), At(11)), false);
  EXPECT_EQ(late.Requested(At(5), At(25)), std::nullopt);
  late.Step(Event(What::kConnected, "pg3"), At(30));
  EXPECT_TRUE(late.connected());
  EXPECT_EQ(late.holder(), "pg3");
  EXPECT_EQ(late.Requested(At(5), At(35)), std::nullopt);
}

TEST(LockStory, AStreamThatIsResumedMissesNothingButDatesNothing) {
  LockStory story = Connected();
  story.Step(Event(What::kLost), At(10));
  DcsLook resumed = Event(What::kConnected, "pg2");
  resumed.resumed = true;
  story.Step(resumed, At(15));
  for (auto look : {Event(What::kLockReleased), Event(What::kLockTaken, "pg2")}) {
    look.late = true;
    story.Step(look, At(15));
  }
  EXPECT_EQ(story.holder(), "pg2");
  EXPECT_EQ(story.Requested(At(5), At(16)), false);
  EXPECT_EQ(story.Released(At(5), At(16)), std::nullopt);
  EXPECT_EQ(story.Taken("pg2", At(5), At(16)), std::nullopt);
}

TEST(LockStory, ARequestFromBeforeAGapIsForgotten) {
  LockStory story = Connected();
  story.Step(Event(What::kSwitchover, "pg1"), At(5));
  story.Step(Event(What::kLost), At(10));
  story.Step(Event(What::kConnected, "pg1"), At(15));
  story.Step(Event(What::kLockTaken, "pg2"), At(20));
  EXPECT_EQ(story.Requested(At(16), At(21)), false);
}

TEST(LockStory, AStolenLockIsTakenWithoutARelease) {
  LockStory story = Connected();
  story.Step(Event(What::kLockTaken, "pg2"), At(10));
  story.Step(Event(What::kLockTaken, "pg1"), At(12));
  story.Step(Event(What::kLockTaken, "pg2"), At(14));
  EXPECT_EQ(story.Released(At(0), At(20)), std::nullopt);
  EXPECT_EQ(story.Taken("pg2", At(0), At(20)), At(14));
  EXPECT_EQ(story.Taken("pg2", At(0), At(13)), At(10));
}

TEST(LockStory, ItsMemoryIsBounded) {
  LockStory story = Connected();
  for (int i = 1; i <= 1000; ++i)
    story.Step(Event(i % 2 ? What::kLockReleased : What::kLockTaken, "pg1"), At(i));
  EXPECT_EQ(story.Released(At(0), At(900)), std::nullopt);
  EXPECT_EQ(story.Released(At(0), At(2000)), At(999));
  EXPECT_EQ(story.Requested(At(100), At(2000)), std::nullopt);  // forgotten is not unasked
  EXPECT_EQ(story.Requested(At(990), At(2000)), false);
}

}  // namespace
