#pragma once
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "exporters/pihole/api_poll.h"
#include "tests/pihole/fake_pihole.h"

// Parts that are known, by their paths; but for the drift, which is "drift".
inline std::set<std::string> Known(const ApiSnapshot& s) {
  std::set<std::string> known;
  auto add = [&](const char* path, auto& part) {
    if (part.value) known.insert(path);
  };
  add("/api/info/metrics", s.replies);
  add("/api/stats/summary", s.summary);
  add("/api/dns/blocking", s.blocking);
  add("/api/stats/upstreams", s.upstreams);
  add("/api/history", s.history);
  add("/api/info/ftl", s.ftl);
  add("/api/auth/sessions", s.seats);
  add("/api/info/messages", s.messages);
  add("/api/lists", s.lists);
  add("/api/info/version", s.version);
  add("/api/info/database", s.database);
  add("/api/info/system", s.system);
  add("drift", s.config);
  return known;
}
constexpr std::size_t kAllParts = 13;

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
