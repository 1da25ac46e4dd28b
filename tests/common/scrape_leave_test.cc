#include <thread>

#include <gtest/gtest.h>

#include "tests/common/testing/fake.h"
#include "tests/common/testing/sanitizer.h"

// The last call of a target.

using namespace std::chrono_literals;

namespace {

struct Seen {
  std::vector<std::string> calls;
  std::thread::id looked_in, left_in;
};

// Tells what is called of it; leaves when `may_leave` is open.
struct Leaver : Collector {
  Leaver(std::string n, Guarded<Seen>& s, Gate& g) : name(std::move(n)), seen(s), may_leave(g) {}
  ~Leaver() override { Tell("gone"); }
  Next Look(const Deadline&) override {
    Tell("look");
    seen.With([](Seen& s) { s.looked_in = std::this_thread::get_id(); });
    return {};
  }
  void Leave(const Deadline& deadline) override {
    Tell("leave");
    seen.With([](Seen& s) { s.left_in = std::this_thread::get_id(); });
    may_leave.Wait(deadline);
  }
  void Tell(const std::string& what) {
    seen.Change([&](Seen& s) { s.calls.push_back(name + " " + what); });
  }
  std::string name;
  Guarded<Seen>& seen;
  Gate& may_leave;
};

Group One(const std::string& fingerprint, Guarded<Seen>& seen, Gate& may_leave) {
  return {"g", nullptr, [&, fingerprint] {
            std::vector<Target> targets;
            if (fingerprint.empty()) return targets;
            targets.push_back(MakeTarget("a", nullptr));
            targets[0].fingerprint = fingerprint;
            targets[0].collector = std::make_unique<Leaver>(fingerprint, seen, may_leave);
            return targets;
          }};
}

std::vector<std::string> AwaitCalls(Guarded<Seen>& seen, std::size_t n) {
  return seen.Await(
      Clock::now() + 20s, [&](Seen& s) { return s.calls.size() >= n; },
      [](Seen& s) { return s.calls; });
}

TEST(Leave, IsTheLastCallWhenATargetIsRemoved) {
  Guarded<Seen> seen;
  Gate may_leave;
  may_leave.Open();
  Scraper scraper;
  scraper.Set({One("1", seen, may_leave)});
  AwaitCalls(seen, 1);
  scraper.Set({One("", seen, may_leave)});
  EXPECT_EQ(AwaitCalls(seen, 3), (std::vector<std::string>{"1 look", "1 leave", "1 gone"}));
  seen.With([](Seen& s) { EXPECT_EQ(s.left_in, s.looked_in); });
}

TEST(Leave, ComesBeforeTheSuccessorBegins) {
  Guarded<Seen> seen;
  Gate may_leave;
  Scraper scraper;
  scraper.Set({One("1", seen, may_leave)});
  AwaitCalls(seen, 1);
  scraper.Set({One("2", seen, may_leave)});
  AwaitCalls(seen, 2);
  scraper.Set({One("3", seen, may_leave)});  // while the first one is still leaving
  may_leave.Open();
  auto calls = AwaitCalls(seen, 6);
  EXPECT_EQ((std::vector<std::string>(calls.begin(), calls.begin() + 3)),
            (std::vector<std::string>{"1 look", "1 leave", "1 gone"}));
  EXPECT_TRUE(Eventually([&] {
    return seen.With([](Seen& s) { return s.calls.back() == "3 look"; });
  }));
}

TEST(Leave, IsDoneByAllAtOnceWhenTheProgramEnds) {
  Guarded<Seen> seen;
  Gate may_leave;
  Scraper scraper;
  std::vector<Group> groups;
  for (int i = 0; i < 10; ++i)
    groups.push_back({std::to_string(i), nullptr, [&, i] {
                        std::vector<Target> targets;
                        targets.push_back(MakeTarget(std::to_string(i), nullptr));
                        targets[0].collector = std::make_unique<Leaver>("x", seen, may_leave);
                        return targets;
                      }});
  scraper.Set(groups);
  AwaitCalls(seen, 10);
  std::thread opener([&] {
    AwaitCalls(seen, 20);  // all of them leave
    may_leave.Open();
  });
  scraper.Leave(Deadline::In(20s));
  EXPECT_EQ(AwaitCalls(seen, 30).size(), 30u);
  opener.join();
}

TEST(Leave, WaitsForNoneThatIsStuck) {
  Gate gate;
  Guarded<Seen> seen;
  Gate may_leave;
  may_leave.Open();
  Scraper scraper;
  auto stuck = MakeTarget("stuck", nullptr, [&](const Deadline&) {
    gate.Wait();
    return Next{};
  });
  scraper.Set({OneGroup("g", std::move(stuck)), One("1", seen, may_leave)});
  AwaitCalls(seen, 1);
  Instant begin = Clock::now();
  scraper.Leave(Deadline::In(300ms));
  EXPECT_GE(Clock::now() - begin, 290ms);
  EXPECT_LT(Clock::now() - begin, 1s * kSlower);
  EXPECT_EQ(AwaitCalls(seen, 3).back(), "1 gone");
  gate.Open();
}

TEST(Leave, ComesAfterTheLookInFlightWhichIsAwaitedToItsDeadline) {
  Guarded<Seen> seen;
  Gate may_leave;
  may_leave.Open();
  struct Slow : Leaver {
    using Leaver::Leaver;
    Next Look(const Deadline& deadline) override {
      Leaver::Look(deadline);
      deadline.Wait(-1, 0);
      return {};
    }
  };
  Scraper scraper;
  scraper.Set({{"g", nullptr, [&] {
                  std::vector<Target> targets;
                  targets.push_back(MakeTarget("a", nullptr));
                  targets[0].look_deadline = 3s;
                  targets[0].collector = std::make_unique<Slow>("1", seen, may_leave);
                  return targets;
                }}});
  AwaitCalls(seen, 1);
  EXPECT_FALSE(scraper.Leave(Deadline::In(100ms)));
  EXPECT_TRUE(scraper.Leave(Deadline::In(20s)));
  EXPECT_EQ(AwaitCalls(seen, 3), (std::vector<std::string>{"1 look", "1 leave", "1 gone"}));
}

TEST(Leave, DoesNotAwaitALookBeyondItsDeadline) {
  Gate gate;
  Gate begun;
  Scraper scraper;
  auto stuck = MakeTarget("stuck", nullptr, [&](const Deadline&) {
    begun.Open();
    gate.Wait();
    return Next{};
  });
  scraper.Set({OneGroup("g", std::move(stuck))});
  ASSERT_TRUE(begun.Wait());
  const Instant begin = Clock::now();
  EXPECT_FALSE(scraper.Leave(Deadline::In(20s)));
  EXPECT_LT(Clock::now() - begin, 4s * kSlower);
  gate.Open();
}

TEST(Leave, GetsASecond) {
  Guarded<Seen> seen;
  Gate never;
  Scraper scraper;
  scraper.Set({One("1", seen, never)});
  AwaitCalls(seen, 1);
  Instant begin = Clock::now();
  scraper.Leave(Deadline::In(20s));
  EXPECT_GE(Clock::now() - begin, 900ms);
  EXPECT_LT(Clock::now() - begin, 3s * kSlower);
}

}  // namespace
