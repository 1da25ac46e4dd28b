#include "common/self.h"

#include <thread>

#include <gtest/gtest.h>

#include "common/deadline.h"
#include "tests/common/testing/exporting.h"

namespace {

std::string Page() {
  Samples out;
  ShowSelf(out);
  return RenderPage({&out}, Format::kOpenMetrics);
}

TEST(Self, LettersNameAMachineAndAnAddress) {
  const std::string letters = LettersOf("0123456789abcdef", ":10063");
  EXPECT_EQ(letters.size(), 16u);
  EXPECT_EQ(letters.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos);
  EXPECT_EQ(LettersOf("0123456789abcdef", ":10063"), letters);
  EXPECT_NE(LettersOf("0123456789abcdee", ":10063"), letters);
  EXPECT_NE(LettersOf("0123456789abcdef", ":10064"), letters);
  EXPECT_EQ(LettersOf("", ":10063"), "");
  EXPECT_EQ(LettersOf("0123456789abcdef", "127.0.0.1:0"), "");
}

TEST(Self, CountsRequestsAndScrapes) {
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) {
        CountHttpRequest("/self-test", i % 4 ? 200 : 500);
        ObserveScrape(i % 2 ? 0.003 : 3);
        Page();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::string page = Page(),
              requests = "sentinel_exporter_http_requests_total{handler=\"/self-test\"";
  EXPECT_EQ(ValueOf(page, requests + ",code=\"200\"}"), "300");
  EXPECT_EQ(ValueOf(page, requests + ",code=\"500\"}"), "100");
  std::string scrapes = "sentinel_exporter_scrape_duration_seconds";
  EXPECT_EQ(ValueOf(page, scrapes + "_bucket{le=\"0.001\"}"), "0");
  EXPECT_EQ(ValueOf(page, scrapes + "_bucket{le=\"0.005\"}"), "200");
  EXPECT_EQ(ValueOf(page, scrapes + "_bucket{le=\"2.0\"}"), "200");  // OpenMetrics wants the point
  EXPECT_EQ(ValueOf(page, scrapes + "_bucket{le=\"5.0\"}"), "400");
  EXPECT_EQ(ValueOf(page, scrapes + "_bucket{le=\"+Inf\"}"), "400");
  EXPECT_EQ(ValueOf(page, scrapes + "_count"), "400");
  EXPECT_NEAR(std::stod(ValueOf(page, scrapes + "_sum")), 600.6, 1e-6);
  EXPECT_NE(page.find("# TYPE sentinel_exporter_scrape_duration_seconds histogram\n"), page.npos);
}

TEST(Self, KnowsReloadsAndTheStateDirectory) {
  std::string reload = "sentinel_exporter_config_last_reload_success";
  std::string writable = "sentinel_exporter_state_directory_writable";
  EXPECT_EQ(ValueOf(Page(), writable), "absent");
  NoteReload(true, 1234);
  NoteReload(false, 5678);
  NoteStateDirectory(false);
  EXPECT_EQ(ValueOf(Page(), reload + "ful"), "0");
  EXPECT_EQ(ValueOf(Page(), reload + "_timestamp_seconds"), "1234");
  EXPECT_EQ(ValueOf(Page(), writable), "0");
  NoteReload(true, 5678);
  NoteStateDirectory(true);
  EXPECT_EQ(ValueOf(Page(), reload + "ful"), "1");
  EXPECT_EQ(ValueOf(Page(), reload + "_timestamp_seconds"), "5678");
  EXPECT_EQ(ValueOf(Page(), writable), "1");
}

TEST(Self, KnowsTheProcess) {
  std::string page = Page();
  auto value = [&](const std::string& name) { return std::stod(ValueOf(page, name)); };
  EXPECT_GT(value("process_cpu_seconds_total"), 0);
  EXPECT_GT(value("process_resident_memory_bytes"), 1e6);
  EXPECT_GE(value("process_virtual_memory_bytes"), value("process_resident_memory_bytes"));
  EXPECT_GE(value("process_threads"), 1);
  EXPECT_GE(value("process_open_fds"), 3);
  EXPECT_GT(value("process_max_fds"), value("process_open_fds"));
  double now = Now::Read().unix_seconds;
  EXPECT_LE(value("process_start_time_seconds"), now + 1);
  EXPECT_GT(value("process_start_time_seconds"), now - 3600);
  // Threads of tests before may close theirs between two looks.
  EXPECT_TRUE(Eventually([&] {
    const double before = std::stod(ValueOf(Page(), "process_open_fds"));
    Socket one(dup(0));
    return std::stod(ValueOf(Page(), "process_open_fds")) == before + 1;
  }));
}

// The page of a running exporter, as Prometheus' own tool sees it.
TEST(Self, PromtoolHasNoComplaints) {
  if (Process({"/bin/sh", "-c", "command -v promtool"}).Wait() != 0) GTEST_SKIP() << "no promtool";
  Exporting e("targets: [a, b]\n");
  ASSERT_GT(e.port, 0) << e.process->Err();
  e.Page();
  WriteText(e.directory / "page", e.Page());
  Process lint({"/bin/sh", "-c", "promtool check metrics < " + e.directory / "page"});
  EXPECT_EQ(lint.Wait(), 0) << lint.Out() << lint.Err();
}

}  // namespace
