#include <set>

#include "tests/common/testing/sanitizer.h"
#include "tests/pihole-lab/program.h"

// What pihole-exporter says of the API of a Pi-hole whose DNS is well.

using namespace std::chrono_literals;

namespace {

std::string Of(const std::string& entries) {
  return "piholes:\n" + entries +
         "intervals: {dns: 1s, chaos: 1s, fast: 1s, slow: 1s, rare: 1s, drift: 1s}\n";
}

bool Is(const Page& page, const std::string& state, const std::string& api_state) {
  return page.Is("pihole_state", {{"pihole", "pi"}, {"state", state}}, 1) &&
         page.Is("pihole_api_state", {{"pihole", "pi"}, {"state", api_state}}, 1);
}

void AwaitWell(const PiholeProgram& program) {
  program.Await(20 * kSlower, "all well", [](const Page& p) {
    return Is(p, "ok", "ok") && p.Has("pihole_config_items") && p.Has("pihole_ftl_info") &&
           p.Has("pihole_queries_observed_total");
  });
}

std::string NameOf(const std::string& series) { return series.substr(0, series.find(',')); }

// Of one whose API lets nobody in, or is none, everything is said that DNS tells.
void ExpectDenied(const PiholeProgram& program, const std::string& api_state) {
  Page page = program.Await(20 * kSlower, api_state, [&](const Page& p) {
    return Is(p, "api_denied", api_state) && p.Has("pihole_dns_cache_hits_total");
  });
  EXPECT_TRUE(page.Is("pihole_api_up", {}, 0)) << api_state;
  EXPECT_TRUE(page.Is("pihole_dns_up", {}, 1)) << api_state;
  EXPECT_TRUE(page.Is("ha_service_up", {{"scope", "pi"}}, 1)) << api_state;
}

TEST(PiholeApiLab, WhatIsNoAnswerOfAnApiHasItsWord) {
  FakePihole fake(R"({"password": "secret"})");
  PiholeProgram program(Of(EntryOf("pi", fake)));
  for (auto& [switches, api_state] : std::vector<std::pair<std::string, std::string>>{
           {R"({"redirect": "pi3.hole"})", "redirect"},
           {R"({"api": "500"})", "http_error"},
           {R"({"api": "404"})", "http_error"},
           {R"({"api": "html"})", "bad_response"},
           {R"({"api": "not-http"})", "bad_response"}}) {
    AwaitWell(program);
    fake.Tell(switches);
    ExpectDenied(program, api_state);
    fake.Become("normal");
  }
  AwaitWell(program);
}

TEST(PiholeApiLab, ALoginThatIsRefusedHasItsWord) {
  for (auto& [state, api_state] : std::vector<std::pair<std::string, std::string>>{
           {"seats-full", "seats_exhausted"}, {"rate-limited", "rate_limited"},
           {"wrong-password", "auth_failed"}, {"totp", "totp_required"}}) {
    FakePihole fake(R"({"password": "secret"})");
    fake.Become(state);
    PiholeProgram program(Of(EntryOf("pi", fake)));
    ExpectDenied(program, api_state);
    // It is asked whether it is alive, and not for a login again.
    const auto asked = fake.Count({"requests", "GET /api/info/login"});
    EXPECT_TRUE(Eventually(10 * kSlower, [&] {
      return fake.Count({"requests", "GET /api/info/login"}) >= asked + 2;
    })) << state;
    EXPECT_EQ(fake.Count({"requests", "POST /api/auth"}), 1) << state;
    fake.Stop();
    program.Await(20 * kSlower, state + ", then stopped", [](const Page& p) {
      return Is(p, "stopped", "unreachable");
    });
  }
}

TEST(PiholeApiLab, AnEndpointThatFailsCostsWhatItTellsAlone) {
  FakePihole fake(R"({"password": "secret"})");
  PiholeProgram program(Of(EntryOf("pi", fake)));
  AwaitWell(program);
  const auto before = SeriesOf(program.Scrape(), "pi");
  for (std::string fault : {"500", "html", "hang"}) {
    fake.Tell(R"({"faults": {"/api/history": ")" + fault + R"("}})");
    Page page = program.Await(30 * kSlower, fault, [](const Page& p) {
      return p.Is("pihole_api_endpoint_up", {{"path", "/api/history"}}, 0) &&
             Is(p, "ok", "ok");
    });
    EXPECT_TRUE(page.Is("pihole_api_up", {}, 1));
    const auto after = SeriesOf(page, "pi");
    for (auto& series : before) {
      const bool of_it = NameOf(series) == "pihole_queries_observed_total" ||
                         series.ends_with(",part=history,pihole=pi");
      EXPECT_EQ(after.count(series), of_it ? 0u : 1u) << fault << " " << series;
    }
    fake.Become("normal");
    AwaitWell(program);
  }
}

// What it told is not repeated; what DNS tells goes on.
TEST(PiholeApiLab, ADeadOneTakesItsOwnSeriesAlone) {
  FakePihole fake(R"({"password": "secret"})");
  PiholeProgram program(Of(EntryOf("pi", fake)));
  AwaitWell(program);
  const auto before = SeriesOf(program.Scrape(), "pi");
  fake.Become("api-dead");
  Page page = program.Await(30 * kSlower, "nothing of the API", [](const Page& p) {
    return Is(p, "api_dead_dns_alive", "timeout") && !p.Has("pihole_api_part_timestamp_seconds") &&
           !p.Has("pihole_api_endpoint_up");
  });
  // Of the API what the exporter knows of itself: how it went, and when it read what.
  const std::set<std::string> own = {
      "pihole_api_up", "pihole_api_state", "pihole_api_requests_total", "pihole_api_errors_total",
      "pihole_api_logins_total",
      "pihole_api_request_duration_seconds_bucket", "pihole_api_request_duration_seconds_sum",
      "pihole_api_request_duration_seconds_count", "pihole_config_check_timestamp_seconds"};
  std::set<std::string> left;
  for (auto& series : SeriesOf(page, "pi")) left.insert(NameOf(series));
  for (auto& name : left) {
    const bool of_dns = name.starts_with("pihole_probe") || name.starts_with("pihole_state") ||
                        name.starts_with("pihole_dns_") || name.starts_with("pihole_upstream_") ||
                        name == "pihole_ftl_info";
    EXPECT_TRUE(of_dns || own.count(name)) << name;
  }
  for (std::string name : {"pihole_queries", "pihole_dns_replies_total", "pihole_upstream_queries",
                           "pihole_blocking_state", "pihole_config_items", "pihole_lists",
                           "pihole_api_endpoint_up", "pihole_api_sessions"})
    EXPECT_EQ(left.count(name), 0u) << name;
  const auto after = SeriesOf(page, "pi");
  for (auto& series : before) {
    const bool stays = NameOf(series).starts_with("pihole_probe") || own.count(NameOf(series));
    EXPECT_TRUE(!stays || after.count(series)) << series;
  }
  for (std::string name : {"pihole_dns_cache_hits_total", "pihole_upstream_sent_total",
                           "pihole_ftl_info", "pihole_dns_up"})
    EXPECT_EQ(left.count(name), 1u) << name;
  const double sent = page.Get("pihole_probes_sent_total", {{"transport", "udp"}}).value_or(0);
  program.Await(10 * kSlower, "DNS goes on", [&](const Page& p) {
    return p.Get("pihole_probes_sent_total", {{"transport", "udp"}}).value_or(0) > sent + 10 &&
           p.Has("pihole_dns_cache_hits_total");
  });
}

}  // namespace
