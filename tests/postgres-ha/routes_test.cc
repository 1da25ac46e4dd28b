// The judgement on routes: sessions in, services and time in states out.
#include "exporters/postgres-ha/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/postgres-ha/replay.h"

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr RouteKind kRw = RouteKind::kReadWrite, kRo = RouteKind::kReadOnly;

DataSetOptions WithRoutes(bool cloud_too = false) {
  DataSetOptions o = TwoSites();
  for (auto& site : o.sites) site.route_interval = 5s;
  o.sites[0].routes = {{kRw, "haproxy", 5432}, {kRo, "haproxy", 5433}};
  if (cloud_too) o.sites[1].routes = o.sites[0].routes;
  return o;
}

struct Watch {
  Routes routes;
  std::string leading = "on-premise";
  explicit Watch(DataSetOptions options = WithRoutes()) : routes(options) {}

  bool See(double begin, double took, RouteKind kind, bool fresh, SqlLook landed,
           const std::string& on = "pg1", const std::string& site = "on-premise") {
    Evidence e;
    e.eye = RouteEyeName(site, kind, fresh);
    e.member = {site, ""};
    e.begin = At(begin);
    e.end = At(begin + took);
    RouteLook look{kind, fresh, landed};
    std::string landed_on = landed.answer == Answer::kAnswered ? on : "";
    return routes.Step(e, look, landed_on, leading, NowAt(begin + took));
  }
  const Service& service(RouteKind kind) { return *routes.service(kind); }
  std::string Page(double at) {
    Samples samples;
    routes.Show({"pg1", "pg2", "pgc1"}, NowAt(at), samples);
    return RenderPage({&samples}, Format::kText);
  }
  double Seconds(double at, const std::string& route, const std::string& session,
                 const std::string& state) {
    std::string page = Page(at);
    std::string name = "postgres_ha_route_state_seconds_total{pg_cluster=\"sentinel\",target_site="
                       "\"on-premise\",route=\"" + route + "\",session=\"" + session +
                       "\",state=\"" + state + "\"} ";
    auto found = page.find(name);
    return found == page.npos ? -1 : std::stod(page.substr(found + name.size()));
  }
};

TEST(Routes, ANewSessionDecidesAKeptOneDatesTheStart) {
  Watch watch;
  for (double t = 0; t < 20; t += 0.25) {
    watch.See(t, 0.001, kRw, false, Primary(1));
    if (t == 0 || t == 5 || t == 10 || t == 15) watch.See(t, 0.02, kRw, true, Primary(1));
  }
  EXPECT_EQ(watch.service(kRw).state(), OutageWatch::State::kUp);
  // It breaks just after 19.75: the kept session is lost, new ones come at once.
  EXPECT_TRUE(watch.See(19.8, 0.001, kRw, false, Failed(Answer::kUnreachable)));
  for (double t = 19.8; t < 25; t += 0.25) watch.See(t, 0.01, kRw, true, Failed(Answer::kRefused));
  EXPECT_TRUE(watch.service(kRw).open_outage());
  for (double t = 25; t < 30; t += 0.25) watch.See(t, 0.02, kRw, true, Primary(1), "pg2");
  ASSERT_EQ(watch.service(kRw).outages().size(), 1u);
  auto& outage = watch.service(kRw).outages()[0];
  EXPECT_NEAR(*outage.mid_seconds, 5.1, 0.3);
  EXPECT_GT(*outage.high_seconds, 9.9);  // nobody can know: the last proof was at 15
  EXPECT_LT(outage.low_seconds, 5.1);
  EXPECT_THAT(watch.Page(30), HasSubstr("ha_service_up{service=\"postgres_rw\",scope=\"sentinel\"} 1"));
}

TEST(Routes, AKeptSessionThatGoesOnProvesNothing) {
  Watch watch;
  watch.See(0, 0.02, kRw, true, Primary(1));
  for (double t = 0; t < 20; t += 0.25) {
    watch.See(t, 0.001, kRw, false, Primary(1));
    if (t > 5) watch.See(t, 0.2, kRw, true, Failed(Answer::kTimeout));  // a hung postmaster
  }
  EXPECT_TRUE(watch.service(kRw).open_outage());
}

TEST(Routes, SessionsThatLandOnEitherServerDoNotEndAnOutage) {
  Watch watch;
  watch.See(0, 0.02, kRw, true, Primary(1));
  for (int i = 0; i < 8; ++i) watch.See(1 + i * 0.25, 0.02, kRw, true, Standby(1), "pg1");
  for (int i = 0; i < 40; ++i)
    watch.See(3 + i * 0.25, 0.02, kRw, true, i % 4 ? Primary(1) : Standby(1), "pg2");
  EXPECT_TRUE(watch.service(kRw).open_outage());
  for (int i = 0; i < 10; ++i) watch.See(13 + i * 0.25, 0.02, kRw, true, Primary(1), "pg2");
  ASSERT_EQ(watch.service(kRw).outages().size(), 1u);
  EXPECT_NEAR(watch.service(kRw).outages()[0].end_unix_seconds - kOrigin, 12.15, 1);
}

TEST(Routes, WhatIsRightDependsOnTheRoute) {
  struct Case {
    RouteKind kind;
    SqlLook landed;
    const char *on, *state;
  };
  SqlLook read_only = Primary(1);
  read_only.read_only = true;
  for (auto& c : {Case{kRw, Primary(1), "pg1", "ok"}, Case{kRw, Standby(1), "pg2", "wrong_role"},
                  Case{kRw, read_only, "pg1", "wrong_role"}, Case{kRo, Standby(1), "pg2", "ok"},
                  Case{kRo, Primary(1), "pg1", "wrong_role"},
                  Case{kRw, Primary(1), "foreign", "wrong_role"},
                  Case{kRw, Primary(1), "other", "ok"},
                  Case{kRw, Failed(Answer::kRefused), "", "refused"},
                  Case{kRw, Failed(Answer::kTimeout), "", "timeout"},
                  Case{kRo, Failed(Answer::kDenied), "", "denied"},
                  Case{kRo, Failed(Answer::kFull), "", "denied"},
                  Case{kRo, Failed(Answer::kUnreachable), "", "other"},
                  Case{kRo, Failed(Answer::kStarting), "", "other"}}) {
    SCOPED_TRACE(c.state);
    Watch watch;
    watch.See(0, 0.01, c.kind, true, c.landed, c.on);
    watch.See(1, 0.01, c.kind, true, c.landed, c.on);
    EXPECT_DOUBLE_EQ(watch.Seconds(1.1, c.kind == kRw ? "rw" : "ro", "fresh", c.state), 1);
  }
}

TEST(Routes, APrimaryMayServeReadsIfTheConfigurationSaysSo) {
  DataSetOptions options = WithRoutes();
  options.sites[0].read_only_accepts_primary = true;
  Watch watch(options);
  watch.See(0, 0.01, kRo, true, Primary(1));
  EXPECT_EQ(watch.service(kRo).state(), OutageWatch::State::kUp);
}

TEST(Routes, TimeGoesToTheStateItWasSpentIn) {
  Watch watch;
  watch.See(0, 0, kRw, true, Primary(1));
  watch.See(5, 0, kRw, true, Primary(1));
  watch.See(6, 0, kRw, true, Standby(1));  // poked: the change was a moment ago
  for (int i = 1; i <= 20; ++i) watch.See(6 + i * 0.1, 0, kRw, true, Standby(1));
  watch.See(8.1, 0, kRw, true, Primary(1));
  EXPECT_NEAR(watch.Seconds(9, "rw", "fresh", "ok"), 5.8, 0.01);
  EXPECT_NEAR(watch.Seconds(9, "rw", "fresh", "wrong_role"), 2.3, 0.01);
  // Nobody looked for an hour: nobody knows.
  watch.See(3608, 0, kRw, true, Primary(1));
  EXPECT_LT(watch.Seconds(3608, "rw", "fresh", "ok"), 30);
}

TEST(Routes, OurOwnTroubleAndOursAloneSaysNothing) {
  Watch watch;
  watch.See(0, 0.01, kRw, true, Primary(1));
  for (int i = 1; i < 10; ++i) {
    watch.See(i, 0.01, kRw, true, Failed(Answer::kOurs));
    watch.See(i + 0.5, 0.01, kRw, true, Failed(Answer::kDenied));
  }
  EXPECT_FALSE(watch.service(kRw).open_outage());
  EXPECT_THAT(watch.Page(16), Not(HasSubstr("ha_service_up{service=\"postgres_rw\"")));
}

TEST(Routes, TheSiteThatLeadsDecides) {
  Watch watch(WithRoutes(true));
  auto look = [&](double t, SqlLook here, SqlLook there) {
    watch.See(t, 0.01, kRw, true, here);
    watch.See(t + 0.02, 0.01, kRw, true, there, "pgc1", "cloud");
    watch.See(t + 0.04, 0.01, kRo, true, here.in_recovery ? here : Standby(1), "pg2");
    watch.See(t + 0.06, 0.01, kRo, true, Standby(1), "pgc1", "cloud");
  };
  for (int t = 0; t < 5; ++t) look(t, Primary(1), Standby(1));
  EXPECT_EQ(watch.service(kRw).state(), OutageWatch::State::kUp);
  for (int t = 5; t < 10; ++t) {
    watch.See(t, 0.01, kRw, true, Failed(Answer::kRefused));
    watch.See(t, 0.01, kRo, true, Failed(Answer::kRefused));
    watch.See(t + 0.02, 0.01, kRw, true, Standby(1), "pgc1", "cloud");
    watch.See(t + 0.04, 0.01, kRo, true, Standby(1), "pgc1", "cloud");
  }
  EXPECT_TRUE(watch.service(kRw).open_outage());
  EXPECT_TRUE(watch.service(kRo).open_outage());
  watch.leading = "cloud";  // promoted
  for (int t = 10; t < 25; ++t) {
    watch.See(t, 0.01, kRw, true, Failed(Answer::kRefused));
    watch.See(t + 0.02, 0.01, kRw, true, Primary(1), "pgc1", "cloud");
  }
  ASSERT_EQ(watch.service(kRw).outages().size(), 1u);
  EXPECT_NEAR(*watch.service(kRw).outages()[0].mid_seconds, 5, 1.1);
}

TEST(Routes, CountWhereNewSessionsLand) {
  Watch watch;
  watch.See(0, 0.01, kRw, true, Primary(1), "pg1");
  watch.See(1, 0.01, kRw, true, Primary(1), "pg1");
  watch.See(1, 0.01, kRw, false, Primary(1), "pg1");
  watch.See(2, 0.01, kRw, true, Primary(1), "other");
  std::string start = "postgres_ha_route_sessions_total{pg_cluster=\"sentinel\",target_site="
                      "\"on-premise\",route=\"rw\",member=\"";
  std::string page = watch.Page(2);
  EXPECT_THAT(page, HasSubstr(start + "pg1\"} 2"));
  EXPECT_THAT(page, HasSubstr(start + "pg2\"} 0"));
  EXPECT_THAT(page, HasSubstr(start + "other\"} 1"));
}

TEST(Routes, NothingStaleIsShownAndNothingOfRoutesThatAreGone) {
  Watch watch;
  watch.See(0, 0.01, kRw, true, Primary(1));
  EXPECT_THAT(watch.Page(1), HasSubstr("postgres_ha_route_ok{"));
  EXPECT_THAT(watch.Page(60), Not(HasSubstr("postgres_ha_route_ok{")));
  EXPECT_THAT(watch.Page(60), HasSubstr("ha_look_interval_seconds{service=\"postgres_rw\""));
  DataSetOptions options = WithRoutes();
  options.sites[0].routes.resize(1);
  watch.routes.Configure(options);
  EXPECT_THAT(watch.Page(1), HasSubstr("route=\"rw\""));
  EXPECT_THAT(watch.Page(1), Not(HasSubstr("route=\"ro\"")));
  options.sites[0].routes.clear();
  watch.routes.Configure(options);
  EXPECT_EQ(watch.Page(1), "");
}

}  // namespace
