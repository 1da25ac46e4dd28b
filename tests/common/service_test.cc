#include "common/service.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/common/testing/fake.h"
#include "tests/common/testing/sanitizer.h"
#include "tests/common/testing/seconds.h"

namespace {

using State = OutageWatch::State;

ServiceOptions Options(int fall = 2, int rise = 2) {
  ServiceOptions o;
  o.service = "postgres", o.scope = "main";
  o.patience_seconds = 1;
  o.fall = fall, o.rise = rise;
  return o;
}

Now NowAt(double seconds) { return {At(seconds), 1e9 + seconds}; }

// The value of an ha_* series at `t`, "absent" without it.
std::string Shown(const Service& service, double t, const std::string& metric,
                  const std::string& more = "") {
  Samples out;
  service.Show(NowAt(t), {"a", "b"}, out);
  return ValueOf(RenderPage({&out}, Format::kText),
                 "ha_" + metric + "{service=\"postgres\",scope=\"main\"" + more + "}");
}

void Attempted(Service& service, const std::vector<Attempt>& attempts) {
  for (auto& a : attempts) service.Attempted(a, NowAt(Since0(a.end)));
}

TEST(Service, SaysWhatIsWatchedBeforeItKnowsAnything) {
  Service service(Options());
  EXPECT_EQ(Shown(service, 1, "look_interval_seconds"), "0.25");
  EXPECT_EQ(Shown(service, 1, "rto_objective_seconds"), "120");
  EXPECT_EQ(Shown(service, 1, "rpo_objective_seconds"), "300");
  for (auto counter : {"outages_total", "short_failures_total", "unavailable_seconds_total",
                       "split_brain_seconds_total"})
    EXPECT_EQ(Shown(service, 1, counter), "0") << counter;
  for (auto kind : {"failover", "switchover", "unseen"})
    EXPECT_EQ(Shown(service, 1, "failovers_total", ",kind=\"" + std::string(kind) + "\""), "0");
  for (auto unknown : {"service_up", "last_look_timestamp_seconds", "split_brain",
                       "open_outage_start_timestamp_seconds", "last_outage_seconds",
                       "last_outage_low_seconds", "last_failover_timestamp_seconds"})
    EXPECT_EQ(Shown(service, 1, unknown), "absent") << unknown;
  EXPECT_EQ(Shown(service, 1, "active", ",holder=\"a\""), "absent");
}

TEST(Service, IsUpAsLongAsTheNewestAttemptIsYoung) {
  Service service(Options());
  service.Hold("a");
  service.Looked(At(1.5));
  Attempted(service, {Ok(1, 2)});
  EXPECT_EQ(Shown(service, 2.9, "service_up"), "1");
  EXPECT_EQ(Shown(service, 2.9, "split_brain"), "0");
  EXPECT_EQ(Shown(service, 2.9, "active", ",holder=\"a\""), "1");
  EXPECT_EQ(Shown(service, 2.9, "active", ",holder=\"b\""), "0");
  EXPECT_EQ(Shown(service, 2.9, "last_look_timestamp_seconds"), "1000000001.5");
  for (auto stale : {"service_up", "split_brain"}) EXPECT_EQ(Shown(service, 3.1, stale), "absent");
  EXPECT_EQ(Shown(service, 3.1, "active", ",holder=\"a\""), "absent");
  EXPECT_EQ(Shown(service, 3.1, "last_look_timestamp_seconds"), "1000000001.5");
  Attempted(service, {Void(3, 4)});  // a void look is no news
  EXPECT_EQ(Shown(service, 4, "service_up"), "absent");
}

TEST(Service, CountsAnOutageLowWhileItIsOpenAndMidWhenItIsOver) {
  Service service(Options());
  Attempted(service, {Ok(0, 1), Fail(2, 3)});
  EXPECT_EQ(Shown(service, 3, "service_up"), "1");  // not declared yet
  EXPECT_EQ(Shown(service, 3, "outages_total"), "0");
  Attempted(service, {Fail(10, 11)});
  EXPECT_EQ(Shown(service, 11, "service_up"), "0");
  EXPECT_EQ(Shown(service, 11, "outages_total"), "1");
  EXPECT_EQ(Shown(service, 11, "unavailable_seconds_total"), "7");
  EXPECT_EQ(Shown(service, 11, "open_outage_start_timestamp_seconds"), "1000000001.5");
  EXPECT_EQ(Shown(service, 11, "last_outage_seconds"), "absent");
  Attempted(service, {Ok(12, 13)});  // not over before the second
  EXPECT_EQ(Shown(service, 13, "service_up"), "0");
  EXPECT_EQ(Shown(service, 13, "unavailable_seconds_total"), "7");
  Attempted(service, {Ok(14, 15)});
  EXPECT_EQ(Shown(service, 15, "service_up"), "1");
  EXPECT_EQ(Shown(service, 15, "unavailable_seconds_total"), "10");
  EXPECT_EQ(Shown(service, 15, "open_outage_start_timestamp_seconds"), "absent");
  EXPECT_EQ(Shown(service, 15, "last_outage_seconds"), "10");
  EXPECT_EQ(Shown(service, 15, "last_outage_low_seconds"), "7");
  EXPECT_EQ(Shown(service, 15, "last_outage_high_seconds"), "13");
  EXPECT_EQ(Shown(service, 15, "last_outage_start_timestamp_seconds"), "1000000001.5");
  EXPECT_EQ(Shown(service, 15, "last_outage_end_timestamp_seconds"), "1000000011.5");
  EXPECT_EQ(Shown(service, 15, "short_failures_total"), "0");
  Attempted(service, {Fail(16, 17), Ok(18, 19)});
  EXPECT_EQ(Shown(service, 19, "short_failures_total"), "1");
  EXPECT_EQ(Shown(service, 19, "outages_total"), "1");
}

TEST(Service, KnowsNoHighBoundWhereNobodyLookedBefore) {
  Service service(Options());
  Attempted(service, {Fail(2, 3), Fail(4, 5), Ok(6, 7), Ok(8, 9)});
  EXPECT_EQ(Shown(service, 9, "last_outage_low_seconds"), "1");
  EXPECT_EQ(Shown(service, 9, "last_outage_seconds"), "absent");
  EXPECT_EQ(Shown(service, 9, "last_outage_high_seconds"), "absent");
  EXPECT_EQ(Shown(service, 9, "unavailable_seconds_total"), "1");
}

// Counters of Prometheus must never fall: a fall is taken for a restart.
TEST(Service, UnavailableSecondsNeverFall) {
  std::mt19937_64 random(1);
  auto between = [&](double a, double b) {
    return std::uniform_real_distribution<double>(a, b)(random);
  };
  int outages = 0;
  for (int run = 0; run < 2'000 / kSlower; ++run) {
    Service service(
        Options(1 + static_cast<int>(random() % 3), 1 + static_cast<int>(random() % 3)));
    double t = 1, last = 0, fails = between(0.1, 0.9);
    for (int i = 0; i < 60; ++i) {
      double begin = t + between(0, random() % 8 ? 0.3 : 10), end = begin + between(0, 1);
      Attempt attempt{random() % 20 == 0          ? Result::kVoid
                      : between(0, 1) < fails ? Result::kFail
                                              : Result::kOk,
                      At(begin), At(end)};
      outages += service.Attempted(attempt, NowAt(end)).opened;
      double now = std::stod(Shown(service, end, "unavailable_seconds_total"));
      ASSERT_GE(now, last - 1e-9) << "run " << run;
      ASSERT_LE(now, end) << "run " << run;
      last = now;
      t = end;
    }
  }
  EXPECT_GT(outages, 1'000 / kSlower);
}

TEST(Service, CountsFailoversByKind) {
  Service service(Options());
  service.Hold("a");
  EXPECT_EQ(service.last_holder(), "a");
  service.Hold("");
  EXPECT_EQ(service.holder(), "");
  EXPECT_EQ(service.last_holder(), "a");
  FailoverFact fact;
  fact.unix_seconds = 1.5e9, fact.from = "a", fact.to = "b", fact.kind = "failover";
  fact.loss.seconds = 2, fact.loss.low_seconds = 1;
  fact.loss.bytes = 100, fact.loss.low_bytes = 0, fact.loss.high_bytes = 200;
  service.Failover(fact);
  EXPECT_EQ(service.holder(), "b");
  EXPECT_EQ(Shown(service, 1, "failovers_total", ",kind=\"failover\""), "1");
  EXPECT_EQ(Shown(service, 1, "failovers_total", ",kind=\"switchover\""), "0");
  EXPECT_EQ(Shown(service, 1, "last_failover_timestamp_seconds"), "1.5e+09");
  EXPECT_EQ(Shown(service, 1, "last_failover_info", ",from=\"a\",to=\"b\",kind=\"failover\""), "1");
  EXPECT_EQ(Shown(service, 1, "last_failover_lost_seconds"), "2");
  EXPECT_EQ(Shown(service, 1, "last_failover_lost_low_seconds"), "1");
  EXPECT_EQ(Shown(service, 1, "last_failover_lost_high_seconds"), "absent");  // nobody can know
  EXPECT_EQ(Shown(service, 1, "last_failover_lost_bytes"), "100");
  EXPECT_EQ(Shown(service, 1, "last_failover_lost_low_bytes"), "0");
  EXPECT_EQ(Shown(service, 1, "last_failover_lost_high_bytes"), "200");
}

TEST(Service, LearnsMoreOfTheLastFailover) {
  Service service(Options());
  service.Amend({1, "a", "b", "failover", {}});  // nothing to amend
  EXPECT_TRUE(service.failovers().empty());
  service.Failover({100, "a", "b", "failover", {}});
  EXPECT_EQ(Shown(service, 1, "last_failover_lost_bytes"), "absent");
  int revision = service.facts_revision();
  FailoverFact fact = service.failovers().back();
  fact.loss.bytes = 7;
  fact.kind = "switchover";  // has been counted as a failover
  service.Amend(fact);
  EXPECT_EQ(Shown(service, 1, "last_failover_lost_bytes"), "7");
  EXPECT_EQ(Shown(service, 1, "failovers_total", ",kind=\"failover\""), "1");
  EXPECT_EQ(Shown(service, 1, "failovers_total", ",kind=\"switchover\""), "0");
  EXPECT_GT(service.facts_revision(), revision);
}

TEST(Service, WithoutAHolderHasNothingOfTheirs) {
  ServiceOptions options = Options();
  options.has_holder = false;
  Service service(options);
  Attempted(service, {Ok(1, 2)});
  Samples out;
  service.Show(NowAt(2.5), {}, out);
  std::string page = RenderPage({&out}, Format::kText);
  EXPECT_EQ(ValueOf(page, "ha_service_up{service=\"postgres\",scope=\"main\"}"), "1");
  for (auto name : {"ha_active", "ha_failovers_total", "ha_split_brain", "ha_rpo_objective"})
    EXPECT_EQ(page.find(name), page.npos) << name;
}

TEST(Service, CountsSplitBrain) {
  Service service(Options());
  Attempted(service, {Ok(1, 2)});
  service.SetSplitBrain(true);
  service.SplitBrain(1.5);
  service.SplitBrain(0.5);
  EXPECT_EQ(Shown(service, 2, "split_brain"), "1");
  EXPECT_EQ(Shown(service, 2, "split_brain_seconds_total"), "2");
}

TEST(Service, KeepsTheLastTwenty) {
  Service service(Options(1, 1));
  for (int i = 0; i < 30; ++i)
    Attempted(service, {Fail(4 * i, 4 * i + 1), Ok(4 * i + 2, 4 * i + 3)});
  FailoverFact fact;
  fact.kind = "switchover";
  for (int i = 0; i < 30; ++i) service.Failover(fact);
  EXPECT_EQ(service.outages().size(), 20u);
  EXPECT_EQ(service.failovers().size(), 20u);
  EXPECT_EQ(Shown(service, 1000, "outages_total"), "30");
  EXPECT_EQ(service.Stories().size(), 40u);
}

TEST(Service, TellsItsStories) {
  auto options = Options(1, 1);
  options.essence = "a leader";
  Service service(options);
  EXPECT_FALSE(service.Summary(NowAt(0)).up);
  Attempted(service, {Ok(0, 1)});
  service.Hold("a");
  EXPECT_EQ(service.Summary(NowAt(1)).up, true);
  EXPECT_EQ(service.Summary(NowAt(1)).holder, "a");
  EXPECT_FALSE(service.Summary(NowAt(1000)).up);
  EXPECT_EQ(service.Summary(NowAt(1000)).holder, "");
  Attempted(service, {Fail(2, 3)});
  service.SetSplitBrain(true);
  EXPECT_EQ(service.Summary(NowAt(3)).up, false);
  EXPECT_TRUE(service.Summary(NowAt(3)).split_brain);
  EXPECT_EQ(service.Summary(NowAt(3)).down_unix_seconds, service.Stories()[0].unix_seconds);
  EXPECT_EQ(service.Stories()[0].text, "main is without a leader");
  Attempted(service, {Fail(4, 5), Ok(6, 7)});
  EXPECT_EQ(service.Summary(NowAt(7)).down_unix_seconds, 0);
  for (std::string kind : {"failover", "unseen"})
    service.Failover({5, "a", "b", kind, {2.0, 1.0, 3.0, 2000, 1000, 3000}});
  auto stories = service.Stories();
  ASSERT_EQ(stories.size(), 3u);
  EXPECT_EQ(stories[0].text, "main was without a leader for 4.00 s (1.00 s to 7.00 s); "
                             "the objective of 2 min was kept");
  EXPECT_EQ(stories[1].text, "main: failover from a to b; "
                             "2.00 s of work were lost (1.00 s to 3.00 s), 2.0 kB");
  EXPECT_EQ(stories[2].text, "main: from a to b while nobody watched");
}

TEST(Service, TellsWhetherTheObjectiveWasKeptWhenThatIsSure) {
  for (auto [objective, end] : {std::pair(0.5, "missed"), {1, ""}, {6.9, ""}, {7, "kept"}}) {
    auto options = Options(1, 1);
    options.rto_objective_seconds = objective;
    Service service(options);
    Attempted(service, {Ok(0, 1), Fail(2, 3), Fail(4, 5), Ok(6, 7)});
    std::string story = service.Stories()[0].text;
    EXPECT_TRUE(story.ends_with(*end ? end : "(1.00 s to 7.00 s)")) << story;
  }
}

TEST(Service, TakesANewConfiguration) {
  Service service(Options(5, 1));
  Attempted(service, {Ok(0, 1), Fail(2, 3)});
  auto options = Options(2, 1);
  options.rto_objective_seconds = 10;
  service.Configure(options);
  EXPECT_EQ(Shown(service, 3, "rto_objective_seconds"), "10");
  Attempted(service, {Fail(4, 5)});
  EXPECT_EQ(Shown(service, 5, "outages_total"), "1");
}

TEST(Service, SavesAnOutageWhenItOpensAndNowAndThenWhileItIsOpen) {
  Service service(Options(1, 1));
  Attempted(service, {Ok(0, 1)});
  int revision = service.facts_revision();
  Attempted(service, {Fail(2, 3)});
  EXPECT_EQ(service.facts_revision(), revision + 1);
  for (int t = 4; t < 184; t += 2) Attempted(service, {Fail(t, t + 1)});
  EXPECT_EQ(service.facts_revision(), revision + 3);  // once a minute
  Attempted(service, {Ok(200, 201)});
  EXPECT_EQ(service.facts_revision(), revision + 4);
  Attempted(service, {Fail(202, 203)});
  EXPECT_EQ(service.facts_revision(), revision + 5);
}

}  // namespace
