#include "common/app.h"

#include <gtest/gtest.h>

#include "common/json.h"
#include "tests/common/testing/exporting.h"

// Main() as a real process: tests/common/testing/test_exporter.cc.

using namespace std::chrono_literals;

namespace {

const std::string kSuccess = "sentinel_exporter_config_last_reload_successful";

TEST(App, AnswersQuestions) {
  Process help(Words({"--help"})), version(Words({"--version"})), list(Words({"--list-metrics"})),
      json(Words({"--list-metrics=json"}));
  EXPECT_EQ(help.Wait(), 0);
  for (auto flag : {"--web.listen-address", "--web.telemetry-path", "--web.enable-lifecycle",
                    "--config.file", "--check-config", "--list-metrics[=json]", "--state.dir",
                    "--log.level", "--log.format", "--version"})
    EXPECT_NE(help.Out().find(flag), std::string::npos) << flag;
  EXPECT_TRUE(help.Out().ends_with("print this, and exit\n")) << help.Out();  // off by default
  EXPECT_EQ(version.Wait(), 0);
  EXPECT_TRUE(version.Out().starts_with("test-exporter 0.1.0 (revision ")) << version.Out();
  EXPECT_EQ(list.Wait(), 0);
  EXPECT_NE(list.Out().find("| `test_exporter_value` | gauge | line | Lines of a target. |\n"),
            std::string::npos);
  EXPECT_NE(list.Out().find("`sentinel_exporter_scrape_duration_seconds` | histogram"),
            std::string::npos);
  EXPECT_EQ(json.Wait(), 0);
  EXPECT_TRUE(Json::Parse(json.Out()).ok());
}

TEST(App, RefusesAWrongCommandLine) {
  for (auto& [argument, error] : std::vector<std::pair<std::string, std::string>>{
           {"--web.config.file=x", "unknown flag --web.config.file"},
           {"stray", "unexpected argument 'stray'"},
           {"--log.level=loud", "log level"},
           {"--log.format=xml", "log level or format"},
           {"--list-metrics=xml", "as json"},
           {"--web.telemetry-path=metrics", "begins with /"}}) {
    Process process(Words({argument}));
    EXPECT_EQ(process.Wait(), 2) << argument;
    EXPECT_NE(process.Err().find(error), std::string::npos) << process.Err();
    EXPECT_EQ(process.Out(), "");
  }
}

TEST(App, ChecksAConfiguration) {
  TemporaryDirectory directory;
  WriteText(directory / "good.yml", "targets: [a]\n");
  WriteText(directory / "bad.yml", "tragets: [a]\ndelay: often\n");
  Process good(Words({"--check-config", "--config.file=" + directory / "good.yml"}));
  Process bad(Words({"--check-config", "--config.file=" + directory / "bad.yml"}));
  Process none(Words({"--check-config", "--config.file=" + directory / "none.yml"}));
  Process empty(Words({"--check-config"}));
  EXPECT_EQ(good.Wait(), 0);
  EXPECT_EQ(bad.Wait(), 1);
  EXPECT_NE(bad.Err().find("bad.yml:1:1: unknown key 'tragets'"), std::string::npos) << bad.Err();
  EXPECT_NE(bad.Err().find("bad.yml:2:8: delay: not a duration"), std::string::npos) << bad.Err();
  EXPECT_EQ(none.Wait(), 1);
  EXPECT_EQ(empty.Wait(), 0);
}

TEST(App, DoesNotStartWithoutAGoodConfigurationOrAPort) {
  TemporaryDirectory directory;
  WriteText(directory / "bad.yml", "x: 1\ny: 2\n");
  Process bad(
      Words({"--config.file=" + directory / "bad.yml", "--web.listen-address=127.0.0.1:0"}));
  EXPECT_EQ(bad.Wait(), 1);
  EXPECT_NE(bad.Err().find("unknown key 'x'"), std::string::npos);
  EXPECT_NE(bad.Err().find("unknown key 'y'"), std::string::npos);
  Listener taken = Listen("127.0.0.1", 0, 1);
  Process second(Words({"--web.listen-address=127.0.0.1:" + std::to_string(taken.port)}));
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_NE(second.Err().find(std::to_string(taken.port)), std::string::npos) << second.Err();
}

TEST(App, HasItsRoutes) {
  Exporting e("targets: [a]\n", {"--web.telemetry-path=/m"});
  ASSERT_GT(e.port, 0) << e.process->Err();
  EXPECT_TRUE(Eventually([&] { return Ask(e.port, "/-/ready").code == 200; }));
  EXPECT_EQ(Ask(e.port, "/health/ready").code, 200);
  EXPECT_EQ(Ask(e.port, "/-/healthy").code, 200);
  EXPECT_EQ(Ask(e.port, "/health/live").code, 200);
  EXPECT_EQ(Ask(e.port, "/m", "HEAD").code, 200);
  EXPECT_EQ(Ask(e.port, "/m", "POST").code, 405);
  EXPECT_EQ(Ask(e.port, "/m", "DELETE").code, 405);
  EXPECT_EQ(Ask(e.port, "/metrics").code, 404);
  EXPECT_EQ(Ask(e.port, "/unheard-of", "POST").code, 405);
  auto health = Ask(e.port, "/health");
  EXPECT_EQ(health.body, "{\"status\":\"ok\",\"version\":\"0.1.0\"}\n");
  EXPECT_NE(health.head.find("application/json"), std::string::npos);
  auto status = Ask(e.port, "/");
  EXPECT_NE(status.head.find("text/html"), std::string::npos);
  EXPECT_NE(status.body.find("a &lt;b&gt;story&lt;/b&gt;"), std::string::npos);
  auto text = Ask(e.port, "/m");
  EXPECT_NE(text.head.find("text/plain; version=0.0.4"), std::string::npos);
  auto open = Ask(e.port, "/m", "GET", "Accept: application/openmetrics-text;version=1.0.0\r\n");
  EXPECT_NE(open.head.find("application/openmetrics-text; version=1.0.0"), std::string::npos);
  EXPECT_TRUE(open.body.ends_with("# EOF\n"));
}

TEST(App, CountsRequestsByBoundedNames) {
  Exporting e("targets: [a]\n");
  ASSERT_GT(e.port, 0) << e.process->Err();
  for (auto path : {"/one", "/two", "/three"}) Ask(e.port, path, path[1] == 'o' ? "GET" : "POST");
  Ask(e.port, "/-/healthy");
  e.Page();
  auto page = e.Page();
  std::string requests = "sentinel_exporter_http_requests_total";
  EXPECT_EQ(ValueOf(page, requests + "{handler=\"/metrics\",code=\"200\"}"), "1");
  EXPECT_EQ(ValueOf(page, requests + "{handler=\"/-/healthy\",code=\"200\"}"), "1");
  EXPECT_EQ(ValueOf(page, requests + "{handler=\"other\",code=\"404\"}"), "1");
  EXPECT_EQ(ValueOf(page, requests + "{handler=\"other\",code=\"405\"}"), "2");
  EXPECT_EQ(page.find("\"/two\""), page.npos);
  EXPECT_EQ(ValueOf(page, "sentinel_exporter_scrape_duration_seconds_count"), "1");
}

TEST(App, IsNotReadyBeforeTheFirstLooksAndObeysTheScrapeTimeout) {
  Exporting e("targets: [a, b]\ndelay: 30s\n");
  ASSERT_GT(e.port, 0) << e.process->Err();
  EXPECT_TRUE(Eventually([&] { return Ask(e.port, "/-/ready").code == 200; }));
  Instant begin = Clock::now();
  auto answer = Ask(e.port, "/metrics", "GET", "X-Prometheus-Scrape-Timeout-Seconds: 1\r\n");
  EXPECT_LT(Clock::now() - begin, 5s);
  EXPECT_GE(Clock::now() - begin, 900ms);
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(
      ValueOf(answer.body, "sentinel_exporter_collector_success{collector=\"test\",target=\"a\"}"),
      "0");
}

TEST(App, ReloadsBySignalAndKeepsTheOldSetWhenItMust) {
  Exporting e("targets: [a]\n");
  ASSERT_GT(e.port, 0) << e.process->Err();
  EXPECT_TRUE(e.PageHas("test_exporter_value{target=\"a\""));
  WriteText(e.file, "targets: [a, b]\n");
  e.process->Signal(SIGHUP);
  EXPECT_TRUE(e.PageHas("test_exporter_value{target=\"b\""));
  EXPECT_EQ(ValueOf(e.Page(), kSuccess), "1");
  EXPECT_EQ(ValueOf(e.Page(), "test_exporter_loads"), "2");  // the judge lives on
  WriteText(e.file, "targets: [c]\nnonsense: 1\nrubbish: 2\n");
  e.process->Signal(SIGHUP);
  EXPECT_TRUE(e.process->Says("unknown key 'nonsense'"));
  EXPECT_TRUE(e.process->Says("unknown key 'rubbish'"));
  EXPECT_TRUE(e.PageHas(kSuccess + " 0"));
  EXPECT_NE(e.Page().find("test_exporter_value{target=\"b\""), std::string::npos);
  EXPECT_EQ(e.Page().find("test_exporter_value{target=\"c\""), std::string::npos);
}

TEST(App, ReloadsByPostIfAllowed) {
  Exporting e("targets: [a]\n", {"--web.enable-lifecycle"});
  ASSERT_GT(e.port, 0) << e.process->Err();
  EXPECT_EQ(Ask(e.port, "/-/reload").code, 405);
  WriteText(e.file, "targets: [b]\n");
  EXPECT_EQ(Ask(e.port, "/-/reload", "POST").code, 200);
  EXPECT_NE(e.Page().find("test_exporter_value{target=\"b\""), std::string::npos);
  WriteText(e.file, "targets: [b]\nnonsense: 1\n");
  auto bad = Ask(e.port, "/-/reload", "POST");
  EXPECT_EQ(bad.code, 500);
  EXPECT_NE(bad.body.find("c.yml:2:1: unknown key 'nonsense'"), std::string::npos) << bad.body;
  EXPECT_EQ(ValueOf(e.Page(), kSuccess), "0");
  WriteText(e.file, "targets: [b]\n");
  EXPECT_EQ(Ask(e.port, "/-/reload", "POST").code, 200);
  EXPECT_EQ(ValueOf(e.Page(), kSuccess), "1");
  Exporting forbidden("targets: [a]\n");
  EXPECT_EQ(Ask(forbidden.port, "/-/reload", "POST").code, 403);
}

TEST(App, WatchesWhatItsJudgesDiscover) {
  Exporting e("targets: [a]\ndiscover: true\n");
  ASSERT_GT(e.port, 0) << e.process->Err();
  EXPECT_TRUE(e.PageHas("test_exporter_value{target=\"discovered\""));
}

}  // namespace
