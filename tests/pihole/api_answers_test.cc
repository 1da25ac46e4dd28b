#include "exporters/pihole/api_answers.h"

#include <map>

#include "tests/pihole/recorded_answers.h"

namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

// The count of `kind`, -1 if it is not there.
double Of(const Counts& counts, std::string_view kind) {
  for (auto& [name, n] : counts)
    if (name == kind) return n;
  return -1;
}

TEST(ApiAnswers, CountersOfRepliesAndCache) {
  auto read = ReadReplyCounters(Answer::Recorded("v6/nopw_info_metrics"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->local, 277);
  EXPECT_EQ(read->forwarded, 65);
  EXPECT_EQ(read->optimized, 4);
  EXPECT_EQ(read->unanswered, 10);
  EXPECT_EQ(read->authoritative, 0);
  EXPECT_EQ(read->cache_size, 10000);
  EXPECT_EQ(read->cache_inserted, 10);
  EXPECT_EQ(read->cache_evicted, 0);
  ASSERT_EQ(read->cache_content.size(), 5u);
  EXPECT_EQ(read->cache_content[1].type, "A");
  EXPECT_EQ(read->cache_content[1].valid, 13);
  EXPECT_EQ(read->cache_content[1].stale, 0);

  auto failed = ReadReplyCounters(Answer::Recorded("v6/dnsfailed_info_metrics"));
  ASSERT_TRUE(failed.ok());
  EXPECT_TRUE(failed->cache_content.empty());
  EXPECT_EQ(failed->local, 0);
}

TEST(ApiAnswers, SummaryOfTheWindow) {
  auto read = ReadQuerySummary(Answer::Recorded("v6/nopw_stats_summary"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->total, 338);
  EXPECT_EQ(read->blocked, 115);
  EXPECT_EQ(read->forwarded, 58);
  EXPECT_EQ(read->cached, 165);
  EXPECT_EQ(read->unique_domains, 80);
  EXPECT_EQ(read->frequency, 9.4);
  EXPECT_EQ(read->clients_active, 2);
  EXPECT_EQ(read->clients_known, 2);
  EXPECT_EQ(read->types.size(), 16u);
  EXPECT_EQ(Of(read->types, "AAAA"), 39);
  EXPECT_EQ(read->statuses.size(), 19u);
  EXPECT_EQ(Of(read->statuses, "GRAVITY"), 106);
  EXPECT_EQ(read->replies.size(), 14u);
  EXPECT_EQ(Of(read->replies, "REFUSED"), 23);
  EXPECT_EQ(read->gravity_domains, 100007);
  EXPECT_FALSE(read->gravity_failed);
  EXPECT_EQ(read->gravity_update_unix, 1795369165);
}

// -2 is no number of domains, and 0 no time.
TEST(ApiAnswers, GravityThatCannotBeReadIsNoNumber) {
  for (std::string name : {"corruptgravity", "nopw_nogravity"}) {
    auto summary = ReadQuerySummary(Answer::Recorded("v6/" + name + "_stats_summary"));
    ASSERT_TRUE(summary.ok()) << name;
    EXPECT_TRUE(summary->gravity_failed) << name;
    EXPECT_EQ(summary->gravity_domains, std::nullopt) << name;
    EXPECT_EQ(summary->gravity_update_unix, std::nullopt) << name;
    EXPECT_TRUE(summary->total) << name;
    auto ftl = ReadFtl(Answer::Recorded("v6/" + name + "_info_ftl"));
    ASSERT_TRUE(ftl.ok()) << name;
    EXPECT_TRUE(ftl->gravity_failed) << name;
  }
  auto corrupt = ReadFtl(Answer::Recorded("v6/corruptgravity_info_ftl"));
  EXPECT_TRUE(corrupt->rules.empty());
  EXPECT_EQ(corrupt->groups, std::nullopt);
  auto failed = ReadQuerySummary(Answer::Recorded("v6/dnsfailed_stats_summary"));
  EXPECT_FALSE(failed->gravity_failed);
}

TEST(ApiAnswers, Blocking) {
  const std::map<std::string, Blocking> words = {
      {"v6/nopw_dns_blocking", Blocking::kEnabled},
      {"v6/blocking_enabled", Blocking::kEnabled},
      {"v6/blocking_disabled", Blocking::kDisabled},
      {"v6/dnsfailed_dns_blocking", Blocking::kFailure},
      {"v6/corruptgravity_dns_blocking", Blocking::kEnabled}};  // it says so, and blocks nothing
  for (auto& [name, blocking] : words) {
    auto read = ReadBlocking(Answer::Recorded(name));
    ASSERT_TRUE(read.ok()) << name;
    EXPECT_EQ(read->blocking, blocking) << name;
    EXPECT_EQ(read->timer_seconds, std::nullopt) << name;
  }
  auto timer = ReadBlocking(Answer::Recorded("v6/blocking_disabled_timer"));
  ASSERT_TRUE(timer.ok());
  EXPECT_EQ(timer->blocking, Blocking::kDisabled);
  ASSERT_TRUE(timer->timer_seconds);
  EXPECT_NEAR(*timer->timer_seconds, 19, 0.001);
  EXPECT_EQ(ReadBlocking(Answer(R"({"blocking":"halfway"})"))->blocking, Blocking::kUnknown);
}

TEST(ApiAnswers, UpstreamsWithoutPseudoEntries) {
  auto read = ReadUpstreams(Answer::Recorded("v6/nopw_stats_upstreams"));
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ((*read)[0].upstream, "10.99.0.1#5353");
  EXPECT_EQ((*read)[0].queries, 57);
  EXPECT_DOUBLE_EQ(*(*read)[0].response_seconds, 0.00045487615797254775);
  // Nothing was measured yet: no answer takes no time.
  auto failed = ReadUpstreams(Answer::Recorded("v6/dnsfailed_stats_upstreams"));
  ASSERT_EQ(failed->size(), 1u);
  EXPECT_EQ((*failed)[0].response_seconds, std::nullopt);
}

TEST(ApiAnswers, HistoryAddsUpToTheSummary) {
  auto read = ReadHistory(Answer::Recorded("v6/nopw_history"));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->size(), 145u);
  HistorySlot sum;
  sum.cached = sum.forwarded = 0;
  for (auto& slot : *read) {
    EXPECT_EQ(slot.unix_seconds % 600, 300);
    sum.total += slot.total;
    sum.blocked += slot.blocked;
    *sum.cached += *slot.cached;
    *sum.forwarded += *slot.forwarded;
  }
  // Recorded a moment after the summary.
  EXPECT_EQ(sum.total, 338);
  EXPECT_EQ(sum.blocked, 115);
  EXPECT_EQ(*sum.cached, 165);
  EXPECT_LE(*sum.forwarded, 58);
}

TEST(ApiAnswers, Ftl) {
  auto read = ReadFtl(Answer::Recorded("v6/nopw_info_ftl"));
  ASSERT_TRUE(read.ok());
  EXPECT_NEAR(*read->uptime_seconds, 920.834970055, 1e-6);  // it comes in milliseconds
  EXPECT_EQ(read->privacy_level, 0);
  EXPECT_EQ(read->groups, 2);
  EXPECT_FALSE(read->gravity_failed);
  ASSERT_EQ(read->rules.size(), 4u);
  EXPECT_EQ(read->rules[0].type + read->rules[0].kind, "allowexact");
  EXPECT_EQ(read->rules[0].enabled, 1);
  EXPECT_EQ(read->rules[0].disabled, 0);
  EXPECT_EQ(read->rules[2].type + read->rules[2].kind, "allowregex");
  EXPECT_EQ(read->rules[2].enabled, 0);
}

// FTL 6.2 and older give a number of rules alone.
TEST(ApiAnswers, RulesOfOlderVersions) {
  auto read = ReadFtl(Answer(R"({"ftl": {"database": {"gravity": 5,
      "domains": {"allowed": 3, "denied": 4}, "regex": {"allowed": 1}}}})"));
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->rules.size(), 3u);
  EXPECT_EQ(read->rules[1].type, "deny");
  EXPECT_EQ(read->rules[1].enabled, 4);
  EXPECT_EQ(read->rules[1].disabled, std::nullopt);
  EXPECT_EQ(read->uptime_seconds, std::nullopt);
}

TEST(ApiAnswers, Lists) {
  auto read = ReadLists(Answer::Recorded("v6/nopw_lists"));
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 4u);
  EXPECT_EQ((*read)[0].type, "block");
  EXPECT_EQ((*read)[3].type, "allow");
  EXPECT_TRUE((*read)[0].enabled);
  EXPECT_EQ((*read)[0].status, "unchanged");
  EXPECT_EQ((*read)[0].update_unix, 1795369106);
  EXPECT_TRUE(ReadLists(Answer::Recorded("v6/nopw_nogravity_lists"))->empty());

  const std::vector<std::string> names = {"unknown", "updated", "unchanged", "failed_cached",
                                          "failed_empty", "unknown"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto one = ReadLists(Answer(R"({"lists": [{"type": "block", "enabled": false, "status": )" +
                                std::to_string(i) + R"(, "date_updated": 0}]})"));
    ASSERT_EQ(one->size(), 1u);
    EXPECT_EQ((*one)[0].status, names[i]);
    EXPECT_EQ((*one)[0].update_unix, std::nullopt);
  }
}

TEST(ApiAnswers, MessagesVersionsDatabase) {
  EXPECT_EQ(Of(ReadMessages(Answer::Recorded("v6/nopw_info_messages"))->types, "LOAD"), 1);
  EXPECT_TRUE(ReadMessages(Answer(R"({"messages": []})"))->types.empty());

  auto version = ReadVersion(Answer::Recorded("v6/nopw_info_version"));
  ASSERT_TRUE(version.ok());
  ASSERT_EQ(version->components.size(), 1u);  // the others are null
  EXPECT_EQ(version->components[0].component, "ftl");
  EXPECT_EQ(version->components[0].version, "v6.4.1-dirty");
  EXPECT_EQ(version->components[0].branch, "master");
  EXPECT_EQ(version->components[0].latest, "");

  auto database = ReadDatabase(Answer::Recorded("v6/nopw_info_database"));
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(database->bytes, 90112);
  EXPECT_EQ(database->queries_memory, 338);
  EXPECT_EQ(database->queries_disk, 50);
}

TEST(ApiAnswers, HostMemoryComesInKibibytes) {
  auto read = ReadSystem(Answer::Recorded("v6/nopw_info_system"),
                         Answer::Recorded("v6/nopw_info_sensors"));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->memory_total_bytes, 24684096.0 * 1024);
  EXPECT_EQ(read->memory_available_bytes, 23172568.0 * 1024);
  EXPECT_NEAR(*read->load1, 2.714, 0.001);
  EXPECT_NEAR(*read->load15, 2.551, 0.001);
  EXPECT_EQ(read->temperature_celsius, std::nullopt);
}

TEST(ApiAnswers, TemperatureInCelsius) {
  const std::map<std::string, std::optional<double>> cases = {
      {R"("cpu_temp": 50, "unit": "C")", 50},    {R"("cpu_temp": 122, "unit": "F")", 50},
      {R"("cpu_temp": 323.15, "unit": "K")", 50}, {R"("cpu_temp": null, "unit": "C")", {}},
      {R"("cpu_temp": 50, "unit": "R")", {}},     {R"("cpu_temp": 50)", {}}};
  for (auto& [text, celsius] : cases) {
    auto read = ReadSystem(JsonView(), Answer("{\"sensors\": {" + text + "}}"));
    ASSERT_TRUE(read.ok()) << text;
    ASSERT_EQ(read->temperature_celsius.has_value(), celsius.has_value()) << text;
    EXPECT_NEAR(read->temperature_celsius.value_or(0), celsius.value_or(0), 1e-9) << text;
  }
  EXPECT_FALSE(ReadSystem(JsonView(), JsonView()).ok());
}

TEST(ApiAnswers, SeatsAndOrphans) {
  Answer two = Answer::Recorded("v6/expired_sid_sessions");  // both of curl, the second is in use
  auto ours = ReadSeats(two, "curl/7.88.1");
  ASSERT_TRUE(ours.ok());
  EXPECT_EQ(ours->valid, 2);
  EXPECT_EQ(ours->expired, 0);
  EXPECT_THAT(ours->orphans, ElementsAre(0));
  for (std::string other : {"", "curl/7.88.10", "curl"})
    EXPECT_TRUE(ReadSeats(two, other)->orphans.empty()) << other;
  EXPECT_EQ(ReadSeats(Answer::Recorded("v6/nopw_auth_sessions"), "curl/7.88.1")->valid, 0);
  // The same letters at another address are another one's: two machines may be copies.
  auto copies = ReadSeats(Answer(R"({"sessions": [
      {"id": 1, "valid": true, "user_agent": "us", "remote_addr": "10.0.0.8"},
      {"id": 2, "valid": true, "user_agent": "us", "remote_addr": "10.0.0.9"},
      {"id": 3, "valid": true, "user_agent": "us", "remote_addr": "10.0.0.9",
       "current_session": true}]})"), "us");
  EXPECT_THAT(copies->orphans, ElementsAre(2));
  // If none is said to be in use, it may be any of them.
  auto blind = ReadSeats(Answer(R"({"sessions": [{"id": 3, "valid": false, "user_agent": "us"}]})"),
                         "us");
  EXPECT_TRUE(blind->orphans.empty());
  EXPECT_EQ(blind->expired, 1);
}

TEST(ApiAnswers, SeatsMax) {
  EXPECT_EQ(*ReadSeatsMax(Answer::Recorded("v6/nopw_config")), 16);
}

}  // namespace
