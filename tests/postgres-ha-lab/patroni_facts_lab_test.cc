// What Patroni says, from real ones: settings, switches, candidates, promotions.
#include "tests/postgres-ha-lab/exporter.h"

using namespace std::chrono_literals;

namespace {

// A change of the dynamic configuration that ends with its scope.
class Patched {
 public:
  Patched(const std::string& scope, const std::string& begin, const std::string& end)
      : scope_(scope), end_(end) {
    EXPECT_TRUE(Lab::The().Do("patroni", "patch", {scope, begin}));
  }
  ~Patched() { End(); }
  Patched(const Patched&) = delete;
  void End() {
    if (end_.empty()) return;
    EXPECT_TRUE(Lab::The().Do("patroni", "patch", {scope_, std::exchange(end_, "")}));
  }

 private:
  std::string scope_, end_;
};

const Labels kOnPremise = {{"pg_cluster", "sentinel"}, {"target_site", "on-premise"}};
const Labels kCloud = {{"pg_cluster", "sentinel"}, {"target_site", "cloud"}};

Labels Of(const std::string& member) {
  Labels labels = member == "pgc1" ? kCloud : kOnPremise;
  labels["member"] = member;
  return labels;
}

class PatroniFactsLab : public LabTest {
 protected:
  // Everything has been asked of every Patroni.
  static bool Told(const Page& page) {
    for (std::string member : {"pg1", "pg2", "pgc1"})
      if (!page.Has("postgres_ha_patroni_dcs_last_seen_timestamp_seconds", Of(member)) ||
          !page.Has("postgres_ha_patroni_role_disagreement", Of(member)))
        return false;
    return page.Has("postgres_ha_patroni_promotions", kOnPremise) &&
           page.Has("postgres_ha_patroni_failover_candidates", kOnPremise) &&
           page.Has("postgres_ha_patroni_standby_cluster", kCloud);
  }
  static bool Candidates(const Page& page, double n) {
    return page.Is("postgres_ha_patroni_failover_candidates", kOnPremise, n);
  }
  static double UnixNow() { return Now::Read().unix_seconds; }
};

TEST_F(PatroniFactsLab, AHealthyCluster) {
  Exporter exporter(TwoSites());
  exporter.AwaitHealthy();
  Page page = exporter.Await(15, "Patroni has told everything", Told);
  for (auto& site : {kOnPremise, kCloud}) {
    SCOPED_TRACE(site.at("target_site"));
    auto is = [&](const std::string& name, double value) {
      EXPECT_TRUE(page.Is("postgres_ha_patroni_" + name, site, value)) << page.Lines(name);
    };
    is("paused", 0);
    is("ttl_seconds", std::stod(lab["TTL"]));
    is("loop_wait_seconds", std::stod(lab["LOOP_WAIT"]));
    is("retry_timeout_seconds", std::stod(lab["RETRY_TIMEOUT"]));
    is("maximum_lag_on_failover_bytes", 1 << 20);
    is("synchronous_mode", 0);
    is("standby_cluster", site == kCloud);
    is("failover_candidates", site == kOnPremise);
    EXPECT_FALSE(page.Has("postgres_ha_patroni_scheduled_switchover_timestamp_seconds", site));
  }
  for (std::string member : {"pg1", "pg2", "pgc1"}) {
    SCOPED_TRACE(member);
    EXPECT_TRUE(page.Is("postgres_ha_patroni_pending_restart", Of(member), 0));
    EXPECT_TRUE(page.Is("postgres_ha_patroni_role_disagreement", Of(member), 0));
    EXPECT_NEAR(
        page.Get("postgres_ha_patroni_dcs_last_seen_timestamp_seconds", Of(member)).value_or(0),
        UnixNow(), 15);
  }
  double timeline = page.Get("postgres_ha_member_timeline", Of(lab.Leader())).value_or(0);
  EXPECT_TRUE(page.Is("postgres_ha_patroni_promotions", kOnPremise, timeline - 1))
      << page.Lines("promotions");
  EXPECT_FALSE(page.Has("postgres_ha_patroni_promotions", kCloud));
}

TEST_F(PatroniFactsLab, SwitchesAreSeenAtOnce) {
  Exporter exporter(TwoSites());
  exporter.Await(15, "Patroni has told everything", Told);
  auto paused = [&](double on_premise, double cloud) {
    exporter.Await(5, "it is seen", [&](const Page& p) {
      return p.Is("postgres_ha_patroni_paused", kOnPremise, on_premise) &&
             p.Is("postgres_ha_patroni_paused", kCloud, cloud);
    });
  };
  Patched pause(lab["SCOPE"], "{\"pause\": true}", "{\"pause\": null}");
  paused(1, 0);
  pause.End();
  paused(0, 0);

  auto pending = [&](double value) {
    exporter.Await(20, "who must restart", [&](const Page& p) {
      return p.Is("postgres_ha_patroni_pending_restart", Of("pg1"), value) &&
             p.Is("postgres_ha_patroni_pending_restart", Of("pg2"), value) &&
             p.Is("postgres_ha_patroni_pending_restart", Of("pgc1"), 0);
    });
  };
  auto connections = [](const std::string& n) {
    return "{\"postgresql\": {\"parameters\": {\"max_connections\": " + n + "}}}";
  };
  Patched setting(lab["SCOPE"], connections("101"), connections("100"));
  pending(1);
  setting.End();
  pending(0);
}

TEST_F(PatroniFactsLab, AScheduledSwitchover) {
  Exporter exporter(TwoSites());
  exporter.Await(15, "Patroni has told everything", Told);
  std::string url = lab.PatroniUrl(lab.Leader()) + "/switchover";
  auto curl = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"curl", "-sfm", "10", "--noproxy", "*", url});
    auto done = RunCommand(words, Deadline::In(15s));
    EXPECT_EQ(done.code, 0) << done.output;
  };
  curl({"-d", "{\"leader\": \"" + lab.Leader() + "\", \"scheduled_at\": "
              "\"2100-01-01T02:00:00+02:00\"}"});
  exporter.Await(5, "it is scheduled", [](const Page& p) {
    return p.Is("postgres_ha_patroni_scheduled_switchover_timestamp_seconds", kOnPremise,
                4102444800);
  });
  curl({"-X", "DELETE"});
  exporter.Await(5, "it is not any more", [](const Page& p) {
    return p.Has("postgres_ha_patroni_paused", kOnPremise) &&
           !p.Has("postgres_ha_patroni_scheduled_switchover_timestamp_seconds");
  });
}

TEST_F(PatroniFactsLab, AFrozenReplicaIsNoCandidate) {
  Exporter exporter(TwoSites());
  exporter.Await(15, "there is one", [](const Page& p) { return Candidates(p, 1); });
  auto frozen = Frozen(lab.Replica(), "postgres");
  exporter.Await(8, "there is none", [](const Page& p) { return Candidates(p, 0); });
  EXPECT_TRUE(OthersComplete(exporter.ExpectSwift(), lab.Replica()));
  frozen.End();
  exporter.Await(30, "there is one again", [](const Page& p) { return Candidates(p, 1); });
}

TEST_F(PatroniFactsLab, ASwitchoverIsOnePromotion) {
  Exporter exporter(TwoSites());
  Page page = exporter.Await(15, "Patroni has told everything", Told);
  double before = page.Get("postgres_ha_patroni_promotions", kOnPremise).value_or(-1);
  double begin = UnixNow();
  ASSERT_TRUE(lab.Do("patroni", "switchover"));
  page = exporter.Await(15, "it is in the history", [&](const Page& p) {
    return p.Is("postgres_ha_patroni_promotions", kOnPremise, before + 1);
  });
  double at = page.Get("postgres_ha_patroni_history_last_promotion_timestamp_seconds", kOnPremise)
                  .value_or(0);
  EXPECT_GE(at, begin);
  EXPECT_LE(at, UnixNow());
  exporter.Await(30, "all is well again", [&](const Page& p) {
    return Candidates(p, 1) &&
           p.Is("postgres_ha_patroni_role_disagreement", Of("pg1"), 0) &&
           p.Is("postgres_ha_patroni_role_disagreement", Of("pg2"), 0);
  });
}

// The other Patroni of the site tells on; the frozen one is asked one thing, and holds nothing up.
TEST_F(PatroniFactsLab, AFrozenPatroniOnTheLeaderHidesNothing) {
  Exporter exporter(TwoSites());
  exporter.Await(15, "Patroni has told everything", Told);
  std::string leader = lab.Leader();
  auto frozen = Frozen(leader, "patroni");
  int most = 0;
  exporter.Await(6, "it is silent", [&](const Page& p) {
    most = std::max(most, Connections(exporter.pid(), lab.PatroniPort(leader)));
    return p.Is("postgres_ha_patroni_up", {{"member", leader}}, 0);
  });
  Page page = exporter.ExpectSwift();
  EXPECT_EQ(most, 1);
  EXPECT_TRUE(OthersComplete(page, ""));
  EXPECT_TRUE(Told(page));
  EXPECT_TRUE(Candidates(page, 1));
  frozen.End();
  exporter.Await(15, "it answers again", [&](const Page& p) {
    return p.Is("postgres_ha_patroni_up", {{"member", leader}}, 1);
  });
}

}  // namespace
