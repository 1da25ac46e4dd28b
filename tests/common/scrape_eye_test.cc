#include <sys/eventfd.h>
#include <unistd.h>

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "common/net.h"
#include "tests/common/testing/fake.h"

// Eyes: when they look, and what a new set of targets does to them.

using namespace std::chrono_literals;

namespace {

const Metric kCalls("test_eye_calls", Type::kGauge, "Collections of one collector.", "thread");
constexpr Duration kLong = 30s;

// What the collectors of a test did; outlives them.
struct Deeds {
  std::atomic<int> looks = 0, collections = 0, destroyed = 0;
};

// An eye that looks at once and then again `pause` later.
struct CountingEye : Collector {
  CountingEye(Deeds& l, Duration p) : log(l), pause(p) {}
  ~CountingEye() override { ++log.destroyed; }
  Next Look(const Deadline&) override {
    ++log.looks;
    return {.status = {}, .at = pause == Duration::max() ? Instant::max() : Clock::now() + pause};
  }
  absl::Status Collect(const Deadline&, Samples& out) override {
    ++log.collections;
    out.Add(kCalls, {std::to_string(gettid())}, ++calls);
    return absl::OkStatus();
  }
  Deeds& log;
  Duration pause;
  int calls = 0;
};

Target Counting(const std::string& name, const std::string& fingerprint, Deeds& log,
                Duration pause = Duration::max()) {
  Target target = MakeTarget(name, nullptr);
  target.fingerprint = fingerprint;
  target.collector = std::make_unique<CountingEye>(log, pause);
  return target;
}

struct Wanted {
  std::string name, fingerprint;
};

Group Wants(const std::string& group, std::vector<Wanted> wanted, Deeds& log) {
  return {group, nullptr, [=, &log] {
            std::vector<Target> targets;
            for (auto& w : wanted) targets.push_back(Counting(w.name, w.fingerprint, log));
            return targets;
          }};
}

std::set<std::string> CallsOf(Scraper& scraper) {
  std::set<std::string> lines;
  for (auto& [series, value] : Series(scraper.Scrape(Deadline::In(kLong), Format::kText)))
    if (series.starts_with("test_eye_calls")) lines.insert(series + " " + value);
  return lines;
}

TEST(Set, KeepsWhatIsUnchangedAndEndsWhatIsGone) {
  Deeds log;
  Scraper scraper;
  scraper.Set({Wants("g", {{"a", "1"}, {"b", "1"}}, log)});
  auto first = CallsOf(scraper);
  EXPECT_EQ(first.size(), 2u);
  scraper.Set({Wants("g", {{"a", "1"}, {"c", "1"}}, log)});
  // b ends, and so does the collector that was made for a and not needed.
  EXPECT_TRUE(Eventually([&] { return log.destroyed == 2; }));
  auto second = CallsOf(scraper);
  ASSERT_EQ(second.size(), 2u);
  std::string a = *first.begin();  // a's second call is by the same thread and the same collector
  a.back() = '2';
  EXPECT_EQ(second.count(a), 1u) << a;
  EXPECT_NE(second.begin()->find("fake=\"a\""), std::string::npos);
  EXPECT_NE(second.rbegin()->find("fake=\"c\""), std::string::npos);
}

TEST(Set, StartsAfreshWhatHasChanged) {
  Deeds log;
  Scraper scraper;
  scraper.Set({Wants("g", {{"a", "1"}}, log)});
  CallsOf(scraper);
  scraper.Set({Wants("g", {{"a", "2"}}, log)});
  EXPECT_TRUE(Eventually([&] { return log.destroyed == 1; }));
  auto calls = CallsOf(scraper);
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls.begin()->back(), '1');
}

TEST(Set, LeavesOutTheSecondOfOneName) {
  Deeds log;
  Scraper scraper;
  scraper.Set({Wants("g", {{"a", "1"}, {"a", "2"}}, log), Wants("h", {{"a", "1"}}, log)});
  EXPECT_EQ(CallsOf(scraper).size(), 1u);
  EXPECT_EQ(scraper.States().size(), 1u);
}

TEST(Set, IsWhatTheNextScrapeSeesWhateverOneIsUnderWay) {
  Gate gate, collecting;
  Deeds log;
  Scraper scraper;
  auto slow = [&](const Deadline&, Samples&) {
    collecting.Open();
    gate.Wait(Deadline::In(10s));
    return absl::OkStatus();
  };
  scraper.Set({OneGroup("g", MakeTarget("slow", slow))});
  std::thread first([&] { scraper.Scrape(Deadline::In(kLong), Format::kText); });
  EXPECT_TRUE(collecting.Wait());
  scraper.Set({Wants("h", {{"a", "1"}}, log)});
  EXPECT_EQ(CallsOf(scraper).size(), 1u);
  gate.Open();
  first.join();
}

TEST(Set, EndsATargetThatIsBusyOnlyAfterItsCall) {
  Gate gate, started;
  Deeds log;
  Scraper scraper;
  Target busy = MakeTarget("busy", nullptr, [&](const Deadline&) {
    started.Open();
    gate.Wait();
    return Next{};
  });
  scraper.Set({OneGroup("g", std::move(busy))});
  ASSERT_TRUE(started.Wait());
  Instant begin = Clock::now();
  scraper.Set({});  // does not wait for it
  EXPECT_LT(Clock::now() - begin, 5s);
  EXPECT_TRUE(scraper.States().empty());
  gate.Open();
}

TEST(Eye, LooksByItsOwnClock) {
  Deeds log;
  Scraper scraper;
  scraper.Set({OneGroup("g", Counting("a", "", log, 2ms))});
  EXPECT_TRUE(Eventually([&] { return log.looks >= 20; }));
  EXPECT_EQ(log.collections, 0);
}

TEST(Eye, IsWokenByAPokeOfItsGroup) {
  Deeds log, other;
  Scraper scraper;
  scraper.Set({Wants("g", {{"a", ""}, {"b", ""}}, log), Wants("h", {{"c", ""}}, other)});
  ASSERT_TRUE(Eventually([&] { return log.looks == 2 && other.looks == 1; }));
  for (int i = 1; i <= 50; ++i) {
    scraper.Poke("g");
    ASSERT_TRUE(Eventually([&] { return log.looks == 2 + 2 * i; })) << i;
  }
  EXPECT_EQ(other.looks, 1);
  scraper.Poke("nobody");
}

// A poke that comes during a look is not lost: what it tells of may have come too late for it.
TEST(Eye, LooksAgainAfterAPokeDuringALook) {
  Gate gate, looking;
  std::atomic<int> looks = 0;
  Scraper scraper;
  Target target = MakeTarget("a", nullptr, [&](const Deadline&) {
    if (++looks == 1) looking.Open(), gate.Wait();
    return Next{};
  });
  scraper.Set({OneGroup("g", std::move(target))});
  ASSERT_TRUE(looking.Wait());
  scraper.Poke("g");
  gate.Open();
  EXPECT_TRUE(Eventually([&] { return looks == 2; }));
}

// An eye that waits for a descriptor.
struct Waiting {
  Socket fd{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  std::atomic<int> looks = 0, events = 0;
  absl::Status collection;
  Target target() {
    auto collect = [this](const Deadline&, Samples&) { return collection; };
    return MakeTarget("a", collect, [this](const Deadline&) {
      eventfd_t n = 0;
      if (eventfd_read(fd.fd(), &n) == 0) events += static_cast<int>(n);
      ++looks;
      return Next{.status = {}, .at = Instant::max(), .fd = fd.fd(), .events = POLLIN};
    });
  }
};

TEST(Eye, IsWokenByItsDescriptor) {
  Waiting waiting;
  Scraper scraper;
  scraper.Set({OneGroup("g", waiting.target())});
  ASSERT_TRUE(Eventually([&] { return waiting.looks == 1; }));
  for (int i = 1; i <= 50; ++i) {
    eventfd_write(waiting.fd.fd(), 1);
    ASSERT_TRUE(Eventually([&] { return waiting.events == i; })) << i;
  }
  EXPECT_TRUE(Eventually([&] { return waiting.looks == 51; })) << waiting.looks;
}

// A collection that failed may have closed the descriptor: the eye must say anew what to wait for.
TEST(Eye, LooksAgainAfterAFailedCollectionIfItWaitsForADescriptor) {
  Waiting waiting;
  waiting.collection = absl::DataLossError("closed");
  Scraper scraper;
  scraper.Set({OneGroup("g", waiting.target())});
  ASSERT_TRUE(Eventually([&] { return waiting.looks == 1; }));
  scraper.Scrape(Deadline::In(kLong), Format::kText);
  EXPECT_TRUE(Eventually([&] { return waiting.looks == 2; }));
}

TEST(Eye, KeepsItsPaceWhenItIsCollectedFrom) {
  Waiting waiting;
  Scraper scraper;
  scraper.Set({OneGroup("g", waiting.target())});
  ASSERT_TRUE(Eventually([&] { return waiting.looks == 1; }));
  // A look after the first collection would come before the second one.
  for (int i = 0; i < 2; ++i) scraper.Scrape(Deadline::In(kLong), Format::kText);
  EXPECT_EQ(waiting.looks, 1);
}

TEST(Ready, ComesWithTheFirstLookAtEveryTarget) {
  Gate gate;
  Deeds log;
  Scraper scraper;
  Target slow = MakeTarget("slow", nullptr, [&](const Deadline&) {
    gate.Wait();
    return Next{.status = absl::UnavailableError("refused")};
  });
  slow.look_deadline = kLong;
  scraper.Set({Wants("g", {{"a", ""}}, log), OneGroup("h", std::move(slow))});
  ASSERT_TRUE(Eventually([&] { return log.looks == 1; }));
  EXPECT_FALSE(scraper.ready());
  EXPECT_FALSE(scraper.States()[1].known);
  gate.Open();
  EXPECT_TRUE(Eventually([&] { return scraper.ready(); }));
  EXPECT_EQ(scraper.States()[1].error, "refused");
}

TEST(Ready, DoesNotWaitForEverForALookThatDoesNotReturn) {
  Gate gate;
  Scraper scraper;
  Target stuck = MakeTarget("stuck", nullptr, [&](const Deadline&) {
    gate.Wait();
    return Next{};
  });
  stuck.look_deadline = 10ms;
  scraper.Set({OneGroup("g", std::move(stuck))});
  EXPECT_TRUE(Eventually([&] { return scraper.ready(); }));
  gate.Open();
}

TEST(Ready, ATargetThatNeverLooksClaimsNothingBeforeItWasAsked) {
  Scraper scraper;
  Target target = MakeTarget("a", nullptr);
  scraper.Set({OneGroup("g", std::move(target))});
  EXPECT_TRUE(Eventually([&] { return scraper.ready(); }));
  EXPECT_FALSE(scraper.States()[0].known);
  EXPECT_EQ(scraper.States()[0].last_success_unix_seconds, 0);
  scraper.Scrape(Deadline::In(kLong), Format::kText);
  EXPECT_TRUE(scraper.States()[0].known);
  EXPECT_GT(scraper.States()[0].last_success_unix_seconds, 1e9);
}

}  // namespace
