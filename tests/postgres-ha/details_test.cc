// The details of a server from recorded answers, complete ones and damaged ones.
#include "exporters/postgres-ha/details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgres-ha/recorded_answers.h"

namespace {

TEST(Details, MissingRightsLeaveTheRestComplete) {
  auto answers = PrimaryAnswers();
  answers[0] = Recorded("100|3|on||on|replica|0|NULL|t|NULL|f|1795379000");
  Samples samples;
  auto status = ShowDetails(answers, false, samples);
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  std::string page = RenderPage({&samples}, Format::kText);
  EXPECT_THAT(page, testing::HasSubstr("postgres_ha_max_connections 100"));
  EXPECT_THAT(page, testing::HasSubstr("postgres_ha_slot_active{slot=\"pg2\"} 1"));
  EXPECT_THAT(page, testing::HasSubstr("oldest_prepared_transaction_start_timestamp_seconds 1795379000"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("postgres_ha_connections{")));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("postgres_ha_application_connections")));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("oldest_transaction")));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("sender")));
}

TEST(Details, AFailedStatementOrAStrangeShapeTakesOnlyItsOwnSeries) {
  auto answers = PrimaryAnswers();
  answers[1] = absl::InvalidArgumentError("activity: no such view");
  answers[3] = Recorded("only|two");
  Samples samples;
  EXPECT_FALSE(ShowDetails(answers, false, samples).ok());
  std::string page = RenderPage({&samples}, Format::kText);
  EXPECT_THAT(page, testing::HasSubstr("postgres_ha_archiver_archived_total 8"));
  EXPECT_THAT(page, testing::HasSubstr("postgres_ha_slot_active"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("postgres_ha_connections{")));
}

// What vanishes from the page has a reason, and the right one.
TEST(Details, AStrangeShapeIsSaid) {
  for (std::size_t i = 0; i < PrimaryAnswers().size(); ++i) {
    auto answers = PrimaryAnswers();
    answers[i] = Recorded("only|two");
    if (i == 0) answers[i] = Recorded("only|two|and|one");
    if (i == 1 || i == 2) answers[i] = Recorded("only|two|of|them|five");
    Samples samples;
    auto status = ShowDetails(answers, false, samples);
    EXPECT_EQ(status.message(), "details of an unexpected shape") << i;
  }
}

}  // namespace
