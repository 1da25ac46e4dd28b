#include "exporters/pihole/login_pace.h"

#include <gtest/gtest.h>

#include "tests/common/testing/seconds.h"

using namespace std::chrono_literals;

namespace {

// Seconds until a login may be tried, after one that failed `why` at that moment.
double Wait(const LoginPace& pace, double now) {
  double seconds = 0;
  while (!pace.MayTry(At(now + seconds))) ++seconds;
  return seconds;
}

TEST(LoginPace, BeginsAtOnce) { EXPECT_TRUE(LoginPace().MayTry(At(0))); }

TEST(LoginPace, WaitsEverLongerAfterAWrongPassword) {
  LoginPace pace;
  for (double wait : {60, 120, 240, 480, 960, 1440, 1440, 1440}) {
    pace.Failed(ApiState::kAuthFailed, At(1e6), 0);
    EXPECT_EQ(Wait(pace, 1e6), wait);
  }
  pace.Renew();
  EXPECT_TRUE(pace.MayTry(At(1e6)));
  pace.Failed(ApiState::kTotpRequired, At(1e6), 0);
  EXPECT_EQ(Wait(pace, 1e6), 60);
}

TEST(LoginPace, AddsUpToAQuarterByChance) {
  for (auto [chance, wait] : {std::pair(0.0, 60), std::pair(0.5, 68), std::pair(1.0, 75)}) {
    LoginPace pace;
    pace.Failed(ApiState::kAuthFailed, At(0), chance);
    EXPECT_EQ(Wait(pace, 0), wait) << chance;
  }
  LoginPace pace;
  for (int i = 0; i < 50; ++i) pace.Failed(ApiState::kAuthFailed, At(0), 1);
  EXPECT_EQ(Wait(pace, 0), 1800);  // half an hour at most
}

TEST(LoginPace, WaitsShorterForWhatIsNotOurFault) {
  LoginPace pace;
  for (int i = 0; i < 5; ++i) {
    pace.Failed(ApiState::kSeatsExhausted, At(0), 0);
    EXPECT_EQ(Wait(pace, 0), 60);
    pace.Failed(ApiState::kRateLimited, At(0), 0);
    EXPECT_EQ(Wait(pace, 0), 10);
  }
}

TEST(LoginPace, NeverTakesMoreThan12SeatsWithinTheirLife) {
  LoginPace pace;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(pace.MayTry(At(i)));
    pace.Accepted(At(i));
  }
  EXPECT_EQ(Wait(pace, 12), 1800 - 12);
  pace.Accepted(At(1800));
  EXPECT_EQ(Wait(pace, 1800), 1);
}

TEST(LoginPace, CountsALoginWithoutAnAnswerAsASeat) {
  LoginPace pace;
  for (int i = 0; i < 12; ++i) {
    pace.Failed(ApiState::kTimeout, At(0), 0);
    pace.Renew();
  }
  EXPECT_EQ(Wait(pace, 0), 1800);
}

}  // namespace
