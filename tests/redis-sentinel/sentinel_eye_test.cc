#include "exporters/redis-sentinel/sentinel_eye.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/redis-sentinel/node_eye.h"
#include "tests/redis-sentinel/recorded.h"

namespace {

using testing::HasSubstr;

// The answers of a real Sentinel to the batch for mymaster.
Results Recorded(const std::string& flavor) {
  Results recorded = RepliesIn(RecordedFile(flavor + ".resp"));
  EXPECT_EQ(recorded.size(), 6u);  // the last one is of another command
  Reply info{Reply::kString, 0, RecordedFile(flavor + ".sentinel.info"), {}};
  Reply address{Reply::kArray, 0, "", {}};
  for (auto* word : {"10.0.0.1", "6379"}) address.items.push_back({Reply::kString, 0, word, {}});
  return {info, recorded[1], recorded[2], recorded[3], recorded[4], address};
}

TEST(SentinelAnswers, TheBatchAsksForEveryName) {
  EXPECT_EQ(SentinelBatch({}).size(), 2u);
  Batch batch = SentinelBatch({"a", "b"});
  ASSERT_EQ(batch.size(), 10u);
  EXPECT_EQ(batch[0], (Command{"INFO"}));
  EXPECT_EQ(batch[1], (Command{"SENTINEL", "MASTERS"}));
  EXPECT_EQ(batch[2], (Command{"SENTINEL", "REPLICAS", "a"}));
  EXPECT_EQ(batch[9], (Command{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "b"}));
}

TEST(SentinelAnswers, AreTakenApart) {
  for (std::string flavor : {"redis7.0", "redis8.0", "valkey8.1"}) {
    SCOPED_TRACE(flavor);
    auto look = TakeSentinelAnswers(Recorded(flavor), {"mymaster"});
    ASSERT_TRUE(look.ok()) << look.status();
    EXPECT_TRUE(look->status.ok()) << look->status;
    EXPECT_EQ(look->info->monitored_masters, 1);
    ASSERT_EQ(look->views.size(), 1u);
    const MasterView& view = look->views[0];
    EXPECT_EQ(view.master.name, "mymaster");
    EXPECT_EQ(static_cast<int>(view.replicas.size()), view.master.replicas);
    EXPECT_EQ(static_cast<int>(view.sentinels.size()), view.master.other_sentinels);
    EXPECT_TRUE(view.quorum);
    EXPECT_EQ(ToText(*view.address), "10.0.0.1:6379");
  }
}

TEST(SentinelAnswers, AMasterThatWasNotAskedForHasNoView) {
  Results results = Recorded("redis7.0");
  results.resize(2, absl::UnknownError(""));
  auto look = TakeSentinelAnswers(results, {});
  ASSERT_TRUE(look.ok());
  EXPECT_TRUE(look->status.ok());
  EXPECT_TRUE(look->views.empty());
}

TEST(SentinelAnswers, AMasterThatIsMonitoredNoMoreHasNoView) {
  Results results = Recorded("redis7.0");
  for (int i = 0; i < 4; ++i) results.insert(results.begin() + 2, ErrorOf("ERR No such master"));
  auto look = TakeSentinelAnswers(results, {"gone", "mymaster"});
  ASSERT_TRUE(look.ok());
  EXPECT_TRUE(look->status.ok());
  EXPECT_EQ(look->views.size(), 1u);
}

TEST(SentinelAnswers, WithoutInfoOrMastersThereIsNothing) {
  for (int missing : {0, 1}) {
    Results results = Recorded("redis7.0");
    results[missing] = ErrorOf("NOPERM this user has no permissions");
    auto look = TakeSentinelAnswers(results, {"mymaster"});
    EXPECT_TRUE(absl::IsPermissionDenied(look.status())) << look.status();
  }
}

TEST(SentinelAnswers, AViewWithAHoleIsNone) {
  for (int missing : {2, 3, 5}) {
    Results results = Recorded("redis7.0");
    results[missing] = ErrorOf("NOPERM this user has no permissions");
    auto look = TakeSentinelAnswers(results, {"mymaster"});
    ASSERT_TRUE(look.ok());
    EXPECT_TRUE(absl::IsPermissionDenied(look->status)) << look->status;
    EXPECT_TRUE(look->views.empty());
    EXPECT_TRUE(look->info);
  }
}

TEST(SentinelAnswers, TheQuorumMayBeMissingOrDenied) {
  Results results = Recorded("redis7.0");
  results[4] = ErrorOf("NOPERM this user has no permissions");
  auto look = TakeSentinelAnswers(results, {"mymaster"});
  ASSERT_TRUE(look.ok());
  EXPECT_TRUE(absl::IsPermissionDenied(look->status));
  ASSERT_EQ(look->views.size(), 1u);
  EXPECT_FALSE(look->views[0].quorum);
  results[4] = ErrorOf("NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the "
                       "majority and authorize a failover");
  look = TakeSentinelAnswers(results, {"mymaster"});
  EXPECT_TRUE(look->status.ok()) << look->status;
  EXPECT_FALSE(look->views.at(0).quorum->majority);
}

TEST(SentinelAnswers, ASentinelTellsOfItself) {
  auto look = TakeSentinelAnswers(Recorded("redis7.0"), {"mymaster"});
  ASSERT_TRUE(look.ok());
  Samples samples;
  ShowSentinel(*look->info, 1000.5, 2000, samples);
  std::string page = RenderPage({&samples}, Format::kText);
  EXPECT_THAT(page, HasSubstr("\nredis_sentinel_tilt_active 0\n"));
  EXPECT_THAT(page, HasSubstr("\nredis_sentinel_sentinel_monitored_masters 1\n"));
  EXPECT_THAT(page, HasSubstr("\nredis_sentinel_sentinel_start_timestamp_seconds 1000.5\n"));
}

}  // namespace
