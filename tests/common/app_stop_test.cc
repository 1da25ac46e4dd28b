#include <thread>

#include <gtest/gtest.h>

#include "tests/common/testing/exporting.h"

// How Main() ends, and what survives it.

using namespace std::chrono_literals;

namespace {

const std::string kWritable = "sentinel_exporter_state_directory_writable";

TEST(Stop, DeliversTheScrapeInFlightAndNoOther) {
  for (int signal : {SIGTERM, SIGINT}) {
    Exporting e("targets: [a]\ndelay: 1900ms\nlines: 4000\n");
    ASSERT_GT(e.port, 0) << e.process->Err();
    ASSERT_TRUE(Eventually([&] { return Ask(e.port, "/-/ready").code == 200; }));
    Answer inflight;
    Instant begin = Clock::now();
    std::thread scrape([&] { inflight = Ask(e.port, "/metrics"); });
    // It has begun when it is the only one that has not been counted.
    ASSERT_TRUE(Eventually([&] { return Clock::now() - begin > 300ms; }));
    e.process->Signal(signal);
    EXPECT_TRUE(e.process->Says("stopping"));
    EXPECT_EQ(Ask(e.port, "/-/ready").code, 503);
    EXPECT_EQ(Ask(e.port, "/metrics").code, 503);
    EXPECT_EQ(Ask(e.port, "/-/healthy").code, 200);
    EXPECT_NE(Ask(e.port, "/health").body.find("\"draining\""), std::string::npos);
    scrape.join();
    EXPECT_EQ(e.process->Wait(), 0);
    EXPECT_EQ(inflight.code, 200);  // with as many bytes as it said
    EXPECT_NE(inflight.body.find("test_exporter_value{target=\"a\",line=\"3999\"}"),
              std::string::npos);
    EXPECT_LT(Clock::now() - begin, 8s);
  }
}

TEST(Stop, ComesAtOnceWhenNothingIsInFlight) {
  Exporting e("targets: [a]\n");
  ASSERT_GT(e.port, 0) << e.process->Err();
  Instant begin = Clock::now();
  e.process->Signal(SIGTERM);
  EXPECT_EQ(e.process->Wait(), 0);
  EXPECT_LT(Clock::now() - begin, 3s);
}

TEST(Stop, LetsTargetsLeaveButWaitsASecondAtMost) {
  for (auto [leave, left] : {std::pair("100ms", true), std::pair("1h", false)}) {
    Exporting e("targets: [a, b, c]\nleave: " + std::string(leave) + "\n");
    ASSERT_GT(e.port, 0) << e.process->Err();
    ASSERT_TRUE(Eventually([&] { return Ask(e.port, "/-/ready").code == 200; }));
    Instant begin = Clock::now();
    e.process->Signal(SIGTERM);
    EXPECT_EQ(e.process->Wait(), 0);
    EXPECT_LT(Clock::now() - begin, 3s);
    std::string log = e.process->Err();
    std::size_t times = 0;
    for (std::size_t at = 0; (at = log.find("msg=left", at)) != log.npos; ++at) ++times;
    EXPECT_EQ(times, left ? 3u : 0u) << log;
  }
}

// Waits for the first look: it is under way once it has left its facts on the disk.
bool Looks(const TemporaryDirectory& state) {
  return Eventually([&] {
    return std::filesystem::exists(state / "test-exporter-the_2fgroup.json");
  });
}

TEST(Stop, AwaitsTheLookInFlight) {
  TemporaryDirectory state;
  Exporting e("targets: [a]\nlook: 3s\nleave: 1ms\n", {"--state.dir=" + state.path()});
  ASSERT_TRUE(Looks(state)) << e.process->Err();
  e.process->Signal(SIGTERM);
  EXPECT_EQ(e.process->Wait(), 0);
  EXPECT_NE(e.process->Err().find("msg=left"), std::string::npos) << e.process->Err();
}

TEST(Stop, EndsAtOnceWhenAskedAgainWhileItWaitsForALook) {
  for (int signal : {SIGTERM, SIGINT}) {
    TemporaryDirectory state;
    Exporting e("targets: [a]\nlook: 1h\n", {"--state.dir=" + state.path()});
    ASSERT_TRUE(Looks(state)) << e.process->Err();
    e.process->Signal(SIGTERM);
    ASSERT_TRUE(e.process->Says("waiting for the looks")) << e.process->Err();
    const Instant begin = Clock::now();
    e.process->Signal(signal);
    EXPECT_EQ(e.process->Wait(), 0);
    EXPECT_LT(Clock::now() - begin, 2s);
  }
}

TEST(Facts, SurviveARestart) {
  TemporaryDirectory state;
  {
    Exporting e("targets: [a, b, c]\n", {"--state.dir=" + state.path()});
    ASSERT_GT(e.port, 0) << e.process->Err();
    ASSERT_TRUE(Eventually([&] { return Ask(e.port, "/-/ready").code == 200; }));
    EXPECT_EQ(ValueOf(Ask(e.port, "/metrics").body, kWritable), "1");
    e.process->Signal(SIGTERM);
    EXPECT_EQ(e.process->Wait(), 0);
  }
  EXPECT_TRUE(std::filesystem::exists(state / "test-exporter-the_2fgroup.json"));
  Exporting again("targets: [a]\n", {}, {"STATE_DIRECTORY=" + state.path() + ":/elsewhere"});
  ASSERT_GT(again.port, 0) << again.process->Err();
  EXPECT_EQ(ValueOf(Ask(again.port, "/metrics").body, "test_exporter_looks_before"), "3");
}

TEST(Facts, ThatAreDamagedAreForgotten) {
  TemporaryDirectory state;
  WriteText(state / "test-exporter-the_2fgroup.json", "{{{");
  Exporting e("targets: [a]\n", {"--state.dir=" + state.path()});
  ASSERT_GT(e.port, 0) << e.process->Err();
  EXPECT_TRUE(e.process->Says("not a number"));
  EXPECT_EQ(ValueOf(Ask(e.port, "/metrics").body, "test_exporter_looks_before"), "0");
  EXPECT_TRUE(Eventually([&] {  // and written anew
    return ReadText(state / "test-exporter-the_2fgroup.json") == "1";
  }));
}

TEST(Facts, WithoutAWritableDirectoryAreAWarningAndAMetric) {
  TemporaryDirectory state;
  WriteText(state / "file", "");
  Exporting e("targets: [a, b, c]\n", {"--state.dir=" + state / "file/below"});
  ASSERT_GT(e.port, 0) << e.process->Err();
  ASSERT_TRUE(Eventually([&] { return Ask(e.port, "/-/ready").code == 200; }));
  EXPECT_EQ(ValueOf(Ask(e.port, "/metrics").body, kWritable), "0");
  e.process->Signal(SIGTERM);
  EXPECT_EQ(e.process->Wait(), 0);
  std::string log = e.process->Err();
  std::size_t first = log.find("level=warn");
  ASSERT_NE(first, log.npos);
  EXPECT_EQ(log.find("level=warn", first + 1), log.npos) << log;
}

TEST(Facts, WithoutADirectoryAreNoMetric) {
  Exporting e("targets: [a]\n");
  ASSERT_GT(e.port, 0) << e.process->Err();
  EXPECT_EQ(ValueOf(Ask(e.port, "/metrics").body, kWritable), "absent");
}

}  // namespace
