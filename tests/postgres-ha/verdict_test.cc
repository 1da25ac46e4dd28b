// The verdict on recorded failovers and on invented ones.
#include "exporters/postgres-ha/verdict.h"

#include <gtest/gtest.h>

#include "tests/postgres-ha/replay.h"

namespace {

DataSet Replay(const std::string& timeline) {
  DataSet set(TwoSites());
  for (auto& evidence : Timeline(timeline)) set.Step(evidence, NowAt(EndOf(evidence)));
  return set;
}

// What a recorded timeline must say. `seconds` is the time without a writable member as the poll of
// the recording saw it (first writable minus last writable, at 100 ms).
struct Recorded {
  const char* timeline;
  int outages;
  double seconds;
  const char *kind, *from, *to;  // of the failover; "" for none
  const char* incident;
  double split_brain_seconds;
};

class RecordedTest : public testing::TestWithParam<Recorded> {};

TEST_P(RecordedTest, GivesTheRecordedKindAndDuration) {
  const Recorded& want = GetParam();
  DataSet set = Replay(want.timeline);
  auto& outages = set.postgres().outages();
  ASSERT_EQ(outages.size(), static_cast<std::size_t>(want.outages));
  if (want.outages) {
    auto& outage = outages.back();
    ASSERT_TRUE(outage.mid_seconds && outage.high_seconds);
    EXPECT_NEAR(*outage.mid_seconds, want.seconds, 0.3);
    EXPECT_LE(outage.low_seconds, want.seconds);
    EXPECT_GE(*outage.high_seconds, want.seconds);
  }
  auto& failovers = set.postgres().failovers();
  ASSERT_EQ(failovers.size(), *want.kind ? 1u : 0u);
  if (*want.kind) {
    EXPECT_EQ(failovers.back().kind, want.kind);
    EXPECT_EQ(failovers.back().from, want.from);
    EXPECT_EQ(failovers.back().to, want.to);
  }
  for (auto& [kind, n] : set.incidents()) EXPECT_EQ(n, kind == want.incident) << kind;
}

INSTANTIATE_TEST_SUITE_P(
    Timelines, RecordedTest,
    testing::Values(Recorded{"sw1", 1, 1.4, "switchover", "pg1", "pg2", "", 0},
                    Recorded{"ka1", 1, 23.2, "failover", "pg2", "pg1", "", 0},
                    Recorded{"kl1", 1, 24.6, "failover", "pg1", "pg2", "", 0},
                    Recorded{"idle1", 1, 21.3, "failover", "pg2", "pg1", "", 0},
                    Recorded{"kp1", 1, 11.0, "", "", "", "in_place_recovery", 0},
                    Recorded{"spat1", 0, 0, "", "", "", "", 11.4},
                    Recorded{"site", 1, 9.4, "failover", "pg1", "pgc1", "", 58}),
    [](auto& p) { return std::string(p.param.timeline); });

}  // namespace
