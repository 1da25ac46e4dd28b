#include "common/scrape.h"

#include <thread>

#include <gtest/gtest.h>

#include "tests/common/testing/fake.h"

using namespace std::chrono_literals;

namespace {

const Metric kValue("test_scrape_value", Type::kGauge, "A value of a fake target.", "what");

constexpr Duration kLong = 30s;  // a deadline that nothing should come near

Eye::CollectFunction Answers(double value) {
  return [value](const Deadline&, Samples& out) {
    out.Add(kValue, {"x"}, value);
    return absl::OkStatus();
  };
}

std::string Value(const std::string& target) {
  return "test_scrape_value{fake=\"" + target + "\",what=\"x\"}";
}
std::string Of(const std::string& metric, const std::string& target, const std::string& more = "") {
  return "sentinel_exporter_collector_" + metric + "{collector=\"fake\",target=\"" + target + "\"" +
         more + "}";
}

TEST(Scrape, IsCompleteWhileOneOfThreeHangs) {
  Gate gate;
  Scraper scraper;
  auto hang = [&](const Deadline&, Samples&) { return gate.Wait(), absl::OkStatus(); };
  scraper.Set({OneGroup("g", MakeTarget("a", Answers(1)), MakeTarget("b", hang),
                        MakeTarget("c", Answers(3)))});
  Instant begin = Clock::now();
  std::string page = scraper.Scrape(Deadline::In(300ms), Format::kText);
  EXPECT_GE(Clock::now() - begin, 300ms);
  EXPECT_EQ(ValueOf(page, Value("a")), "1");
  EXPECT_EQ(ValueOf(page, Value("c")), "3");
  EXPECT_EQ(ValueOf(page, Value("b")), "absent");
  EXPECT_EQ(ValueOf(page, Of("success", "a")), "1");
  EXPECT_EQ(ValueOf(page, Of("success", "b")), "0");
  EXPECT_EQ(ValueOf(page, Of("duration_seconds", "b")), "absent");  // nobody knows it yet
  EXPECT_EQ(ValueOf(page, Of("last_success_timestamp_seconds", "b")), "absent");
  gate.Open();
}

TEST(Scrape, DoesNotWaitAgainForATargetThatDoesNotReturn) {
  Gate gate;
  Scraper scraper;
  auto hang = [&](const Deadline&, Samples&) { return gate.Wait(), absl::OkStatus(); };
  scraper.Set({OneGroup("g", MakeTarget("a", Answers(1)), MakeTarget("b", hang))});
  scraper.Scrape(Deadline::In(100ms), Format::kText);
  Instant begin = Clock::now();
  std::string page = scraper.Scrape(Deadline::In(kLong), Format::kText);
  EXPECT_LT(Clock::now() - begin, 4s);
  EXPECT_EQ(ValueOf(page, Value("a")), "1");
  EXPECT_EQ(ValueOf(page, Of("success", "b")), "0");
  EXPECT_EQ(ValueOf(page, Of("doubted", "b")), "1");
  for (auto& state : scraper.States())
    EXPECT_EQ(state.error, state.name == "b" ? "does not return from a call" : "");
  gate.Open();  // and it is back at the next scrape
  EXPECT_TRUE(Eventually([&] {
    return ValueOf(scraper.Scrape(Deadline::In(kLong), Format::kText), Of("success", "b")) == "1";
  }));
}

TEST(Scrape, ALateAnswerIsInNoLaterPage) {
  Gate gate;
  std::atomic<int> calls = 0;
  Scraper scraper;
  scraper.Set({OneGroup("g", MakeTarget("a", [&](const Deadline&, Samples& out) {
    int call = ++calls;
    if (call == 1) gate.Wait();
    out.Add(kValue, {call == 1 ? "old" : "x"}, call);
    return absl::OkStatus();
  }))});
  std::string first = scraper.Scrape(Deadline::In(50ms), Format::kText);
  EXPECT_EQ(first.find("test_scrape_value"), first.npos);
  gate.Open();
  std::string second = scraper.Scrape(Deadline::In(kLong), Format::kText);
  EXPECT_EQ(second.find("old"), second.npos);
}

// Returns whether the second scrape came soon enough to share: a busy machine may be too slow.
bool OverlappingScrapesShare() {
  Gate gate;
  std::atomic<int> calls = 0;
  Scraper scraper;
  scraper.Set({OneGroup("g", MakeTarget("a", [&](const Deadline&, Samples& out) {
    gate.Wait();
    out.Add(kValue, {"x"}, ++calls);
    return absl::OkStatus();
  }))});
  std::string one, two;
  std::thread first([&] { one = scraper.Scrape(Deadline::In(kLong), Format::kText); });
  EXPECT_TRUE(Eventually([&] { return scraper.rounds() == 1; }));
  std::thread second([&] { two = scraper.Scrape(Deadline::In(kLong), Format::kOpenMetrics); });
  bool joined = Eventually([&] { return scraper.shared() == 1; }, 900ms);
  gate.Open();
  first.join();
  second.join();
  if (!joined) return false;
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(ValueOf(one, Value("a")), "1");
  EXPECT_EQ(ValueOf(two, Value("a")), "1");
  EXPECT_NE(two.find("# EOF\n"), two.npos);
  EXPECT_EQ(ValueOf(two, "sentinel_exporter_scrapes_shared_total"), "1");
  EXPECT_EQ(ValueOf(scraper.Scrape(Deadline::In(kLong), Format::kText), Value("a")), "2");
  return true;
}

TEST(Scrape, ThatOverlapsSharesTheCollection) {
  bool shared = false;
  for (int attempt = 0; attempt < 10 && !shared; ++attempt) shared = OverlappingScrapesShare();
  EXPECT_TRUE(shared);
}

// What was collected long ago would be stale for a scrape that begins now.
TEST(Scrape, DoesNotShareAnOldCollection) {
  Gate gate;
  std::atomic<int> calls = 0;
  Scraper scraper;
  auto hang = [&](const Deadline&, Samples&) { return gate.Wait(), absl::OkStatus(); };
  auto count = [&](const Deadline&, Samples& out) {
    return out.Add(kValue, {"x"}, ++calls), absl::OkStatus();
  };
  scraper.Set({OneGroup("g", MakeTarget("a", count), MakeTarget("b", hang))});
  std::thread first([&] { scraper.Scrape(Deadline::In(4s), Format::kText); });
  ASSERT_TRUE(Eventually([&] { return calls == 1; }));
  Instant begin = Clock::now();
  ASSERT_TRUE(Eventually([&] { return Clock::now() - begin > 1100ms; }));
  std::string page = scraper.Scrape(Deadline::In(200ms), Format::kText);
  EXPECT_EQ(ValueOf(page, Value("a")), "2");
  gate.Open();
  first.join();
}

TEST(Scrape, DuringALookIsQueuedNotRefused) {
  Gate gate, looking;
  Scraper scraper;
  Target target = MakeTarget("a", Answers(1), [&](const Deadline&) {
    looking.Open();
    gate.Wait();
    return Next{};
  });
  target.look_deadline = kLong;
  scraper.Set({OneGroup("g", std::move(target))});
  ASSERT_TRUE(looking.Wait());
  std::string page;
  std::thread scrape([&] { page = scraper.Scrape(Deadline::In(kLong), Format::kText); });
  ASSERT_TRUE(Eventually([&] { return scraper.rounds() == 1; }));
  gate.Open();
  scrape.join();
  EXPECT_EQ(ValueOf(page, Value("a")), "1");
}

TEST(Scrape, FloodsNobody) {
  Scraper scraper;
  scraper.Set({OneGroup("g", MakeTarget("a", [](const Deadline&, Samples& out) {
    for (int i = 0; i < 20'000; ++i) out.Add(kValue, {std::to_string(i)}, i);
    return absl::OkStatus();
  }))});
  std::string page = scraper.Scrape(Deadline::In(kLong), Format::kText);
  auto series = Series(page);
  EXPECT_EQ(std::count_if(series.begin(), series.end(), [](auto& s) {
    return s.first.starts_with("test_scrape_value");
  }), 5000);
  EXPECT_EQ(series[Of("samples_dropped_total", "a")], "15000");
}

TEST(Scrape, MapsErrorsToReasons) {
  struct Case { absl::Status status; std::string reason, doubted; };
  for (const Case& c : std::vector<Case>{{absl::DeadlineExceededError("x"), "timeout", "1"},
                                         {absl::UnavailableError("x"), "unreachable", "1"},
                                         {absl::PermissionDeniedError("x"), "denied", "0"},
                                         {absl::UnauthenticatedError("x"), "denied", "0"},
                                         {absl::DataLossError("x"), "protocol", "0"},
                                         {absl::InvalidArgumentError("x"), "protocol", "0"},
                                         {absl::InternalError("x"), "internal", "0"},
                                         {absl::ResourceExhaustedError("x"), "internal", "0"}}) {
    Scraper scraper;
    scraper.Set({OneGroup("g", MakeTarget("a", [&](const Deadline&, Samples& out) {
      out.Add(kValue, {"x"}, 1);
      return c.status;
    }))});
    std::string page = scraper.Scrape(Deadline::In(kLong), Format::kText);
    EXPECT_EQ(ValueOf(page, Of("success", "a")), "0");
    EXPECT_EQ(ValueOf(page, Of("doubted", "a")), c.doubted) << c.status;
    EXPECT_EQ(ValueOf(page, Value("a")), "1");  // what it has is kept
    for (std::string reason : {"timeout", "unreachable", "denied", "protocol", "internal"})
      EXPECT_EQ(ValueOf(page, Of("failures_total", "a", ",reason=\"" + reason + "\"")),
                reason == c.reason ? "1" : "0") << c.status;
    EXPECT_EQ(scraper.States()[0].error, "x");
  }
}

struct Verdict : Judge {
  explicit Verdict(double at) : at_(at) {}
  void SetHooks(Hooks) override {}
  void Show(const Now&, Samples& out) override { out.Add(kValue, {"verdict"}, at_); }
  std::vector<Headline> Headlines(const Now&) override {
    return {{"s", std::to_string(static_cast<int>(at_)), true, "", 0, false}};
  }
  std::vector<Story> Stories() override { return {{at_, "a"}, {at_ + 2, "b"}}; }
  absl::Status Restore(const std::string&, const Now&) override { return {}; }
  double at_;
};

struct LongVerdict : Verdict {
  using Verdict::Verdict;
  void Show(const Now&, Samples& out) override {
    for (int i = 0; i < at_; ++i) out.Add(kValue, {std::to_string(i)}, i);
  }
};

TEST(Scrape, ShowsTheWholeVerdictOnAHundredServices) {
  Scraper scraper;
  scraper.Set({{"g", std::make_shared<LongVerdict>(20'000), [] { return std::vector<Target>(); }}});
  std::string page = scraper.Scrape(Deadline::In(kLong), Format::kText);
  EXPECT_EQ(ValueOf(page, "test_scrape_value{what=\"19999\"}"), "19999");
}

TEST(Scrape, ShowsVerdictsAndTheExportersOwn) {
  Scraper scraper([](Samples& out) { out.Add(kValue, {"self"}, 7); });
  scraper.Set({{"g", std::make_shared<Verdict>(10), [] { return std::vector<Target>(); }},
               {"h", std::make_shared<Verdict>(11), [] { return std::vector<Target>(); }}});
  std::string page = scraper.Scrape(Deadline::In(kLong), Format::kText);
  EXPECT_EQ(ValueOf(page, "test_scrape_value{what=\"self\"}"), "7");
  EXPECT_NE(page.find("test_scrape_value{what=\"verdict\"} 10\n"), page.npos);
  EXPECT_NE(page.find("test_scrape_value{what=\"verdict\"} 11\n"), page.npos);
  std::string times;
  for (auto& story : scraper.Stories())
    times += std::to_string(static_cast<int>(story.unix_seconds)) + " ";
  EXPECT_EQ(times, "13 12 11 10 ");
  ASSERT_EQ(scraper.Headlines({}).size(), 2u);
  EXPECT_EQ(scraper.Headlines({})[1].scope, "11");
}

TEST(Scrape, OfNobodyIsEmptyAndReady) {
  Scraper scraper;
  EXPECT_TRUE(scraper.ready());
  EXPECT_EQ(ValueOf(scraper.Scrape(Deadline::In(kLong), Format::kText),
                    "sentinel_exporter_scrapes_shared_total"), "0");
}

}  // namespace
