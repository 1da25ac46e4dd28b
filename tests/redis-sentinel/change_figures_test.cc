// What is known of the last change of master, over a restart.
#include "exporters/redis-sentinel/change_figures.h"

#include <gtest/gtest.h>

#include "absl/strings/str_format.h"

#include "tests/redis-sentinel/deployed.h"

namespace {

std::string PageOf(const ChangeFigures& figures) {
  Samples samples;
  ShowChange(figures, "m", samples);
  return RenderPage({&samples}, Format::kText);
}

ChangeFigures Read(const std::string& text) {
  auto json = Json::Parse(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? ReadChange(json->view()) : ChangeFigures();
}

TEST(ChangeFigures, ComeBackAsTheyWere) {
  ChangeFigures some;
  some.lost_low_writes = 540;
  some.unreachable_high_seconds = 2.5;
  some.phase_seconds = {{"detect", 1.53}, {"demote", 10.25}};
  ChangeFigures all = some;
  all.lost_writes = 550;
  all.lost_high_writes = 560;
  all.unreachable_low_seconds = 1.25;
  for (auto& figures : {ChangeFigures(), some, all})
    EXPECT_EQ(PageOf(Read(ToJson(figures))), PageOf(figures));
  EXPECT_NE(PageOf(all).find("phase=\"demote\"} 10.25\n"), std::string::npos);
}

TEST(ChangeFigures, WhatMakesNoSenseIsUnknown) {
  for (auto* text : {"{}", "[]", "7", R"({"lost_writes":-1,"lost_low_writes":"1"})",
                     R"({"lost_writes":1e300,"phase_seconds":{"detect":-2,"lunch":3}})",
                     R"({"phase_seconds":[1]})"})
    EXPECT_EQ(PageOf(Read(text)), PageOf({})) << text;
}

Deployment After(const std::vector<RedisEvidence>& all) {
  Deployment d(OneDeployment());
  Step(d, all);
  return d;
}

// To the millisecond and to a thousandth of a write: the file is no more exact than a millionth.
std::string ChangeOn(const Deployment& d, double at) {
  Samples samples;
  d.Show(NowAt(at), samples);
  std::istringstream page(RenderPage({&samples}, Format::kText));
  std::string lines;
  for (std::string line; std::getline(page, line);)
    if (auto space = line.rfind(' '); line.starts_with("redis_sentinel_last_failover_"))
      lines += absl::StrFormat("%s %.3f\n", line.substr(0, space), std::stod(line.substr(space)));
  return lines;
}

// RedisWritesLost is told of for an hour, also by a new process.
TEST(ChangeFigures, SurviveARestart) {
  auto all = Timeline("manual");
  for (auto& e : all)
    if (auto* look = std::get_if<NodeLook>(&e.seen); look != nullptr && look->info) {
      look->info->unsaved_changes = look->info->offset_bytes.value_or(0) / 50;
      look->info->rdb_last_save_unix = 1;
    }
  Deployment d = After(all);
  const double end = EndOf(all.back());
  const std::string before = ChangeOn(d, end);
  for (std::string word : {"lost_writes{", "lost_low_writes{", "\"elect\"", "\"demote\""})
    ASSERT_NE(before.find(word), before.npos) << word << before;
  Deployment later(OneDeployment());
  ASSERT_TRUE(later.Restore(d.Facts(NowAt(end)), NowAt(end + 60)).ok());
  EXPECT_EQ(ChangeOn(later, end + 60), before);
  // Nobody saw the next change.
  Step(later, AllSentinels(end + 61, k2, 9));
  EXPECT_EQ(ChangeOn(later, end + 63), "");
}

// The old master goes on: what it had lost by the restart is a low bound.
TEST(ChangeFigures, WhatStillGrowsIsKeptAsALowBound) {
  std::vector<RedisEvidence> all;
  for (auto& e : Timeline("manual")) {
    if (EndOf(e) > 9) break;
    all.push_back(e);
    if (auto* look = std::get_if<NodeLook>(&all.back().seen); look != nullptr && look->info) {
      look->info->unsaved_changes = look->info->offset_bytes.value_or(0) / 50;
      look->info->rdb_last_save_unix = 1;
    }
  }
  Deployment d = After(all);
  ASSERT_NE(ChangeOn(d, 9).find("lost_high_writes{"), std::string::npos) << ChangeOn(d, 9);
  Deployment later(OneDeployment());
  ASSERT_TRUE(later.Restore(d.Facts(NowAt(9)), NowAt(10)).ok());
  EXPECT_GT(ValueOf(later, 10, "redis_sentinel_last_failover_lost_low_writes" + kName), 0);
  EXPECT_EQ(ChangeOn(later, 10).find("lost_high_writes{"), std::string::npos);
  EXPECT_EQ(ChangeOn(later, 10).find("lost_writes{"), std::string::npos);
}

// Facts are written when they change: also by a phase that ends after all else is known.
TEST(ChangeFigures, APhaseThatEndsIsWritten) {
  Deployment d(OneDeployment());
  Step(d, AllSentinels(0, k1));
  Step(d, {NodeEvidence(0.5, 0.51, k1, MasterInfo()),
           EventEvidence(0.9, 1, kS1, "+try-failover", "master mymaster 10.88.0.11 6379"),
           EventEvidence(1.9, 2, kS1, "+switch-master",
                         "mymaster 10.88.0.11 6379 10.88.0.12 6379")});
  const int revision = d.facts_revision();
  Step(d, {EventEvidence(2.9, 3, kS1, "+failover-end", "master mymaster 10.88.0.11 6379")});
  EXPECT_GT(d.facts_revision(), revision);
  EXPECT_NE(d.Facts(NowAt(4)).find("\"reconfigure\":1.0"), std::string::npos) << d.Facts(NowAt(4));
}

}  // namespace
