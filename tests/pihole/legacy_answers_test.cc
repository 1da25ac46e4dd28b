#include "exporters/pihole/api_answers.h"
#include "tests/pihole/recorded_answers.h"

namespace {

TEST(LegacyAnswers, TheCombinedAnswer) {
  auto read = ReadLegacy(Answer::Recorded("v5/combined"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->summary.total, 288);
  EXPECT_EQ(read->summary.blocked, 50);
  EXPECT_EQ(read->summary.forwarded, 93);
  EXPECT_EQ(read->summary.cached, 145);
  EXPECT_EQ(read->summary.unique_domains, 75);
  EXPECT_EQ(read->summary.clients_active, 2);
  EXPECT_EQ(read->summary.clients_known, 2);
  EXPECT_EQ(read->summary.frequency, std::nullopt);
  EXPECT_EQ(read->summary.gravity_domains, 3);
  EXPECT_FALSE(read->summary.gravity_failed);
  EXPECT_EQ(read->summary.gravity_update_unix, 1795372213);
  ASSERT_EQ(read->summary.replies.size(), 14u);
  EXPECT_EQ(read->summary.replies[4], (std::pair<std::string, double>("IP", 197)));
  EXPECT_TRUE(read->summary.types.empty());
  EXPECT_EQ(read->blocking.blocking, Blocking::kEnabled);
  EXPECT_EQ(read->replies.local, std::nullopt);
  ASSERT_EQ(read->history.size(), 144u);
  EXPECT_EQ(read->history.back().unix_seconds, 1795371900);
  EXPECT_EQ(read->history.back().total, 5);
  EXPECT_EQ(read->history.back().blocked, 0);
  EXPECT_EQ(read->history.back().cached, std::nullopt);
  EXPECT_FALSE(read->version);
}

// The parts that were recorded by themselves, together as they come in one answer.
TEST(LegacyAnswers, CacheAndVersions) {
  auto inner = [](const std::string& name) {
    std::string text = RecordedText("v5/" + name + ".json");
    return text.substr(1, text.rfind('}') - 1);
  };
  auto read = ReadLegacy(Answer("{" + inner("summaryRaw_disabled") + "," + inner("getCacheInfo") +
                                "," + inner("versions") + "}"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->blocking.blocking, Blocking::kDisabled);
  EXPECT_EQ(read->replies.cache_size, 10000);
  EXPECT_EQ(read->replies.cache_inserted, 6);
  EXPECT_EQ(read->replies.cache_evicted, 0);
  ASSERT_TRUE(read->version);
  ASSERT_EQ(read->version->components.size(), 3u);
  EXPECT_EQ(read->version->components[0].component, "core");
  EXPECT_EQ(read->version->components[0].version, "v5.18.4");
  EXPECT_EQ(read->version->components[2].component, "ftl");
  EXPECT_EQ(read->version->components[2].version, "v5.25.2");
  EXPECT_EQ(read->version->components[2].branch, "master");
  EXPECT_EQ(read->version->components[2].latest, "v5.25.2");
}

// A wrong token is answered with 200.
TEST(LegacyAnswers, Refused) {
  for (std::string name : {"summaryRaw_noauth", "summaryRaw_badauth", "versions"})
    EXPECT_EQ(ReadLegacy(Answer::Recorded("v5/" + name)).status().code(),
              absl::StatusCode::kUnauthenticated)
        << name;
}

TEST(LegacyAnswers, FtlIsNotRunning) {
  EXPECT_EQ(ReadLegacy(Answer::Recorded("v5/FTLnotrunning")).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(LegacyAnswers, OddValues) {
  struct { std::string text; bool ok; } cases[] = {
      {R"({"status": "enabled"})", true},
      {R"({"dns_queries_today": 1, "domains_over_time": [], "ads_over_time": []})", true},
      {R"({"dns_queries_today": "1,234"})", true},
      {R"({"type": "FTL"})", false},
      {R"({"version": 3})", false},
  };
  for (auto& c : cases) EXPECT_EQ(ReadLegacy(Answer(c.text)).ok(), c.ok) << c.text;
  auto read = ReadLegacy(Answer(R"({"status": "enabled", "domains_being_blocked": -2,
      "gravity_last_updated": {"file_exists": false}, "dns_queries_today": "1,234",
      "domains_over_time": {"600": 5, "x": 1, "1200x": 1, "-600": 1, "99999999999999999999": 1,
                            "1800": 2},
      "ads_over_time": {"600": 2, "x": 0, "1200x": 0, "-600": 0, "99999999999999999999": 0}})"));
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->summary.gravity_failed);
  EXPECT_EQ(read->summary.gravity_domains, std::nullopt);
  EXPECT_EQ(read->summary.gravity_update_unix, std::nullopt);
  EXPECT_EQ(read->summary.total, std::nullopt);
  ASSERT_EQ(read->history.size(), 1u);
  EXPECT_EQ(read->history[0].unix_seconds, 600);
}

}  // namespace
