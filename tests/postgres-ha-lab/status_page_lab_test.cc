#include <regex>

#include <gtest/gtest.h>

#include "tests/postgres-ha-lab/exporter.h"
#include "tests/postgres-ha-lab/lab.h"

// The status page as a browser reads it, before and after a switchover.

using namespace std::chrono_literals;

namespace {

class StatusPageLab : public LabTest {
 protected:
  // The document as the browser understood it.
  std::string Read(const Exporter& exporter) {
    std::string profile = testing::TempDir() + "status-page-browser";
    auto browser = RunCommand(
        {"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-proxy-server", "--user-data-dir=" + profile, "--dump-dom",
         "http://127.0.0.1:" + std::to_string(exporter.port()) + "/"},
        Deadline::In(60s));
    RunCommand({"rm", "-r", profile}, Deadline::In(10s));
    EXPECT_EQ(browser.code, 0) << browser.output;
    return browser.output;
  }
};

testing::AssertionResult Finds(const std::string& document, const std::string& pattern) {
  if (std::regex_search(document, std::regex(pattern))) return testing::AssertionSuccess();
  return testing::AssertionFailure() << pattern << " is not in\n" << document;
}

TEST_F(StatusPageLab, TellsInABrowserHowItIsAndWhatHappened) {
  std::string leader = lab.Leader(), replica = lab.Replica();
  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  std::string before = Read(exporter);
  EXPECT_TRUE(Finds(before, "<td>postgres</td><td>sentinel</td><td class=\"ok\">up</td><td>" +
                                leader + "</td>"));
  EXPECT_TRUE(Finds(before, "<p>Nothing seen.</p>"));

  ASSERT_TRUE(lab.Do("patroni", "switchover"));
  exporter.Await(60, "the switchover is over", [&](const Page& page) {
    return page.Is("ha_failovers_total", {{"service", "postgres"}, {"kind", "switchover"}}, 1) &&
           page.Is("ha_last_failover_lost_high_seconds", {{"service", "postgres"}}, 0);
  });
  std::string after = Read(exporter);
  EXPECT_TRUE(Finds(after, "class=\"ok\">up</td><td>" + replica + "</td>"));
  EXPECT_TRUE(Finds(after, "UTC</td><td>sentinel: switchover from " + leader + " to " + replica +
                               "; nothing was lost</td>"));
  EXPECT_TRUE(Finds(after, "UTC</td><td>sentinel was without a member that takes writes for "
                           "[0-9.]+ s \\([0-9.]+ s to [0-9.]+ s\\); the objective of 2 min was "
                           "kept</td>"));
  for (std::string member : {"pg1", "pg2", "pgc1"})
    for (std::string eye : {"postgres", "canary", "patroni"})
      EXPECT_TRUE(Finds(after, "<td>" + eye + "</td><td>sentinel/" + member + "</td>"));
}

}  // namespace
