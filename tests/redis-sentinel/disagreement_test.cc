// For how long Sentinels sent clients to different masters.
#include "exporters/redis-sentinel/disagreement.h"

#include <gtest/gtest.h>

#include "tests/redis-sentinel/replay.h"

namespace {

const std::string kS1 = "s1", kS2 = "s2", kS3 = "s3";
const std::string kSeconds = "redis_sentinel_master_disagreement_seconds_total";

struct Named {
  double at;  // begin; it takes 0.1 s
  std::string sentinel, node;
};

double SecondsOf(const std::vector<Named>& looks) {
  Disagreement disagreement;
  for (auto& look : looks)
    disagreement.Named(look.sentinel, look.node, At(look.at), At(look.at + 0.1));
  Samples samples;
  disagreement.Show("m", samples);
  std::string page = RenderPage({&samples}, Format::kText);
  return std::stod(page.substr(page.rfind(' ')));
}

double SecondsAfter(const std::string& timeline) {
  Deployment deployment(OneDeployment());
  auto all = Timeline(timeline);
  for (auto& e : all) deployment.Step(e, NowAt(EndOf(e)));
  return ValueOf(deployment, EndOf(all.back()), kSeconds + "{master_name=\"mymaster\"}");
}

// From the change on one side of the cut, 3.17 s, to the news on the other, 12.19 s.
TEST(Disagreement, NetworkCut) { EXPECT_NEAR(SecondsAfter("partition"), 9.02, 0.5); }

// In the recording the Sentinel that leads names the old master for another 1.03 s, of which its
// looks, 0.9 s apart, prove those from 2.844 to 3.028 s.
TEST(Disagreement, AFailoverIsOneForAMoment) {
  EXPECT_NEAR(SecondsAfter("kill9"), 0.184, 0.001);
  EXPECT_EQ(SecondsAfter("noreplica"), 0);
}

// All may have changed between the looks, at once.
TEST(Disagreement, OneLookEachProvesNothing) {
  EXPECT_EQ(SecondsOf({}), 0);
  EXPECT_EQ(SecondsOf({{0, kS1, "a"}, {1, kS2, "a"}, {5, kS1, "b"}, {6, kS2, "b"}}), 0);
  EXPECT_EQ(SecondsOf({{0, kS1, "a"}, {1, kS2, "b"}, {5, kS1, "b"}}), 0);
}

TEST(Disagreement, CountsBetweenLooksThatStandByIt) {
  EXPECT_NEAR(SecondsOf({{0, kS1, "a"}, {1, kS2, "b"}, {5, kS1, "a"}, {6, kS2, "b"}}), 3.9, 1e-6);
}

TEST(Disagreement, CountsNoSecondTwice) {
  EXPECT_NEAR(SecondsOf({{0, kS1, "a"}, {0, kS2, "b"}, {0, kS3, "c"},
                         {5, kS1, "a"}, {5, kS2, "b"}, {5, kS3, "c"}}), 4.9, 1e-6);
}

TEST(Disagreement, ALongSilenceIsNotCounted) {
  EXPECT_EQ(SecondsOf({{0, kS1, "a"}, {0, kS2, "b"}, {60, kS1, "a"}, {60, kS2, "b"}}), 0);
}

}  // namespace
