#include "exporters/redis-sentinel/dataset_watch.h"

#include <gtest/gtest.h>

#include "tests/redis-sentinel/replay.h"

namespace {

Info With(long long keys, Info info) {
  info.databases = {{0, keys}};
  return info;
}

struct Case {
  std::string what;
  std::vector<std::pair<Info, bool>> looks;  // and whether it is in use
  double resets;
};

Info Loading(Info info) {
  info.loading = true;
  return info;
}

TEST(DatasetWatch, WhatIsAResetAndWhatIsNot) {
  const Info full = With(500, MasterInfo(1000));
  auto restarted = [](long long keys) { return With(keys, MasterInfo(0, "b", "2")); };
  const std::vector<Case> cases = {
      {"an empty master after a restart", {{full, true}, {restarted(0), true}}, 1},
      {"half of it is gone", {{full, true}, {restarted(250), true}}, 1},
      {"less than half", {{full, true}, {restarted(251), true}}, 0},
      {"the same process, another history",
       {{full, true}, {With(0, MasterInfo(1000, "b")), true}}, 1},
      {"the offset went back", {{full, true}, {With(0, MasterInfo(10)), true}}, 1},
      {"FLUSHALL", {{full, true}, {With(0, MasterInfo(1010)), true}}, 0},
      {"a restart with its data", {{full, true}, {restarted(500), true}}, 0},
      {"it loads first",
       {{full, true}, {Loading(restarted(0)), true},
        {restarted(500), true}}, 0},
      {"an empty replica before it follows",
       {{full, true}, {With(0, ReplicaInfo(0, "b", "2")), false},
        {With(500, ReplicaInfo(2000, "a", "2")), true}}, 0},
      {"a replica that follows an empty master",
       {{full, true}, {With(0, ReplicaInfo(14, "b")), true}}, 1},
      {"it was empty before", {{With(0, MasterInfo()), true}, {restarted(0), true}}, 0},
      {"twice",
       {{full, true}, {restarted(0), true},
        {With(9, MasterInfo(99, "b", "2")), true}, {With(0, MasterInfo(0, "c", "3")), true}}, 2},
  };
  for (auto& c : cases) {
    DatasetWatch watch;
    for (auto& [info, in_use] : c.looks) watch.Step(info, in_use, At(0));
    EXPECT_EQ(watch.resets(), c.resets) << c.what;
  }
}

TEST(DatasetWatch, WithoutKeysNothingIsKnown) {
  DatasetWatch watch;
  EXPECT_FALSE(watch.Step(With(500, MasterInfo()), true, At(0)));
  EXPECT_FALSE(watch.Step(MasterInfo(0, "b", "2"), true, At(1)));
}

// Overnight sessions expire; that a replica then comes back as a new process is no loss.
TEST(DatasetWatch, WhoWasAwayForLongIsNotJudged) {
  for (double away : {119.0, 121.0}) {
    DatasetWatch watch;
    watch.Step(With(1000, ReplicaInfo(1000)), true, At(0));
    EXPECT_EQ(watch.Step(With(400, ReplicaInfo(5000, "a", "2")), true, At(away)), away < 120);
  }
}

}  // namespace
