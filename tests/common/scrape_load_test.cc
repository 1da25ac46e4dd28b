#include <thread>

#include <gtest/gtest.h>

#include "tests/common/testing/fake.h"
#include "tests/common/testing/sanitizer.h"

// Many targets, many scrapers, reloads meanwhile.

using namespace std::chrono_literals;

namespace {

const Metric kValue("test_load_value", Type::kGauge, "A value of a fake target.");

constexpr int kTargets = 1000, kHung = 600;
constexpr Duration kTargetsOwn = 20ms;

// kTargets targets: the first kHung hang, the others take kTargetsOwn.
Group Many(Eye::CollectFunction hang) {
  return {"g", nullptr, [hang] {
            std::vector<Target> targets;
            for (int i = 0; i < kTargets; ++i) {
              auto healthy = [](const Deadline&, Samples& out) {
                Deadline::In(kTargetsOwn).Wait(-1, 0);
                out.Add(kValue, 1);
                return absl::OkStatus();
              };
              Eye::CollectFunction collect = healthy;
              if (i < kHung) collect = hang;
              targets.push_back(MakeTarget(std::to_string(i), collect));
            }
            return targets;
          }};
}

// All healthy targets are in every page, and only the first scrapes are held up. Times are compared
// as medians: the machine may be busy with other things.
void ExpectHealthyOnesServed(Scraper& scraper) {
  std::vector<double> later;
  for (int i = 0; i < 12; ++i) {
    Instant begin = Clock::now();
    std::string page = scraper.Scrape(Deadline::In(kSlower * 2s), Format::kText);
    double seconds = Seconds(Clock::now() - begin);
    ASSERT_LT(seconds, kSlower * 2.5);
    if (i >= 2) later.push_back(seconds);
    auto series = Series(page);
    for (int t = kHung; t < kTargets; ++t)
      ASSERT_EQ(series["test_load_value{fake=\"" + std::to_string(t) + "\"}"], "1") << i;
  }
  std::sort(later.begin(), later.end());
  EXPECT_LT(later[later.size() / 2], kSlower * (Seconds(kTargetsOwn) + 0.1));
  EXPECT_LT(later.back(), kSlower * (Seconds(kTargetsOwn) + 0.5));
}

TEST(Load, SixHundredOfAThousandNeverReturn) {
  Gate gate;
  Scraper scraper;
  scraper.Set({Many([&](const Deadline&, Samples&) { return gate.Wait(), absl::OkStatus(); })});
  ExpectHealthyOnesServed(scraper);
  gate.Open();
  EXPECT_TRUE(Eventually([&] {  // and all are back at once
    return ValueOf(scraper.Scrape(Deadline::In(10s), Format::kText),
                   "sentinel_exporter_collector_success{collector=\"fake\",target=\"0\"}") == "1";
  }));
}

TEST(Load, SixHundredOfAThousandAnswerNothing) {
  Scraper scraper;
  scraper.Set({Many([](const Deadline& deadline, Samples&) -> absl::Status {
    deadline.Wait(-1, 0);
    return absl::DeadlineExceededError("no answer");
  })});
  ExpectHealthyOnesServed(scraper);
}

// Eyes that look all the time, some of them failing, some slow.
std::vector<Target> Busy(int generation, std::atomic<int>& looks) {
  std::vector<Target> targets;
  for (int i = 0; i < 20; ++i) {
    auto look = [&looks, i](const Deadline&) -> Next {
      ++looks;
      bool bad = i % 5 == 0 && looks % 3 == 0;
      return {.status = bad ? absl::UnavailableError("refused") : absl::OkStatus(),
              .at = Clock::now() + 1ms};
    };
    auto collect = [i](const Deadline&, Samples& out) -> absl::Status {
      if (i % 7 == 0) Deadline::In(5ms).Wait(-1, 0);
      out.Add(kValue, i);
      return i % 6 == 0 ? absl::DeadlineExceededError("slow") : absl::OkStatus();
    };
    targets.push_back(MakeTarget(std::to_string(i), collect, look));
    if (i >= 10) targets.back().fingerprint = std::to_string(generation);
  }
  return targets;
}

// Removing targets while scrapes wait for them must not leave a scrape waiting.
TEST(Load, EightScrapersAndReloads) {
  std::atomic<int> looks = 0, generation = 0;
  Guarded<Duration> slowest{Duration::zero()};
  {
    Scraper scraper;
    Group group{"g", nullptr, [&] { return Busy(generation, looks); }};
    scraper.Set({group});
    std::vector<std::thread> scrapers;
    for (int n = 0; n < 8; ++n) {
      scrapers.emplace_back([&, n] {
        for (int i = 0; i < 60; ++i) {
          Instant begin = Clock::now();
          std::string page =
              scraper.Scrape(Deadline::In(60s), n % 2 ? Format::kText : Format::kOpenMetrics);
          Duration took = Clock::now() - begin;
          slowest.With([&](Duration& d) { d = std::max(d, took); });
          EXPECT_NE(page.find("test_load_value{fake=\"1\"} 1\n"), page.npos);
          scraper.States();
          scraper.Poke("g");
        }
      });
    }
    for (; generation < 40; ++generation) {
      scraper.Set({group});
      scraper.Scrape(Deadline::In(60s), Format::kText);
    }
    for (auto& thread : scrapers) thread.join();
    int before = looks;
    EXPECT_TRUE(Eventually([&] { return looks > before + 20; }));  // eyes go on looking
  }
  EXPECT_LT(slowest.With([](Duration& d) { return d; }), kSlower * 3s);
}

TEST(Load, EyesGoOnLookingWhileAScrapeWaits) {
  Gate gate;
  std::atomic<int> looks = 0;
  Scraper scraper;
  auto look = [&](const Deadline&) {
    ++looks;
    return Next{.status = {}, .at = Clock::now() + 1ms};
  };
  auto hang = [&](const Deadline&, Samples&) { return gate.Wait(), absl::OkStatus(); };
  scraper.Set({OneGroup("g", MakeTarget("eye", nullptr, look), MakeTarget("hung", hang))});
  std::thread scrape([&] { scraper.Scrape(Deadline::In(60s), Format::kText); });
  EXPECT_TRUE(Eventually([&] { return scraper.rounds() == 1; }));
  int before = looks;
  EXPECT_TRUE(Eventually([&] { return looks > before + 50; }));
  gate.Open();
  scrape.join();
}

}  // namespace
