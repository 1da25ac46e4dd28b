#include "common/secret.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/common/testing/files.h"

namespace {

std::string Logged(const std::string& file) {
  testing::internal::CaptureStderr();
  auto secret = ReadSecret(file);
  EXPECT_TRUE(secret.ok()) << secret.status();
  return testing::internal::GetCapturedStderr();
}

TEST(Secret, ThatEverybodyMayReadIsAWarningOnce) {
  TemporaryDirectory directory;
  for (mode_t mode : {0600u, 0640u, 0644u}) {
    const std::string file = directory / ("password" + std::to_string(mode));
    WriteText(file, "hush\n");
    ASSERT_EQ(chmod(file.c_str(), mode), 0);
    std::string log = Logged(file);
    EXPECT_EQ(log.find("level=warn") != log.npos, mode == 0644) << mode << log;
    EXPECT_EQ(log.find(file) != log.npos, mode == 0644) << mode << log;
    EXPECT_EQ(log.find("hush"), log.npos);
    EXPECT_EQ(Logged(file), "") << mode;
  }
}

}  // namespace
