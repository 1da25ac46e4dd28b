#include "exporters/postgres-ha/patroni_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace {

std::string Recorded(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/postgres-ha/fixtures/history/" + name + ".json");
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

struct Case {
  const char* file;
  std::size_t lines;
  Promotion last;
};

class HistoryTest : public testing::TestWithParam<Case> {};

TEST_P(HistoryTest, ReadsTheRecordedAnswer) {
  const Case& c = GetParam();
  auto history = ParseHistory(Recorded(c.file));
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->size(), c.lines);
  if (c.lines == 0) return;
  for (std::size_t i = 0; i < c.lines; ++i)
    EXPECT_EQ((*history)[i].ended_timeline, static_cast<int>(i) + 1);
  EXPECT_EQ(history->back().switch_position, c.last.switch_position);
  EXPECT_EQ(history->back().leader, c.last.leader);
  ASSERT_TRUE(history->back().unix_seconds);
  EXPECT_NEAR(*history->back().unix_seconds, *c.last.unix_seconds, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(
    Recorded, HistoryTest,
    testing::Values(
        Case{"normal.pg1", 0, {}},
        Case{"etcd_frozen.pg1", 14, {14, 185617776, 1795369841.506539, "pg1"}},
        Case{"ka1", 4, {4, 117642120, 1795368582.238496, "pg1"}},
        Case{"kl1", 13, {13, 185292432, 1795369769.598537, "pg2"}},
        Case{"kp1", 7, {7, 134217888, 1795368847.814505, "pg1"}},
        Case{"site_cloud_after_promote.pgc1", 17, {17, 202379216, 1795371028.614580, "pgc1"}},
        Case{"spat1", 10, {10, 184549536, 1795369032.582512, "pg1"}},
        Case{"sw1", 1, {1, 83886240, 1795368433.738491, "pg2"}}));

TEST(History, InheritedLinesHaveNeitherTimeNorLeader) {
  auto history = ParseHistory(Recorded("site_cloud_after_promote.pgc1"));
  ASSERT_TRUE(history.ok());
  EXPECT_EQ((*history)[15].leader, "");
  EXPECT_EQ((*history)[15].unix_seconds, std::nullopt);
  EXPECT_EQ((*history)[15].switch_position, 201858624);
  EXPECT_EQ((*history)[16].leader, "pgc1");
}

TEST(History, KeepsTheLastThousand) {
  std::string body = "[";
  for (int i = 1; i <= 1500; ++i) body += (i > 1 ? ",[" : "[") + std::to_string(i) + ",7,\"\"]";
  auto history = ParseHistory(body + "]");
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->size(), 1000u);
  EXPECT_EQ(history->front().ended_timeline, 501);
  EXPECT_EQ(history->back().ended_timeline, 1500);
}

TEST(History, DamagedAnswersAreDataLoss) {
  for (auto* body : {"", "{}", "[", "null", "[1]", "[[]]", "[[1,2]]", R"([["1",2,""]])",
                     R"([[0,2,""]])", R"([[-1,2,""]])", R"([[2147483647,2,""]])",
                     R"([[1,"2",""]])", R"([[1,-2,""]])", R"([[1,2.5,""]])",
                     R"([[2,2,""],[1,2,""]])", R"([[1,2,""],[1,2,""]])", R"([[1,2,""],{}])"})
    EXPECT_EQ(ParseHistory(body).status().code(), absl::StatusCode::kDataLoss) << body;
}

TEST(History, WhatCannotBeReadIsAbsent) {
  auto history = ParseHistory(R"([[1,2,"",null,null],[2,3,"","yesterday",7,"more"]])");
  ASSERT_TRUE(history.ok()) << history.status();
  for (auto& promotion : *history) {
    EXPECT_EQ(promotion.unix_seconds, std::nullopt);
    EXPECT_EQ(promotion.leader, "");
  }
}

TEST(IsoTime, KnowsOffsetsAndFractions) {
  EXPECT_EQ(ParseIsoTime("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ParseIsoTime("2026-11-22T17:27:13+00:00"), 1795368433);
  EXPECT_EQ(ParseIsoTime("2026-11-22 17:27:13-00:00"), 1795368433);
  EXPECT_EQ(ParseIsoTime("2026-11-22T22:57:13+05:30"), 1795368433);
  EXPECT_EQ(ParseIsoTime("2026-11-22T14:27:13-03:00:00"), 1795368433);
  EXPECT_EQ(ParseIsoTime("2026-11-22T17:27:13.5Z"), 1795368433.5);
  EXPECT_NEAR(*ParseIsoTime("2026-11-22T17:27:13.738491+00:00"), 1795368433.738491, 1e-6);
  EXPECT_EQ(ParseIsoTime("2024-02-29T00:00:00Z"), 1709164800);
}

TEST(IsoTime, RefusesTheRest) {
  for (auto* text : {"", "now", "2026-11-22", "2026-11-22T17:27", "2026-11-22T17:27:13",
                     "2026-11-22T17:27:13.5", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
                     "2026-00-01T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T00:60:00Z",
                     "2026-11-22T17:27:13Zulu", "2026-11-22T17:27:13+1", "2026-11-22T17:27:13+0530",
                     "26-11-22T17:27:13Z", "2026-1-22T17:27:13Z", "-026-11-22T17:27:13Z",
                     "2026-11-22T17:27:13+99:00", "2026-11-22x17:27:13Z"})
    EXPECT_EQ(ParseIsoTime(text), std::nullopt) << text;
}

}  // namespace
