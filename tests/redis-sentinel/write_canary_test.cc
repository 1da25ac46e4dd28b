#include "exporters/redis-sentinel/write_canary.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/redis-sentinel/replay.h"

namespace {

struct Told {
  double begin;
  absl::StatusOr<long long> what;
};

struct Case {
  std::string name;
  std::vector<Told> told;  // each write takes 0.1 s
  double writes, errors, lost, unavailable;
};

const absl::Status kGone = absl::UnavailableError("refused");
const absl::Status kDenied = absl::PermissionDeniedError("NOPERM");

double Value(const WriteCanary& canary, const std::string& name) {
  Samples samples;
  canary.Show(std::chrono::seconds(1), samples);
  std::istringstream page(RenderPage({&samples}, Format::kText));
  for (std::string line; std::getline(page, line);)
    if (line.starts_with("redis_sentinel_canary_" + name + " "))
      return std::stod(line.substr(line.rfind(' ')));
  return std::nan("");
}

TEST(WriteCanary, WhatAClientLivesThrough) {
  const std::vector<Case> cases = {
      {"nothing yet", {}, 0, 0, 0, 0},
      {"all is well", {{0, 1}, {1, 2}, {2, 3}}, 3, 0, 0, 0},
      {"a failover without loss", {{0, 7}, {1, kGone}, {2, kGone}, {3, 8}}, 2, 2, 0, 2.1},
      {"a write that was executed without an answer", {{0, 7}, {1, kGone}, {2, 9}}, 2, 1, 0, 1.1},
      {"three were lost", {{0, 7}, {1, kGone}, {2, 5}}, 2, 1, 3, 1.1},
      {"all were lost", {{0, 7}, {1, 1}, {2, 2}}, 3, 0, 7, 0},
      {"the key expired", {{0, 7}, {4000, 1}}, 2, 0, 0, 0},
      {"rights are no outage", {{0, 7}, {1, kDenied}, {2, 8}}, 2, 1, 0, 0},
      {"an outage, then missing rights", {{0, kGone}, {1, kDenied}, {2, kDenied}}, 0, 3, 0, 1.1},
      {"it goes on", {{0, kGone}, {10, kGone}}, 0, 2, 0, 10.1},
  };
  for (auto& c : cases) {
    WriteCanary canary(std::chrono::hours(1));
    for (auto& t : c.told) canary.Step(t.what, At(t.begin), At(t.begin + 0.1));
    EXPECT_EQ(Value(canary, "writes_total"), c.writes) << c.name;
    EXPECT_EQ(Value(canary, "errors_total"), c.errors) << c.name;
    EXPECT_EQ(Value(canary, "lost_writes_total"), c.lost) << c.name;
    EXPECT_NEAR(Value(canary, "unavailable_seconds_total"), c.unavailable, 1e-6) << c.name;
    bool worked = !c.told.empty() && c.told.back().what.ok();
    EXPECT_EQ(std::isnan(Value(canary, "duration_seconds")), !worked) << c.name;
  }
}

}  // namespace
