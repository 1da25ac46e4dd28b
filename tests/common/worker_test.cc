#include "common/worker.h"

#include <gtest/gtest.h>

#include "tests/common/testing/fake.h"

using namespace std::chrono_literals;

namespace {

std::shared_ptr<Round> OneRound() {
  auto round = std::make_shared<Round>(1, Deadline::In(30s));
  round->Join();
  return round;
}

// A scrape that still has a target in its list, which a reload has just ended, does not wait for
// it.
TEST(Worker, RefusesARoundWhenItHasEnded) {
  Worker worker(MakeTarget("a", nullptr), "g");
  worker.Stop();
  ASSERT_TRUE(Eventually([&] { return worker.ended(); }));
  auto round = OneRound();
  worker.Offer(round, 0);
  round->Start();
  Instant begin = Clock::now();
  auto slots = round->Await(Deadline::In(30s));
  EXPECT_LT(Clock::now() - begin, 4s);
  EXPECT_FALSE(slots[0].ok);
}

TEST(Worker, CollectsOnceForTheRoundsItWasHandedMeanwhile) {
  Gate gate, looking;
  std::atomic<int> collections = 0;
  Target target = MakeTarget(
      "a", [&](const Deadline&, Samples&) { return ++collections, absl::OkStatus(); },
      [&](const Deadline&) { return looking.Open(), gate.Wait(), Next{}; });
  target.look_deadline = 30s;
  Worker worker(std::move(target), "g");
  ASSERT_TRUE(looking.Wait());
  auto one = OneRound(), two = OneRound();
  for (auto& round : {one, two}) {
    worker.Offer(round, 0);
    round->Start();
  }
  gate.Open();
  EXPECT_TRUE(one->Await(Deadline::In(30s))[0].ok);
  EXPECT_TRUE(two->Await(Deadline::In(30s))[0].ok);
  EXPECT_EQ(collections, 1);
}

TEST(Worker, IsNotWaitedForIfItOnlyLooks) {
  Target target =
      MakeTarget("a", [](const Deadline&, Samples&) { return absl::InternalError("never"); });
  target.collects = false;
  Worker worker(std::move(target), "g");
  auto round = OneRound();
  worker.Offer(round, 0);
  round->Start();
  EXPECT_FALSE(round->Await(Deadline::In(30s))[0].samples);
  EXPECT_FALSE(worker.state().known);
}

}  // namespace
