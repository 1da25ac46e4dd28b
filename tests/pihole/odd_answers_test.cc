// Answers as no Pi-hole should give them: each costs its own value and no more.
#include <functional>
#include <map>
#include <set>

#include "absl/strings/str_format.h"
#include "exporters/pihole/api_answers.h"
#include "tests/pihole/recorded_answers.h"

namespace {

using ::testing::HasSubstr;

using Reader = std::function<absl::Status(JsonView)>;

template <class T>
Reader StatusOf(absl::StatusOr<T> (*read)(JsonView)) {
  return [read](JsonView answer) { return read(answer).status(); };
}

// All readers, with the recorded answer that each can read.
std::map<std::string, Reader> Readers() {
  return {{"v6/nopw_info_metrics", StatusOf(ReadReplyCounters)},
          {"v6/nopw_stats_summary", StatusOf(ReadQuerySummary)},
          {"v6/nopw_dns_blocking", StatusOf(ReadBlocking)},
          {"v6/nopw_stats_upstreams", StatusOf(ReadUpstreams)},
          {"v6/nopw_history", StatusOf(ReadHistory)},
          {"v6/nopw_info_ftl", StatusOf(ReadFtl)},
          {"v6/nopw_info_messages", StatusOf(ReadMessages)},
          {"v6/nopw_lists", StatusOf(ReadLists)},
          {"v6/nopw_info_version", StatusOf(ReadVersion)},
          {"v6/nopw_info_database", StatusOf(ReadDatabase)},
          {"v6/nopw_info_system", [](JsonView a) { return ReadSystem(a, {}).status(); }},
          {"v6/nopw_auth_sessions", [](JsonView a) { return ReadSeats(a, "us").status(); }},
          {"v6/nopw_config", StatusOf(ReadSeatsMax)},
          {"v5/combined", StatusOf(ReadLegacy)}};
}

// An answer to another question, an error, garbage: DataLoss, and none is taken for one of another
// path.
TEST(OddAnswers, OnlyTheAnswerToTheQuestionIsRead) {
  for (auto& [own, read] : Readers()) {
    EXPECT_TRUE(read(Answer::Recorded(own)).ok()) << own;
    for (auto& [other, unused] : Readers())
      EXPECT_EQ(read(Answer::Recorded(other)).ok(), other == own) << own << " " << other;
    for (std::string text : {"null", "7", "\"text\"", "{}", "[7]", "true", "{\"took\": 1}",
                             "{\"error\": 3}"}) {
      auto status = read(Answer(text));
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << own << " " << text << " " << status;
    }
    EXPECT_EQ(read(JsonView()).code(), absl::StatusCode::kDataLoss) << own;
  }
}

TEST(OddAnswers, TheErrorOfTheApiIsNamed) {
  auto lists = ReadLists(Answer::Recorded("v6/corruptgravity_lists"));
  EXPECT_EQ(lists.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(lists.status().message()),
              HasSubstr("/api/lists: the Pi-hole says: Could not read domains"));
  auto version = ReadVersion(Answer::Recorded("v6/nopw_nogravity_info_version"));
  EXPECT_THAT(std::string(version.status().message()), HasSubstr("Failed to read"));
}

// Every leaf in turn is something else: what is left is read.
TEST(OddAnswers, AMissingFieldDropsOnlyItself) {
  Answer text(R"({"queries": {"total": "338", "blocked": 115, "types": {"A": null, "B": 2}},
                  "clients": [], "gravity": 7})");
  auto summary = ReadQuerySummary(text);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->total, std::nullopt);
  EXPECT_EQ(summary->blocked, 115);
  ASSERT_EQ(summary->types.size(), 1u);
  EXPECT_EQ(summary->types[0].first, "B");
  EXPECT_EQ(summary->clients_active, std::nullopt);
  EXPECT_FALSE(summary->gravity_failed);

  auto counters = ReadReplyCounters(Answer(R"({"metrics": {"dns": {"replies": {"local": -1}}}})"));
  ASSERT_TRUE(counters.ok());
  EXPECT_EQ(counters->local, std::nullopt);
  EXPECT_EQ(counters->cache_size, std::nullopt);

  auto history = ReadHistory(Answer(R"({"history": [{"timestamp": 1.5, "total": 1, "blocked": 0},
      {"timestamp": 600, "total": 4, "blocked": -1}, 9,
      {"timestamp": 1200, "total": 4, "blocked": 1}]})"));
  ASSERT_EQ(history->size(), 1u);
  EXPECT_EQ((*history)[0].unix_seconds, 1200);
  EXPECT_EQ((*history)[0].cached, std::nullopt);

  // So large that it is no count, and 1024 times it no number.
  auto system = ReadSystem(Answer(R"({"system": {"memory": {"ram": {"total": 1e308}}}})"), {});
  EXPECT_EQ(system->memory_total_bytes, std::nullopt);
}

TEST(OddAnswers, KindsAreBoundedAndNothingOfThemIsLost) {
  std::string types, messages, content, upstreams;
  for (int i = 0; i < 100; ++i) {
    types += absl::StrFormat("%s\"T%d\": 1", i ? "," : "", i);
    messages += absl::StrFormat("%s{\"type\": \"T%d\"}", i ? "," : "", i);
    content += absl::StrFormat("%s{\"name\": \"T%d\", \"count\": {\"valid\": 1, \"stale\": 2}}",
                               i ? "," : "", i);
    upstreams += absl::StrFormat("%s{\"ip\": \"10.0.0.%d\", \"port\": 53, \"count\": 1}",
                                 i ? "," : "", i);
  }
  Counts counts = ReadQuerySummary(Answer("{\"queries\": {\"types\": {" + types + "}}}"))->types;
  ASSERT_EQ(counts.size(), 65u);
  EXPECT_EQ(counts[64], (std::pair<std::string, double>("other", 36)));
  counts = ReadMessages(Answer("{\"messages\": [" + messages + "]}"))->types;
  EXPECT_EQ(counts.size(), 65u);
  EXPECT_EQ(counts[64].second, 36);
  auto cache = ReadReplyCounters(
      Answer("{\"metrics\": {\"dns\": {\"cache\": {\"content\": [" + content + "]}}}}"));
  ASSERT_EQ(cache->cache_content.size(), 65u);
  EXPECT_EQ(cache->cache_content[64].type, "other");
  EXPECT_EQ(cache->cache_content[64].valid, 36);
  EXPECT_EQ(cache->cache_content[64].stale, 72);
  EXPECT_EQ(ReadUpstreams(Answer("{\"upstreams\": [" + upstreams + "]}"))->size(), 64u);
}

// Two series of the same name would cost the whole page.
TEST(OddAnswers, NamesAreCutBetweenCharactersAndStandOnce) {
  std::string long_name(62, 'x');
  Answer two("{\"queries\": {\"types\": {\"" + long_name + "\u00e4\u00f6\": 1, \"" + long_name +
             "\u00e4\u00fc\": 2}}}");
  auto types = ReadQuerySummary(two)->types;
  ASSERT_EQ(types.size(), 1u);
  EXPECT_EQ(types[0].first, long_name + "\u00e4");
  EXPECT_EQ(types[0].second, 3);
  auto upstreams = ReadUpstreams(Answer(R"({"upstreams": [{"ip": "a", "port": 53, "count": 1},
      {"ip": "a", "port": 53, "count": 2}, {"ip": "a", "port": 70000, "count": 2},
      {"ip": "a", "port": 0, "count": 2}, {"ip": "", "port": 1, "count": 2}]})"));
  ASSERT_EQ(upstreams->size(), 1u);
  EXPECT_EQ((*upstreams)[0].queries, 1);
}

}  // namespace
