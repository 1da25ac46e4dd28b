#include <thread>

#include <gtest/gtest.h>

#include "tests/common/testing/fake.h"

// Doubt: whose last look or collection got no answer is asked every time, but hardly waited for.

using namespace std::chrono_literals;

namespace {

const Metric kValue("test_doubt_value", Type::kGauge, "A value of a fake target.");
constexpr Duration kLong = 30s;
const std::string kSeries = "test_doubt_value{fake=\"a\"}";

// How long the fastest of some scrapes took: a busy machine delays single ones.
Duration Fastest(Scraper& scraper, int times) {
  Duration fastest = kLong;
  for (int i = 0; i < times; ++i) {
    Instant begin = Clock::now();
    scraper.Scrape(Deadline::In(kLong), Format::kText);
    fastest = std::min(fastest, Clock::now() - begin);
  }
  return fastest;
}

TEST(Doubt, AFreeTargetIsWaitedForFiftyMilliseconds) {
  std::atomic<bool> hang = true;
  std::atomic<int> calls = 0;
  Scraper scraper;
  scraper.Set(
      {OneGroup("g", MakeTarget("a", [&](const Deadline& deadline, Samples& out) -> absl::Status {
                  ++calls;
                  out.Add(kValue, 1);
                  if (!hang) return absl::OkStatus();
                  deadline.Wait(-1, 0);
                  return absl::DeadlineExceededError("hangs");
                }))});
  scraper.Scrape(Deadline::In(50ms), Format::kText);
  ASSERT_TRUE(Eventually([&] { return scraper.States()[0].error == "hangs"; }));
  Duration took{};
  ASSERT_TRUE(Eventually([&] {  // it may still be busy with the scrape before
    Instant begin = Clock::now();
    EXPECT_EQ(ValueOf(scraper.Scrape(Deadline::In(1s), Format::kText), kSeries), "absent");
    took = Clock::now() - begin;
    return took >= 50ms;
  }));
  EXPECT_LT(took, 1s);
  EXPECT_GE(calls, 2);
  // Recovery is seen by the first scrape after it: fifty milliseconds are enough for an answer.
  hang = false;
  EXPECT_TRUE(Eventually([&] {
    return ValueOf(scraper.Scrape(Deadline::In(kLong), Format::kText), kSeries) == "1";
  }));
  EXPECT_FALSE(scraper.States()[0].doubted);
}

TEST(Doubt, ABusyTargetIsNotWaitedForAtAll) {
  Gate gate;
  std::atomic<int> looks = 0;
  Scraper scraper;
  Target target = MakeTarget("a", nullptr, [&](const Deadline&) {
    if (++looks > 1) gate.Wait();
    return Next{.status = absl::UnavailableError("refused"), .at = Clock::now()};
  });
  target.look_deadline = kLong;
  scraper.Set({OneGroup("g", std::move(target))});
  ASSERT_TRUE(Eventually([&] { return looks == 2; }));
  EXPECT_LT(Fastest(scraper, 20), 40ms);
  gate.Open();
}

TEST(Doubt, AnErrorThatIsAnAnswerIsWaitedFor) {
  std::atomic<int> calls = 0;
  Scraper scraper;
  scraper.Set({OneGroup("g", MakeTarget("a", [&](const Deadline&, Samples& out) {
    poll(nullptr, 0, ++calls == 2 ? 150 : 0);
    out.Add(kValue, 1);
    return absl::PermissionDeniedError("no rights");
  }))});
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(ValueOf(scraper.Scrape(Deadline::In(kLong), Format::kText), kSeries), "1");
}

// A server that needs more than fifty milliseconds must find its way out of doubt.
TEST(Doubt, IsLeftByASlowAnswer) {
  std::atomic<int> calls = 0;
  Scraper scraper;
  scraper.Set(
      {OneGroup("g", MakeTarget("a", [&](const Deadline& deadline, Samples& out) -> absl::Status {
                  if (++calls == 1) return absl::DeadlineExceededError("hung once");
                  Deadline::In(120ms).Wait(-1, 0);
                  if (deadline.Over())
                    return absl::DeadlineExceededError("was given too little time");
                  out.Add(kValue, 1);
                  return absl::OkStatus();
                }))});
  scraper.Scrape(Deadline::In(kLong), Format::kText);
  scraper.Scrape(Deadline::In(kLong), Format::kText);
  EXPECT_TRUE(Eventually([&] { return !scraper.States()[0].doubted; }));
  EXPECT_EQ(ValueOf(scraper.Scrape(Deadline::In(kLong), Format::kText), kSeries), "1");
}

// While looks get no answer, a collection must not keep the eye from the next look for long.
TEST(Doubt, GivesACollectionLittleTimeWhileLooksAreBlind) {
  std::atomic<bool> blind = true;
  std::atomic<int> looks = 0;
  Guarded<Duration> given{Duration::zero()};
  Scraper scraper;
  scraper.Set({OneGroup("g", MakeTarget(
      "a",
      [&](const Deadline& deadline, Samples& out) -> absl::Status {
        given.With([&](Duration& d) { d = deadline.at() - Clock::now(); });
        if (blind) return absl::UnavailableError("refused");
        out.Add(kValue, 1);
        return absl::OkStatus();
      },
      [&](const Deadline&) -> Next {
        ++looks;
        return {.status = blind ? absl::UnavailableError("refused") : absl::OkStatus(),
                .at = Clock::now() + 5ms};
      }))});
  ASSERT_TRUE(Eventually([&] { return looks > 0; }));
  ASSERT_TRUE(Eventually([&] {
    scraper.Scrape(Deadline::In(kLong), Format::kText);
    return given.With([](Duration& d) { return d > Duration::zero(); });
  }));
  EXPECT_LE(given.With([](Duration& d) { return d; }), 50ms);
  blind = false;
  int seen = looks;
  ASSERT_TRUE(Eventually([&] { return looks > seen + 1; }));
  EXPECT_FALSE(scraper.States()[0].doubted);  // a good look is enough to be waited for again
  EXPECT_EQ(ValueOf(scraper.Scrape(Deadline::In(kLong), Format::kText), kSeries), "1");
  EXPECT_GT(given.With([](Duration& d) { return d; }), 50ms);
}

}  // namespace
