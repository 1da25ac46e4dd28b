#pragma once
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "exporters/pihole/api_poll.h"
#include "tests/pihole/fake_pihole.h"

// Polls of a fake Pi-hole, with a clock that can be put on.
struct Polls {
  explicit Polls(const FakePihole& fake, std::string password = "secret") {
    pihole.name = "pi";
    pihole.api.url = fake.Url();
    pihole.api.password = std::move(password);
    pihole.api.timeout = std::chrono::seconds(2);
    all.intervals = {.dns = std::chrono::seconds(15), .fast = std::chrono::seconds(15),
                     .slow = std::chrono::seconds(60), .rare = std::chrono::minutes(5),
                     .drift = std::chrono::minutes(5)};
    all.drift.max_domain_rules = 2000;
  }
  ApiLook Poll() {
    if (!poll) {
      SessionMeans means;
      means.user_agent = "agent";
      means.clock = [this] { return Clock::now() + later; };
      means.chance = [] { return 0.0; };
      poll = std::make_unique<ApiPoll>(pihole, all, means);
    }
    Instant begin = Clock::now();
    auto result = poll->Poll(Deadline::In(ApiPoll::LookDeadline(pihole.api)));
    took = Clock::now() - begin;
    status = result.status;
    EXPECT_EQ(status.ok(), result.look.state == ApiState::kOk) << status;
    EXPECT_EQ(result.look.pihole, "pi");
    return result.look;
  }
  std::string StateName() { return std::string(ApiStateName(Poll().state)); }

  PiholeOptions pihole;
  PiholesOptions all;
  Duration later{}, took{};
  absl::Status status;
  std::unique_ptr<ApiPoll> poll;
};
