#include "tests/pihole/replay.h"

// What the verdict keeps over a reload and a restart, besides outages.

namespace {

void Feed(Piholes& piholes, const PiholeEvidence& e) {
  piholes.Step(e, {e.end, kOrigin + Seconds(e.end - At(0))});
}

// A SID is a key: it is not for another host.
TEST(PiholesFacts, KeepsASeatForItsHostAlone) {
  auto options = ThreePiholes({"a"});
  options.piholes[0].api.url = "http://10.0.0.1";
  Piholes piholes(options);
  auto seat = [&](const std::string& url, const std::string& sid) {
    Feed(piholes, {{"seat a", At(0), At(0)}, SeatLook{"a", url, sid}});
  };
  seat("http://10.0.0.1", "sesame");
  EXPECT_EQ(piholes.sid("a"), "sesame");
  const std::string facts = piholes.Facts(NowAt(1));
  auto moved = options;
  moved.piholes[0].api.url = "http://10.0.0.2";
  piholes.Configure(moved);
  EXPECT_EQ(piholes.sid("a"), "");
  seat("http://10.0.0.2", "another");
  seat("http://10.0.0.1", "");  // the eye before this one leaves late
  EXPECT_EQ(piholes.sid("a"), "another");
  seat("http://10.0.0.2", "");
  EXPECT_EQ(piholes.sid("a"), "");
  for (auto& [o, sid] : {std::pair(options, "sesame"), std::pair(moved, "")}) {
    Piholes next(o);
    ASSERT_TRUE(next.Restore(facts, NowAt(2)).ok());
    EXPECT_EQ(next.sid("a"), sid);
  }
}

TEST(PiholesFacts, SinceWhenPiholesDifferSurvivesARestart) {
  auto settings = [](double at, const std::string& pihole, std::uint64_t list) {
    auto e = Api(at, pihole, ApiState::kOk);
    auto snapshot = std::make_shared<ApiSnapshot>();
    ConfigItems items{{"lists", {list, {list}}}};
    snapshot->config = {std::make_shared<const ConfigItems>(items), At(at),
                        std::chrono::minutes(5)};
    std::get<ApiLook>(e.seen).snapshot = snapshot;
    return e;
  };
  const std::string since = "pihole_config_drift_since_timestamp_seconds"
                            "{pihole=\"b\",component=\"lists\",reference=\"a\"}";
  Piholes piholes(ThreePiholes({"a", "b"}));
  Feed(piholes, settings(0, "a", 1));
  const int before = piholes.facts_revision();
  Feed(piholes, settings(10, "b", 2));
  EXPECT_GT(piholes.facts_revision(), before);
  EXPECT_EQ(ValueOf(piholes, 11, since), "1700000010");
  Piholes next(ThreePiholes({"a", "b"}));
  ASSERT_TRUE(next.Restore(piholes.Facts(NowAt(20)), NowAt(600)).ok());
  EXPECT_EQ(ValueOf(next, 600, since), "");
  Feed(next, settings(600, "a", 1));
  Feed(next, settings(610, "b", 2));
  EXPECT_EQ(ValueOf(next, 611, since), "1700000010");
}

}  // namespace
