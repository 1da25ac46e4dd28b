// What the exporter measures, beside the truth of a writer that tries every member every 20 ms.
#include "tests/postgres-ha-lab/exporter.h"
#include "tests/postgres-ha-lab/writer.h"

using namespace std::chrono_literals;

namespace {

// How exactly the writer itself knows: its interval, and a busy machine.
constexpr double kTruthError = 0.3;

const Labels kScope = {{"service", "postgres"}, {"scope", "sentinel"}};

Labels With(const std::string& name, const std::string& value) {
  Labels labels = kScope;
  labels[name] = value;
  return labels;
}

class TruthLab : public LabTest {
 protected:
  void SetUp() override {
    LabTest::SetUp();
    leader = lab.Leader();
    replica = lab.Replica();
    config = TwoSites();
    config.sites[0].patroni_url = lab.PatroniUrl(replica);
    exporter = std::make_unique<Exporter>(config);
    exporter->AwaitHealthy();
    writer = std::make_unique<Writer>(lab.Writers());
    since = Clock::now();
    ASSERT_TRUE(Eventually(10, "rows are written", [&] { return writer->HasRowAfter(since); }));
  }
  // The page after the outage, and the outage compared with the truth.
  Page ExpectOutageAsItWas() {
    Page page = exporter->Await(60, "the outage is over", [&](const Page& p) {
      return p.Is("ha_service_up", kScope, 1) && p.Is("ha_outages_total", kScope, 1) &&
             p.Has("ha_last_outage_seconds", kScope);
    });
    gap = writer->LongestGap(since).value_or(Writer::Gap{});
    double truth = gap.seconds();
    double low = page.Get("ha_last_outage_low_seconds", kScope).value_or(1e9);
    double high = page.Get("ha_last_outage_high_seconds", kScope).value_or(0);
    double mid = page.Get("ha_last_outage_seconds", kScope).value_or(0);
    std::cout << "truth " << truth << " s, low " << low << ", mid " << mid << ", high " << high
              << '\n';
    EXPECT_LE(low, truth + kTruthError);
    EXPECT_GE(high, truth - kTruthError);
    EXPECT_NEAR(mid, truth, 0.5);
    EXPECT_NEAR(page.Get("ha_unavailable_seconds_total", kScope).value_or(0), mid, 0.001);
    Now now = Now::Read();
    EXPECT_NEAR(page.Get("ha_last_outage_start_timestamp_seconds", kScope).value_or(0),
                now.Unix(gap.before.end), 0.5);
    EXPECT_NEAR(page.Get("ha_last_outage_end_timestamp_seconds", kScope).value_or(0),
                now.Unix(gap.after.begin), 0.5);
    EXPECT_TRUE(page.Is("ha_split_brain_seconds_total", kScope, 0));
    return page;
  }
  void ExpectFailover(const Page& page, const std::string& kind) {
    for (auto* other : {"failover", "switchover", "unseen"})
      EXPECT_TRUE(page.Is("ha_failovers_total", With("kind", other), other == kind))
          << page.Lines("ha_failovers_total");
    Labels info = With("kind", kind);
    info["from"] = leader;
    info["to"] = replica;
    EXPECT_TRUE(page.Is("ha_last_failover_info", info, 1)) << page.Lines("ha_last_failover_info");
    EXPECT_TRUE(page.Is("ha_active", With("holder", replica), 1));
    EXPECT_TRUE(page.Is("ha_active", With("holder", leader), 0));
    EXPECT_EQ(gap.before.member, leader);
    EXPECT_EQ(gap.after.member, replica);
    EXPECT_NEAR(page.Get("ha_last_failover_timestamp_seconds", kScope).value_or(0),
                Now::Read().Unix(gap.after.begin), 0.5);
    for (auto& incidents : page.All("postgres_ha_incidents_total"))
      EXPECT_EQ(incidents.value, 0) << page.Lines("postgres_ha_incidents_total");
  }

  std::string leader, replica;
  ExporterConfig config;
  std::unique_ptr<Exporter> exporter;
  std::unique_ptr<Writer> writer;
  Instant since;
  Writer::Gap gap;
};

TEST_F(TruthLab, Switchover) {
  ASSERT_TRUE(lab.Do("patroni", "switchover"));
  ExpectFailover(ExpectOutageAsItWas(), "switchover");
}

TEST_F(TruthLab, FailoverAfterTheLossOfTheLeader) {
  auto killed = Killed(leader);
  Page page = ExpectOutageAsItWas();
  ExpectFailover(page, "failover");
  EXPECT_TRUE(InState(page, leader, "refused"));
  EXPECT_EQ(exporter->ExpectSwift().code, 200);
}

TEST_F(TruthLab, RecoveryInPlace) {
  ASSERT_TRUE(lab.Do("patroni", "kill-postgres", {leader}));
  Page page = ExpectOutageAsItWas();
  for (auto& failovers : page.All("ha_failovers_total")) EXPECT_EQ(failovers.value, 0);
  for (auto& incidents : page.All("postgres_ha_incidents_total"))
    EXPECT_EQ(incidents.value, incidents.labels["kind"] == "in_place_recovery")
        << page.Lines("postgres_ha_incidents_total");
  EXPECT_TRUE(page.Is("ha_active", With("holder", leader), 1));
  EXPECT_FALSE(page.Has("ha_last_failover_info"));
}

// When the primary's WAL passed each position, as the test itself saw it: the truth about lag.
class Positions {
 public:
  explicit Positions(const std::string& primary)
      : session_(Lab::The().LoginOf(primary, "superuser")) {}
  void Look() {
    Instant begin = Clock::now();
    auto position = session_.Ask("SELECT pg_current_wal_lsn() - '0/0'");
    seen_.push_back({begin + (Clock::now() - begin) / 2, std::stoll(position.value_or("0"))});
  }
  // How long before a moment between `from` and `to` the first byte after `replayed` was written: at
  // least, and at most, as it was written between two looks. 0 if there is none.
  std::pair<double, double> LagSeconds(long long replayed, Instant from, Instant to) const {
    for (std::size_t i = 0; i < seen_.size(); ++i)
      if (seen_[i].second > replayed)
        return {Seconds(from - seen_[i].first), Seconds(to - seen_[i > 0 ? i - 1 : 0].first)};
    return {0, 0};
  }

 private:
  Session session_;
  std::vector<std::pair<Instant, long long>> seen_;
};

struct LagErrors {
  double worst = 0, most_true = 0;
};

// Compares the exporter's lag with the truth for so long.
LagErrors CompareLag(const Exporter& exporter, const std::string& standby, Positions& positions,
                     Duration how_long) {
  LagErrors errors;
  Session session(Lab::The().LoginOf(standby, "superuser"));
  Deadline end = Deadline::In(how_long);
  while (!end.Over()) {
    positions.Look();
    auto replayed = session.Ask("SELECT pg_last_wal_replay_lsn() - '0/0'");
    Instant before = Clock::now();
    Page page = exporter.Scrape();
    auto [least, most] =
        positions.LagSeconds(std::stoll(replayed.value_or("0")), before, Clock::now());
    auto lag = page.Get("postgres_ha_replication_lag_seconds", {{"member", standby}});
    EXPECT_TRUE(lag) << page.Lines("lag");
    if (!lag) break;
    errors.worst = std::max({errors.worst, least - *lag, *lag - most});
    errors.most_true = std::max(errors.most_true, least);
    end.AtMost(20ms).Wait(-1, 0);
  }
  std::cout << standby << ": lag up to " << errors.most_true << " s, error up to "
            << errors.worst << " s\n";
  return errors;
}

TEST_F(TruthLab, LagWhileTheLinkIsDead) {
  Positions positions(leader);
  positions.Look();
  auto errors = CompareLag(*exporter, "pgc1", positions, 1s);
  EXPECT_LE(errors.worst, 0.6);
  {
    auto frozen = Frozen("pgc1", "walreceiver");
    errors = CompareLag(*exporter, "pgc1", positions, 5s);
    EXPECT_GE(errors.most_true, 4);
    EXPECT_LE(errors.worst, 0.6);
    EXPECT_LT(exporter->Scrape().Get("postgres_ha_replication_lag_seconds", {{"member", replica}})
                  .value_or(9), 1);
  }
  exporter->Await(10, "it has caught up", [&](const Page& p) {
    return p.Get("postgres_ha_replication_lag_seconds", {{"member", "pgc1"}}).value_or(9) < 0.3;
  });
}

// After idle time one write, which a paused replay holds back: its age counts, not the idle time.
TEST_F(TruthLab, LagOfAPausedReplayAfterIdleTime) {
  writer->Stop();
  Positions positions(leader);
  positions.Look();
  Fault paused("pause-replay", "resume-replay", replica);
  auto errors = CompareLag(*exporter, replica, positions, 3s);
  EXPECT_LE(errors.worst, 0.6);
  EXPECT_TRUE(exporter->Scrape().Is("postgres_ha_replay_paused", {{"member", replica}}, 1));
  lab.Sql(leader, "INSERT INTO app.rows VALUES (0, now())", lab["APP_DATABASE"]);
  errors = CompareLag(*exporter, replica, positions, 3s);
  EXPECT_GE(errors.most_true, 2.5);
  EXPECT_LE(errors.worst, 0.6);
  paused.End();
  exporter->Await(5, "it has caught up", [&](const Page& p) {
    return p.Is("postgres_ha_replication_lag_seconds", {{"member", replica}}, 0);
  });
}

}  // namespace
