#include "exporters/pihole/query_counters.h"

#include <algorithm>
#include <random>

#include "exporters/pihole/api_answers.h"
#include "tests/pihole/recorded_answers.h"

namespace {

constexpr long long kSlot = 600;

HistorySlot SlotOf(long long time, double blocked, double cached, double forwarded,
                   double other = 0) {
  return {time, blocked + cached + forwarded + other, blocked, cached, forwarded};
}

double Sum(const ObservedQueries& q) {
  return q.blocked + q.other + q.cached.value_or(0) + q.forwarded.value_or(0);
}

// An FTL whose every query is known.
struct Truth {
  std::vector<HistorySlot> window;
  ObservedQueries all{0, 0, 0.0, 0.0};
  long long now = 300;

  Truth() {
    for (int i = 144; i >= 0; --i) window.push_back(SlotOf(now - i * kSlot, 0, 0, 0));
  }
  void Pass(long long slots) {
    for (long long i = 0; i < slots; ++i) {
      now += kSlot;
      window.erase(window.begin());
      window.push_back(SlotOf(now, 0, 0, 0));
    }
  }
  void Query(std::mt19937& random) {
    HistorySlot& slot = window.back();
    ++slot.total;
    switch (random() % 4) {
      case 0: ++slot.blocked; ++all.blocked; break;
      case 1: ++*slot.cached; ++*all.cached; break;
      case 2: ++*slot.forwarded; ++*all.forwarded; break;
      default: ++all.other;
    }
  }
};

TEST(QueryCounters, StartAtZeroWhateverWasBefore) {
  QueryCounters counters;
  EXPECT_FALSE(counters.counted());
  counters.Step({});
  EXPECT_FALSE(counters.counted());
  counters.Step(*ReadHistory(Answer::Recorded("v6/nopw_history")));
  ASSERT_TRUE(counters.counted());
  EXPECT_EQ(Sum(*counters.counted()), 0);
  EXPECT_EQ(counters.counted()->cached, 0);
}

// Looked at in any rhythm with gaps shorter than the window, nothing is lost or counted twice.
TEST(QueryCounters, EqualTheTruth) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Truth truth;
    QueryCounters counters;
    counters.Step(truth.window);
    for (int step = 0; step < 60; ++step) {
      for (unsigned queries = random() % 20; queries > 0; --queries) truth.Query(random);
      if (random() % 3 == 0) truth.Pass(random() % 10 == 0 ? random() % 70 : 1);
      if (random() % 2 == 0) continue;  // a gap: nobody looked
      auto shown = truth.window;
      if (random() % 4 == 0) std::shuffle(shown.begin(), shown.end(), random);
      if (random() % 4 == 0) shown.push_back(shown[random() % shown.size()]);  // a slot twice
      counters.Step(shown);
      counters.Step(shown);
    }
    counters.Step(truth.window);
    EXPECT_EQ(counters.counted()->blocked, truth.all.blocked) << seed;
    EXPECT_EQ(counters.counted()->cached, truth.all.cached) << seed;
    EXPECT_EQ(counters.counted()->forwarded, truth.all.forwarded) << seed;
    EXPECT_EQ(counters.counted()->other, truth.all.other) << seed;
  }
}

// Whatever comes, no counter falls.
TEST(QueryCounters, NeverFall) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    QueryCounters counters;
    ObservedQueries before{0, 0, 0.0, 0.0};
    for (int step = 0; step < 40; ++step) {
      std::vector<HistorySlot> history;
      for (unsigned i = random() % 6; i > 0; --i)
        history.push_back({static_cast<long long>(random() % 8) * kSlot, random() % 50 * 1.0,
                           random() % 30 * 1.0, random() % 20 * 1.0, random() % 20 * 1.0});
      counters.Step(history);
      if (!counters.counted()) continue;
      const ObservedQueries& now = *counters.counted();
      EXPECT_GE(now.blocked, before.blocked);
      EXPECT_GE(now.other, before.other);
      EXPECT_GE(now.cached.value_or(0), before.cached.value_or(0));
      EXPECT_GE(now.forwarded.value_or(0), before.forwarded.value_or(0));
      before = now;
    }
  }
}

TEST(QueryCounters, FtlThatForgotCountsFromThere) {
  QueryCounters counters;
  counters.Step({SlotOf(600, 10, 20, 30), SlotOf(1200, 5, 5, 5)});
  counters.Step({SlotOf(600, 10, 20, 30), SlotOf(1200, 8, 5, 5)});
  EXPECT_EQ(counters.counted()->blocked, 3);
  counters.Step({SlotOf(600, 0, 0, 0), SlotOf(1200, 1, 0, 0)});  // restarted
  EXPECT_EQ(counters.counted()->blocked, 3);
  counters.Step({SlotOf(600, 0, 0, 0), SlotOf(1200, 3, 1, 0)});
  EXPECT_EQ(counters.counted()->blocked, 5);
  EXPECT_EQ(counters.counted()->cached, 1);
  // The end of the window: what leaves it makes a slot shrink, which is no query.
  counters.Step({SlotOf(1200, 2, 1, 0), SlotOf(1800, 4, 0, 0)});
  EXPECT_EQ(counters.counted()->blocked, 9);
  // A slot from before all that was seen is not new.
  counters.Step({SlotOf(0, 50, 0, 0), SlotOf(1800, 4, 0, 0)});
  EXPECT_EQ(counters.counted()->blocked, 9);
}

// While a query waits for its answer it is neither; it is counted once.
TEST(QueryCounters, AQueryInFlightIsCountedOnce) {
  QueryCounters counters;
  counters.Step({SlotOf(600, 0, 0, 0)});
  for (int i = 1; i <= 5; ++i) {
    counters.Step({SlotOf(600, 0, 0, i - 1, 1)});
    counters.Step({SlotOf(600, 0, 0, i, 0)});
  }
  EXPECT_EQ(counters.counted()->forwarded, 5);
  EXPECT_EQ(counters.counted()->other, 1);
  // Retries make the parts more than the whole.
  counters.Step({{1200, 5, 1, 3.0, 4.0}});
  EXPECT_EQ(counters.counted()->forwarded, 9);
  EXPECT_EQ(counters.counted()->other, 1);
}

TEST(QueryCounters, OfVersionFive) {
  QueryCounters counters;
  counters.Step({{600, 10, 4, {}, {}}});
  counters.Step({{600, 20, 5, {}, {}}});
  EXPECT_EQ(counters.counted()->blocked, 1);
  EXPECT_EQ(counters.counted()->other, 9);
  EXPECT_EQ(counters.counted()->cached, std::nullopt);
  EXPECT_EQ(counters.counted()->forwarded, std::nullopt);
}

}  // namespace
