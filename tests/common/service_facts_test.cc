#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "common/facts.h"
#include "common/service.h"
#include "tests/common/testing/fake.h"
#include "tests/common/testing/sanitizer.h"
#include "tests/common/testing/seconds.h"

// What of a service survives a restart.

namespace {

ServiceOptions Options(const std::string& scope = "main") {
  ServiceOptions o;
  o.service = "postgres", o.scope = scope;
  o.fall = o.rise = 1;
  return o;
}

Now NowAt(double seconds) { return {At(seconds), 1e9 + seconds}; }

void Attempted(Service& service, const std::vector<Attempt>& attempts) {
  for (auto& a : attempts) service.Attempted(a, NowAt(Since0(a.end)));
}

std::string Shown(const Service& service, const Now& now, const std::string& metric) {
  Samples out;
  service.Show(now, {}, out);
  return ValueOf(RenderPage({&out}, Format::kText),
                 "ha_" + metric + "{service=\"postgres\",scope=\"main\"}");
}

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

std::string BootId() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return id;
}

// Facts with an outage open since 103 (last ok look 100), last seen failing at 150, saved at 160.
std::string OpenFacts() {
  Service before(Options());
  Attempted(before, {Ok(100, 101), Fail(102, 103), Fail(150, 151)});
  return FactsFile({&before}, NowAt(160));
}

Service Restored(const std::string& facts, const Now& now) {
  Service after(Options());
  EXPECT_TRUE(RestoreFacts(facts, now, {&after}).ok());
  return after;
}

TEST(Facts, GoRoundTrip) {
  Service before(Options()), other(Options("other \"one\"\n"));
  Attempted(before, {Ok(0, 1), Fail(2, 3), Fail(4, 5), Ok(6, 7)});
  FailoverFact fact;
  fact.unix_seconds = 1e9 + 3, fact.from = "a\"\\", fact.to = "b\xC3\xBC", fact.kind = "failover";
  fact.loss.seconds = 2.5, fact.loss.low_bytes = 0, fact.loss.high_bytes = 123456789012.0;
  before.Failover(fact);
  other.Hold("holder");
  std::string file = FactsFile({&before, &other}, NowAt(10));
  Service after(Options()), after_other(Options("other \"one\"\n")), stranger(Options("stranger"));
  ASSERT_TRUE(RestoreFacts(file, NowAt(12), {&stranger, &after_other, &after}).ok());
  EXPECT_EQ(after.last_holder(), "b\xC3\xBC");
  EXPECT_EQ(after.holder(), "");  // who holds it now, only looks can tell
  EXPECT_EQ(after_other.last_holder(), "holder");
  EXPECT_TRUE(stranger.outages().empty() && stranger.failovers().empty());
  ASSERT_EQ(after.outages().size(), 1u);
  auto &was = before.outages()[0], &is = after.outages()[0];
  EXPECT_EQ(is.start_unix_seconds, was.start_unix_seconds);
  EXPECT_EQ(is.end_unix_seconds, was.end_unix_seconds);
  EXPECT_EQ(is.low_seconds, was.low_seconds);
  EXPECT_EQ(is.mid_seconds, was.mid_seconds);
  EXPECT_EQ(is.high_seconds, was.high_seconds);
  EXPECT_FALSE(is.end_unknown);
  ASSERT_EQ(after.failovers().size(), 1u);
  auto& failover = after.failovers()[0];
  EXPECT_EQ(failover.unix_seconds, fact.unix_seconds);
  EXPECT_EQ(failover.from, fact.from);
  EXPECT_EQ(failover.to, fact.to);
  EXPECT_EQ(failover.kind, fact.kind);
  EXPECT_EQ(failover.loss.seconds, fact.loss.seconds);
  EXPECT_EQ(failover.loss.low_bytes, fact.loss.low_bytes);
  EXPECT_EQ(failover.loss.high_bytes, fact.loss.high_bytes);
  EXPECT_FALSE(failover.loss.low_seconds || failover.loss.high_seconds || failover.loss.bytes);
  // Counters start again.
  EXPECT_EQ(Shown(after, NowAt(12), "outages_total"), "0");
  EXPECT_EQ(Shown(after, NowAt(12), "unavailable_seconds_total"), "0");
  EXPECT_EQ(Shown(after, NowAt(12), "last_outage_seconds"), "4");
  EXPECT_EQ(FactsFile({&after, &after_other}, NowAt(10)), file);
}

TEST(Facts, ARestartWithinAnOutageGoesOnWithIt) {
  Service after = Restored(OpenFacts(), NowAt(200));
  EXPECT_EQ(Shown(after, NowAt(200), "service_up"), "absent");
  EXPECT_EQ(Shown(after, NowAt(200), "open_outage_start_timestamp_seconds"), "1000000101.5");
  Attempted(after, {Fail(202, 203), Fail(210, 211)});
  EXPECT_EQ(Shown(after, NowAt(211), "service_up"), "0");
  EXPECT_EQ(Shown(after, NowAt(211), "outages_total"), "0");  // the other process counted it
  EXPECT_EQ(Shown(after, NowAt(211), "unavailable_seconds_total"), "10");  // since 200
  Attempted(after, {Ok(220, 221)});
  EXPECT_EQ(Shown(after, NowAt(221), "unavailable_seconds_total"),
            "15.5");  // to the middle of 210, 221
  EXPECT_EQ(Shown(after, NowAt(221), "last_outage_low_seconds"), "107");     // 103 to 210
  EXPECT_EQ(Shown(after, NowAt(221), "last_outage_high_seconds"), "121");    // 100 to 221
  EXPECT_EQ(Shown(after, NowAt(221), "last_outage_seconds"), "114");
}

TEST(Facts, AnOutageThatEndedWhileNobodyLookedHasWideBounds) {
  Service after = Restored(OpenFacts(), NowAt(200));
  Attempted(after, {Ok(201, 202)});
  EXPECT_EQ(Shown(after, NowAt(202), "last_outage_low_seconds"), "47");    // 103 to 150
  EXPECT_EQ(Shown(after, NowAt(202), "last_outage_high_seconds"), "102");  // 100 to 202
  double seen = std::stod(Shown(after, NowAt(202), "unavailable_seconds_total"));
  EXPECT_GE(seen, 0);
  EXPECT_LE(seen, 2);
}

TEST(Facts, WithinOneBootTheWallClockDoesNotMatter) {
  Now set_back{At(200), 5e8};
  Service after = Restored(OpenFacts(), set_back);
  EXPECT_TRUE(after.open_outage());
}

TEST(Facts, AfterAnotherBootTheWallClockTells) {
  std::string facts = Replace(OpenFacts(), BootId(), "another-boot");
  Now soon{At(5), 1e9 + 200}, late{At(5), 1e9 + 160 + 601}, back{At(5), 1e9 + 159};
  Service after = Restored(facts, soon);
  ASSERT_TRUE(after.open_outage());
  EXPECT_NEAR(Since0(after.open_outage()->last_fail), 5 - 50, 1e-6);
  EXPECT_NEAR(Since0(*after.open_outage()->last_ok), 5 - 100, 1e-6);
  for (auto& now : {late, back}) {
    Service closed = Restored(facts, now);
    EXPECT_FALSE(closed.open_outage());
    ASSERT_EQ(closed.outages().size(), 1u);
    EXPECT_TRUE(closed.outages()[0].end_unknown);
    EXPECT_EQ(Shown(closed, now, "last_outage_start_timestamp_seconds"), "1000000101.5");
    EXPECT_EQ(Shown(closed, now, "last_outage_low_seconds"), "47");
    for (auto unknown : {"last_outage_end_timestamp_seconds", "last_outage_seconds",
                         "last_outage_high_seconds", "open_outage_start_timestamp_seconds"})
      EXPECT_EQ(Shown(closed, now, unknown), "absent") << unknown;
    EXPECT_EQ(closed.Stories()[0].text,
              "main was without its service for at least 47.0 s; nobody saw it end");
  }
}

TEST(Facts, AnOutageOlderThanTenMinutesIsClosedAsUnknown) {
  EXPECT_TRUE(Restored(OpenFacts(), NowAt(160 + 599)).open_outage());
  Service after = Restored(OpenFacts(), NowAt(160 + 601));
  EXPECT_FALSE(after.open_outage());
  ASSERT_EQ(after.outages().size(), 1u);
  EXPECT_TRUE(after.outages()[0].end_unknown);
}

TEST(Facts, DamageIsAnErrorAndChangesNothing) {
  std::string good = OpenFacts();
  for (const std::string& bad :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"),
        good.substr(0, good.size() / 2), Replace(good, "\"version\":1", "\"version\":2"),
        Replace(good, "\"version\":1,", ""), std::string(200'000, '[')}) {
    Service service(Options());
    EXPECT_FALSE(RestoreFacts(bad, NowAt(200), {&service}).ok()) << bad.substr(0, 50);
    EXPECT_FALSE(service.open_outage());
    EXPECT_TRUE(service.outages().empty());
  }
}

TEST(Facts, NonsenseIsLeftOut) {
  std::string good = OpenFacts();
  for (auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"first_fail_ago\":57.000000", "\"first_fail_ago\":1e300"},
           {"\"first_fail_ago\":57.000000", "\"first_fail_ago\":-1"},
           {"\"first_fail_ago\":57.000000", "\"first_fail_ago\":\"57\""},
           {"\"last_fail_ago\":10.000000", "\"last_fail_ago\":1e9"},
           {"\"last_ok_ago\":60.000000", "\"last_ok_ago\":20.0"},  // it worked within the outage
           {"\"start\":", "\"start\":-"},
           {"\"start\":", "\"other\":"}}) {
    Service after = Restored(Replace(good, from, to), NowAt(200));
    EXPECT_FALSE(after.open_outage()) << to;
    EXPECT_TRUE(after.outages().empty()) << to;
  }
  Service after =
      Restored(Replace(good, "\"outages\":[]",
                       "\"outages\":[1,null,{},{\"start\":5,\"end\":4,\"low_seconds\":1},"
                       "{\"start\":5,\"end\":1e300,\"low_seconds\":1},"
                       "{\"start\":5,\"end\":6,\"low_seconds\":1,\"mid_seconds\":-1}]"),
               NowAt(200));
  ASSERT_EQ(after.outages().size(), 1u);
  EXPECT_FALSE(after.outages()[0].mid_seconds);
}

TEST(Facts, AreBounded) {
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += std::string(i ? "," : "") + "{\"start\":" + std::to_string(i) +
            ",\"end\":9999,\"low_seconds\":1}";
  Service after =
      Restored(Replace(OpenFacts(), "\"outages\":[]", "\"outages\":[" + many + "]"), NowAt(200));
  ASSERT_EQ(after.outages().size(), 20u);
  EXPECT_EQ(after.outages().back().start_unix_seconds, 999);
  Service named = Restored(Replace(OpenFacts(), "\"holder\":\"\"",
                                   "\"holder\":\"" + std::string(100'000, 'x') + "\""), NowAt(200));
  EXPECT_LE(named.last_holder().size(), 256u);
}

// As many services as Redis masters are watched, each with all the past that it keeps.
TEST(Facts, OfManyServicesCanBeReadAgain) {
  std::vector<Service> services;
  std::vector<const Service*> all;
  for (int i = 0; i < 300; ++i) {
    Service& service = services.emplace_back(Options("master " + std::to_string(i)));
    for (int n = 0; n < 20; ++n) {
      service.Failover({1e9 + n, std::string(200, 'f'), std::string(200, 't'), "failover", {}});
      Attempted(service, {Ok(n, n + 0.1), Fail(n + 0.2, n + 0.3), Ok(n + 0.4, n + 0.5)});
    }
  }
  for (auto& service : services) all.push_back(&service);
  const std::string file = FactsFile(all, NowAt(30));
  EXPECT_LE(file.size(), kMaxFactsBytes);
  EXPECT_GE(file.size(), kMaxFactsBytes / 4);
  Service last(Options("master 299"));
  ASSERT_TRUE(RestoreFacts(file, NowAt(31), {&last}).ok());
  ASSERT_FALSE(last.failovers().empty());
  EXPECT_EQ(last.failovers().back().unix_seconds, 1e9 + 19) << "the newest are kept";
  EXPECT_FALSE(last.outages().empty());
  EXPECT_NE(FactsFile({&services[0]}, NowAt(30)).find("1000000000.0"), file.npos) << "all, of one";
}

// Whatever the file says, the page stays well-formed and nothing crashes.
TEST(Facts, SurviveAnyBytes) {
  std::mt19937_64 random(1);
  const std::string good = OpenFacts();
  const std::string alphabet = "0123456789eE+-.,:{}[]\"\\ntfx\xFF";
  for (int i = 0; i < 20'000 / kSlower; ++i) {
    std::string bad = good;
    for (std::uint64_t n = random() % 4 + 1; n > 0; --n)
      bad[random() % bad.size()] = alphabet[random() % alphabet.size()];
    Service service(Options());
    bool ok = RestoreFacts(bad, NowAt(200), {&service}).ok();
    ASSERT_TRUE(ok || (!service.open_outage() && service.outages().empty()));
    Attempted(service, {Fail(202, 203), Ok(204, 205)});
    double low = std::stod(Shown(service, NowAt(205), "last_outage_low_seconds"));
    ASSERT_GE(low, 0);
    ASSERT_LE(std::stod(Shown(service, NowAt(205), "unavailable_seconds_total")), 5);
  }
}

}  // namespace
