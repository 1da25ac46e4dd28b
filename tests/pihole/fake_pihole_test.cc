#include "tests/pihole/fake_pihole.h"

#include <gtest/gtest.h>

#include "common/http_client.h"

// That tests can rely on the fake Pi-hole; what it does in detail is tested in tests/lab.

using namespace std::chrono_literals;

namespace {

absl::StatusOr<HttpReply> Get(const std::string& url, HttpOptions options = {}) {
  return HttpClient(std::move(options)).Get(url, Deadline::In(5s));
}

TEST(FakePihole, IsToldAndCounts) {
  FakePihole fake;
  EXPECT_EQ(Get(fake.Url() + "/api/dns/blocking")->code, 200);
  EXPECT_EQ(fake.Count({"requests", "GET /api/dns/blocking"}), 1);
  fake.Tell(R"({"faults": {"/api/dns/blocking": "500"}})");
  EXPECT_EQ(Get(fake.Url() + "/api/dns/blocking")->code, 500);
  fake.Become("normal");
  EXPECT_EQ(Get(fake.Url() + "/api/dns/blocking")->code, 200);
  fake.ResetCounts();
  EXPECT_EQ(fake.Count({"requests", "GET /api/dns/blocking"}), 0);
}

TEST(FakePihole, ListensOnTheSamePortsAgain) {
  FakePihole fake;
  const std::string url = fake.Url() + "/api/info/login";
  for (auto end : {&FakePihole::Stop, &FakePihole::Kill}) {
    (fake.*end)();
    EXPECT_EQ(Get(url).status().code(), absl::StatusCode::kUnavailable);
    fake.Start();
    EXPECT_EQ(Get(url)->code, 200);
  }
}

TEST(FakePihole, HasTls) {
  FakePihole fake("{}", true);
  EXPECT_EQ(Get(fake.Url() + "/api/info/login").status().code(),
            absl::StatusCode::kPermissionDenied);
  std::ifstream authority(fake.ca_file());
  EXPECT_TRUE(authority.good());
}

}  // namespace
