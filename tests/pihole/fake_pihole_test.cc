#include "tests/pihole/fake_pihole.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

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

HttpOptions Trusting(const FakePihole& fake) {
  HttpOptions options;
  options.ca_file = fake.ca_file();
  options.server_name = "pi.hole";
  return options;
}

TEST(FakePihole, HasTls) {
  FakePihole fake("{}", true);
  const std::string url = fake.Url() + "/api/info/login";
  EXPECT_EQ(Get(url).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Get(url, Trusting(fake))->code, 200);
  fake.Tell(R"({"api": "no-tls"})");
  EXPECT_FALSE(Get(url, Trusting(fake)).ok());
}

TEST(FakePihole, RenewsItsCertificatesWhileOneIsConnected) {
  FakePihole fake(R"({"keep_alive_seconds": 0.2})", true);
  const std::string url = fake.Url() + "/api/info/login";
  HttpClient client(Trusting(fake));
  EXPECT_EQ(client.Get(url, Deadline::In(5s))->code, 200);
  fake.Tell(R"({"renew_certificates": true})");
  auto closed = [&] { return fake.Count({"connections_open"}) == 0; };
  Deadline deadline = Deadline::In(5s);
  while (!closed() && !deadline.Over()) deadline.AtMost(20ms).Wait(-1, 0);
  auto reply = client.Get(url, Deadline::In(5s));
  EXPECT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(fake.Count({"connections", "https"}), 2);
}

// Milliseconds of a request on a kept connection.
double Kept(FakePihole& fake, HttpOptions options, bool quick_ack) {
  options.quick_ack = quick_ack;
  HttpClient client(std::move(options));
  auto ask = [&] { return client.Get(fake.Url() + "/api/dns/blocking", Deadline::In(5s)); };
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask()->code, 200);  // a new one is acknowledged at once
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask()->code, 200);
  std::chrono::duration<double, std::milli> all = std::chrono::steady_clock::now() - begin;
  return all.count() / 10;
}

TEST(FakePihole, MakesClientsWaitThatDelayTheirAcknowledgements) {
  for (bool tls : {false, true}) {
    FakePihole fake("{}", tls);
    HttpOptions options = tls ? Trusting(fake) : HttpOptions{};
    double with = Kept(fake, options, true), without = Kept(fake, options, false);
    std::printf("%s: %.1f ms a request, %.1f ms with quick_ack\n", tls ? "https" : "http", without,
                with);
    EXPECT_GT(without, 30);
    EXPECT_LT(with, 0.7 * without);
  }
}

}  // namespace
