// A whole page from recorded answers at a fixed clock, compared byte by byte with
// tests/golden/postgres-ha.prom; `tests/run --update` writes it anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "common/scrape.h"
#include "common/self.h"
#include "exporters/postgres-ha/details.h"
#include "exporters/postgres-ha/verdict.h"
#include "tests/postgres-ha/replay.h"

namespace {

const char kGolden[] = SOURCE_DIR "/tests/golden/postgres-ha.prom";

// "a|b|NULL" a line, as psql prints it.
Rows Recorded(const std::string& text) {
  Rows rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    Row row;
    for (std::size_t at = 0; at <= line.size();) {
      std::size_t end = std::min(line.find('|', at), line.size());
      std::string field = line.substr(at, end - at);
      row.push_back(field == "NULL" ? std::nullopt : std::optional(field));
      at = end + 1;
    }
    rows.rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<absl::StatusOr<Rows>> PrimaryAnswers() {
  return {Recorded("100|3|on|ANY 1 (pg2)|on|replica|134217728|1073741824|t|NULL|t"),
          Recorded("active|3\nidle|7\nidle in transaction|1\nfastpath function call|1"),
          Recorded("8|2|1795378877.562936|1795378800.5"),
          Recorded("pg2|streaming|quorum|0|0|0|128|1795379426.562173\n"
                   "pgc1|catchup|async|4096|8192|8192|16384|1795379426.803657"),
          Recorded("gone|f|999999999|0|t\npg2|t|0|1073741824|f")};
}

std::vector<absl::StatusOr<Rows>> StandbyAnswers() {
  return {Recorded("100|3|on||on|replica|134217728|NULL|t|f|t"), Recorded("active|1\nidle|1"),
          Recorded("0|0|NULL|NULL"), Recorded(""), Recorded("t|1795379426.803964")};
}

Samples Details(const std::string& member, const std::vector<absl::StatusOr<Rows>>& answers,
                bool standby) {
  Samples samples(RenderLabels(
      {{"pg_cluster", "sentinel"}, {"target_site", "on-premise"}, {"member", member}}));
  EXPECT_TRUE(ShowDetails(answers, standby, samples).ok());
  return samples;
}

Evidence Patroni(double at) {
  PatroniLook look;
  look.alive = look.has_cluster = true;
  look.asked = "10.0.0.1:8008";
  look.members = {{"pg1", "replica", "running", "10.0.0.1", "http://10.0.0.1:8008/patroni", 5432, 14},
                  {"pg2", "leader", "running", "10.0.0.2", "http://10.0.0.2:8008/patroni", 5432, 14}};
  Evidence e;
  e.eye = "patroni on-premise/10.0.0.1:8008";
  e.member = {"on-premise", "pg1"};
  e.begin = At(at);
  e.end = At(at + 0.001);
  e.seen = look;
  return e;
}

// The recorded failover with data loss, what was lost of it, and the beginning of the next outage.
Samples Verdict() {
  DataSet set(TwoSites());
  std::string facts =
      "{\"version\":1,\"boot_id\":\"x\",\"saved_unix_seconds\":1699999999,\"services\":[{"
      "\"service\":\"postgres\",\"scope\":\"sentinel\",\"holder\":\"pg1\",\"open\":null,\"outages\":[],"
      "\"failovers\":[]}]}";
  EXPECT_TRUE(set.Restore(facts, NowAt(0)).ok());
  double end = 0;
  for (auto& evidence : Timeline("kl1")) set.Step(evidence, NowAt(end = EndOf(evidence)));
  for (double t = end; t < end + 0.4; t += 0.1)
    for (auto* member : {"pg1", "pg2"})
      set.Step(SqlEvidence(member, t, 0.01, Failed(Answer::kRefused)), NowAt(t));
  SqlLook cloud = Standby(185345080, 14);
  cloud.system_identifier = "7711047912498216873";
  cloud.received = cloud.position;
  cloud.replayed_unix_seconds = kOrigin;
  cloud.version = 150018;
  set.Step(SqlEvidence("pgc1", end + 0.4, 0.01, cloud), NowAt(end + 0.4));
  set.Step(Patroni(end + 0.5), NowAt(end + 0.5));
  Samples samples;
  set.Show(NowAt(end + 0.6), samples);
  return samples;
}

// A failover with a measured loss, as an earlier process left it behind.
Samples Loss() {
  DataSetOptions options = TwoSites();
  options.name = "billing";
  DataSet set(options);
  std::string facts =
      "{\"version\":1,\"boot_id\":\"x\",\"saved_unix_seconds\":1699999999,\"services\":[{"
      "\"service\":\"postgres\",\"scope\":\"billing\",\"holder\":\"pg2\",\"open\":null,\"outages\":[],"
      "\"failovers\":[{\"at\":1699990000,\"from\":\"pg1\",\"to\":\"pg2\",\"kind\":\"failover\","
      "\"lost_seconds\":2.1,\"lost_low_seconds\":2,\"lost_high_seconds\":2.3,\"lost_bytes\":20352,"
      "\"lost_low_bytes\":19392,\"lost_high_bytes\":21000}]}]}";
  EXPECT_TRUE(set.Restore(facts, NowAt(0)).ok());
  Samples samples;
  set.Show(NowAt(1), samples);
  return samples;
}

// What the core says of itself and of its targets, with every value 0: names and labels count.
Samples Self() {
  NoteStateDirectory(true);
  NoteReload(true, kOrigin);
  CountHttpRequest("/metrics", 200);
  Scraper scraper(ShowSelf);
  Target target;
  target.kind = "postgres";
  target.name = "sentinel/pg1";
  target.collector = std::make_unique<Collector>();
  std::vector<Target> targets;
  targets.push_back(std::move(target));
  Group group{"sentinel", nullptr, [&] { return std::exchange(targets, {}); }};
  scraper.Set({group});
  std::istringstream lines(scraper.Scrape(Deadline::In(std::chrono::seconds(5)), Format::kText));
  Samples samples;
  for (std::string line; std::getline(lines, line);) {
    std::string series = line.substr(0, line.rfind(' '));
    if (auto revision = series.find("revision=\""); revision != series.npos)
      series.replace(revision + 10, series.find('"', revision + 10) - revision - 10, "0");
    for (auto* metric : MetricBase::Catalogue()) {
      std::string base = series.substr(0, series.find('{'));
      for (auto* suffix : {"_bucket", "_sum", "_count"})
        if (metric->type == Type::kHistogram && base == std::string(metric->name) + suffix)
          base = metric->name;
      if (base == metric->name) samples.AddRendered(*metric, series + " 0\n");
    }
  }
  return samples;
}

std::string Page() {
  Samples loss = Loss(), self = Self();
  Samples primary = Details("pg2", PrimaryAnswers(), false);
  Samples standby = Details("pg1", StandbyAnswers(), true);
  Samples verdict = Verdict();
  return RenderPage({&primary, &standby, &verdict, &loss, &self}, Format::kText);
}

TEST(Golden, ThePageIsTheGoldenOne) {
  std::string page = Page();
  if (std::getenv("UPDATE_GOLDEN")) std::ofstream(kGolden) << page;
  std::ifstream file(kGolden);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(page, golden.str()) << "if this is what you want: tests/run --update";
}

TEST(Golden, HoldsEveryMetricOfTheCatalogue) {
  std::string page = Page();
  for (auto* metric : MetricBase::Catalogue()) {
    EXPECT_NE(page.find("# TYPE " + std::string(metric->name) + " "), std::string::npos)
        << metric->name;
  }
}

TEST(Golden, TheDocumentedMetricsAreTheCatalogue) {
  const char documented[] = SOURCE_DIR "/exporters/postgres-ha/METRICS.md";
  std::string text = "# Metrics of postgres-ha-exporter\n\n" + ListMetrics(false);
  if (std::getenv("UPDATE_GOLDEN")) std::ofstream(documented) << text;
  std::ifstream file(documented);
  std::stringstream table;
  table << file.rdbuf();
  EXPECT_EQ(text, table.str()) << "if this is what you want: tests/run --update";
}

TEST(Golden, NoSeriesTwice) {
  std::set<std::string> seen;
  std::istringstream lines(Page());
  for (std::string line; std::getline(lines, line);) {
    bool is_new = line.starts_with("#") || seen.insert(line.substr(0, line.rfind(' '))).second;
    EXPECT_TRUE(is_new) << line;
  }
}

TEST(Details, MissingRightsLeaveTheRestComplete) {
  auto answers = PrimaryAnswers();
  answers[0] = Recorded("100|3|on||on|replica|0|NULL|t|NULL|f");
  Samples samples;
  auto status = ShowDetails(answers, false, samples);
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  std::string page = RenderPage({&samples}, Format::kText);
  EXPECT_THAT(page, testing::HasSubstr("postgres_ha_max_connections 100"));
  EXPECT_THAT(page, testing::HasSubstr("postgres_ha_slot_active{slot=\"pg2\"} 1"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("postgres_ha_connections{")));
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

}  // namespace
