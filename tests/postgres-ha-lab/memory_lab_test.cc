// What the exporter remembers: members that lists lack, and what happened before it was killed.
#include "tests/postgres-ha-lab/exporter.h"
#include "tests/postgres-ha-lab/writer.h"

using namespace std::chrono_literals;

namespace {

using MemoryLab = LabTest;

const Labels kScope = {{"service", "postgres"}, {"scope", "sentinel"}};

// Takes a member out of Patroni's store, and so out of /cluster.
void Unlist(const std::string& member) {
  Lab& lab = Lab::The();
  auto done = RunCommand({"etcdctl", "--endpoints=" + lab["ETCD1_URL"], "del",
                          "/service/" + lab["SCOPE"] + "/members/" + member},
                         Deadline::In(10s), {{"ETCDCTL_API", "3"}});
  EXPECT_EQ(done.code, 0) << done.output;
}

bool Listed(const std::string& member) {
  Lab& lab = Lab::The();
  Page cluster = Fetch(lab.PatroniPort(lab.Leader()), "/cluster", Deadline::In(2s));
  return cluster.code != 200 || cluster.body.find('"' + member + '"') != std::string::npos;
}

TEST_F(MemoryLab, WhoIsMissingFromTheListStaysAndWhoIsGoneIsForgotten) {
  ExporterConfig forgets = TwoSites();
  forgets.more = "forget_after: 3s\n";
  std::string replica = lab.Replica();
  forgets.sites[0].patroni_url = lab.PatroniUrl(lab.Leader());
  Exporter exporter(TwoSites()), forgetful(forgets);
  exporter.AwaitHealthy();
  forgetful.AwaitHealthy();
  // Its Patroni is gone and it is on no list, but it answers: nobody forgets it.
  {
    Fault killed("kill", "start", replica, "patroni");
    Unlist(replica);
    ASSERT_TRUE(Eventually(10, "it is on no list", [&] { return !Listed(replica); }));
    Deadline end = Deadline::In(5s);
    while (!end.Over())
      for (auto* e : {&exporter, &forgetful}) ASSERT_TRUE(Complete(e->Scrape(), replica));
    auto all = Killed(replica);
    forgetful.Await(10, "it is forgotten", [&](const Page& p) {
      return !p.Has("postgres_ha_member_up", {{"member", replica}});
    });
    Page page = forgetful.ExpectSwift();
    EXPECT_EQ(page.All("postgres_ha_member_up").size(), 2u);
    EXPECT_FALSE(page.Has("postgres_ha_member_state", {{"member", replica}}));
    EXPECT_TRUE(page.Is("postgres_ha_member_forget_after_seconds", {}, 3));
    page = exporter.ExpectSwift();
    EXPECT_TRUE(InState(page, replica, "refused"));
  }
  forgetful.Await(40, "it is back", [&](const Page& p) { return Complete(p, replica); });
}

// Killed inside an outage and started again: the outage is whole, and is not counted twice.
TEST_F(MemoryLab, AnOutageSurvivesAKill) {
  ExporterConfig config = TwoSites();
  config.sites[0].patroni_url = lab.PatroniUrl(lab.Replica());
  config.flags = {"--state.dir=" + lab.directory() + "/state"};
  ASSERT_EQ(RunCommand({"mkdir", lab.directory() + "/state"}, Deadline::In(5s)).code, 0);
  auto first = std::make_unique<Exporter>(config);
  first->AwaitHealthy();
  std::string leader = lab.Leader();
  Writer writer(lab.Writers());
  ASSERT_TRUE(Eventually(10, "rows are written", [&] { return writer.HasRowAfter(Instant()); }));
  Instant since = Clock::now();
  auto frozen = Frozen(leader, "postgres");
  Page page = first->Await(5, "the outage is seen", [&](const Page& p) {
    return p.Is("ha_service_up", kScope, 0);
  });
  EXPECT_TRUE(page.Is("ha_outages_total", kScope, 1));
  double start = page.Get("ha_open_outage_start_timestamp_seconds", kScope).value_or(0);
  ASSERT_TRUE(Eventually(5, "it is on disk", [&] {
    std::string read = "cat " + lab.directory() + "/state/*.json";
    auto facts = RunCommand({"sh", "-c", read}, Deadline::In(5s));
    return facts.output.find("first_fail_ago") != std::string::npos;
  }));
  first->Kill();

  Exporter second(config);
  page = second.Await(5, "the outage goes on", [&](const Page& p) {
    return p.Is("ha_service_up", kScope, 0);
  });
  EXPECT_NEAR(page.Get("ha_open_outage_start_timestamp_seconds", kScope).value_or(0), start, 0.01);
  frozen.End();
  page = second.Await(10, "it is over", [&](const Page& p) {
    return p.Is("ha_service_up", kScope, 1) && p.Has("ha_last_outage_seconds", kScope);
  });
  EXPECT_TRUE(page.Is("ha_outages_total", kScope, 0));
  EXPECT_FALSE(page.Has("ha_open_outage_start_timestamp_seconds", kScope));
  double truth = writer.LongestGap(since).value_or(Writer::Gap{}).seconds();
  double low = page.Get("ha_last_outage_low_seconds", kScope).value_or(1e9);
  double high = page.Get("ha_last_outage_high_seconds", kScope).value_or(0);
  std::cout << "truth " << truth << " s, low " << low << ", high " << high << '\n';
  EXPECT_LE(low, truth + 0.1);
  EXPECT_GE(high, truth - 0.1);
  // Wide bounds: a look in vain takes its whole deadline, and a collection in vain two seconds.
  EXPECT_LE(high - low, 4.5);
  EXPECT_LT(page.Get("ha_unavailable_seconds_total", kScope).value_or(1e9), truth);
}

}  // namespace
