#include "exporters/redis-sentinel/heard.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/redis-sentinel/recorded.h"
#include "tests/redis-sentinel/replay.h"

namespace {

const std::string kS1 = "10.88.0.11:26379";
const std::string k1 = "10.88.0.11:6379";

double Events(const Deployment& d, double at, const std::string& event) {
  return ValueOf(d, at, "redis_sentinel_events_total{sentinel=\"" + kS1 + "\",event=\"" + event +
                            "\"}");
}

double OfSentinel(const Deployment& d, double at, const std::string& name) {
  return ValueOf(d, at, "redis_sentinel_" + name + "{sentinel=\"" + kS1 + "\"}");
}

void Hear(Deployment& d, double at, const std::string& event, bool late = false) {
  d.Step(EventEvidence(at, at, kS1, event, "master mymaster 10.88.0.11 6379", late), NowAt(at));
}

void Subscribed(Deployment& d, double at, bool subscribed, double again) {
  d.Step({{"events " + kS1, At(at), At(at)}, SubscriptionLook{kS1, subscribed, At(again)}},
         NowAt(at));
}

TEST(Heard, EventsAreCountedFromZeroByAClosedSetOfNames) {
  Deployment d(OneDeployment());
  EXPECT_EQ(Events(d, 0, "+sdown"), 0);
  EXPECT_EQ(Events(d, 0, "other"), 0);
  EXPECT_EQ(OfSentinel(d, 0, "late_events_total"), 0);
  Hear(d, 1, "+sdown");
  Hear(d, 2, "+sdown", true);
  Hear(d, 3, "+made-up");
  Hear(d, 4, "+failover-state-select-slave");
  EXPECT_EQ(Events(d, 5, "+sdown"), 2);
  EXPECT_EQ(Events(d, 5, "other"), 2);
  EXPECT_TRUE(std::isnan(Events(d, 5, "+made-up")));
  EXPECT_EQ(OfSentinel(d, 5, "late_events_total"), 1);
}

// A name that no version says would stay at 0 for ever.
TEST(Heard, EveryNameIsOneThatSentinelsSay) {
  std::set<std::string> said = {"other"};
  std::istringstream lines(RecordedFile("events.txt"));
  for (std::string line; std::getline(lines, line);) said.insert(line.substr(0, line.find(' ')));
  Deployment d(OneDeployment());
  Samples samples;
  d.Show(NowAt(0), samples);
  std::istringstream page(RenderPage({&samples}, Format::kText));
  const std::string label = "event=\"";
  int names = 0;
  for (std::string line; std::getline(page, line);) {
    auto at = line.find(label);
    if (at == line.npos) continue;
    ++names;
    at += label.size();
    EXPECT_TRUE(said.contains(line.substr(at, line.find('"', at) - at))) << line;
  }
  EXPECT_GT(names, 30);
}

TEST(Heard, WhetherWeListenIsKnownAsLongAsItsEyeSaysSo) {
  Deployment d(OneDeployment());
  EXPECT_TRUE(std::isnan(OfSentinel(d, 0, "subscribed")));
  Subscribed(d, 1, true, 2);
  EXPECT_EQ(OfSentinel(d, 2, "subscribed"), 1);
  EXPECT_TRUE(std::isnan(OfSentinel(d, 8, "subscribed"))) << "the eye is stuck";
  Subscribed(d, 8, false, 38);  // denied
  EXPECT_EQ(OfSentinel(d, 37, "subscribed"), 0);
}

TEST(Heard, ASentinelThatIsGoneIsForgotten) {
  Deployment d(OneDeployment());
  const std::string gone = "10.88.0.12:26379";
  const std::string series = "redis_sentinel_late_events_total{sentinel=\"" + gone + "\"}";
  d.Step(SentinelEvidence(0, 0.01, kS1, {ViewOf(kS1, k1)}), NowAt(0.01));
  d.Step(EventEvidence(1, 1, gone, "+sdown", "", true), NowAt(1));
  EXPECT_EQ(ValueOf(d, 1, series), 1);
  MasterView view = ViewOf(kS1, k1);
  view.sentinels.clear();
  d.Step(SentinelEvidence(700, 700.01, kS1, {view}), NowAt(700.01));
  EXPECT_TRUE(std::isnan(ValueOf(d, 701, series)));
  d.Step(SentinelEvidence(702, 702.01, kS1, {ViewOf(kS1, k1)}), NowAt(702.01));
  EXPECT_EQ(ValueOf(d, 703, series), 0);
}

}  // namespace
