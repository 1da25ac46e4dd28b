// What a deployment finds from its seeds, and what it keeps of that.
#include <cmath>

#include <gtest/gtest.h>

#include "tests/redis-sentinel/deployed.h"

namespace {

const std::string kOfMine = "{service=\"redis\",scope=\"mymaster\"}";
const std::string kAnswering = "redis_sentinel_answering_sentinels{deployment=\"sessions\"}";

TEST(Discovery, FindsAllFromOneSeed) {
  Deployment d(OneDeployment());
  EXPECT_EQ(d.sentinels(), std::set<std::string>{kS1});
  EXPECT_TRUE(d.nodes().empty());
  int revision = d.targets_revision();
  Step(d, {SentinelEvidence(0, 0.01, kS1, {ViewOf(kS1, k1)})});
  EXPECT_EQ(d.sentinels(), (std::set<std::string>{kS1, kS2, kS3}));
  EXPECT_EQ(d.nodes(), (std::set<std::string>{k1, k2, k3}));
  EXPECT_GT(d.targets_revision(), revision);
  EXPECT_TRUE(d.sets().contains("mymaster"));
  revision = d.targets_revision();
  Step(d, {SentinelEvidence(1, 1.01, kS1, {ViewOf(kS1, k1)})});
  EXPECT_EQ(d.targets_revision(), revision);
}

TEST(Discovery, SeedBecomesWhoItIs) {
  DeploymentOptions o = OneDeployment();
  o.sentinels = {{"sentinel.example.org", 26379, false}};
  Deployment d(o);
  const std::string seed = "sentinel.example.org:26379";
  auto by_seed = SentinelEvidence(0, 0.01, seed, {ViewOf(kS1, k1)});
  std::get<SentinelLook>(by_seed.seen).info->run_id = "sentinel " + kS1;
  Step(d, {by_seed});
  EXPECT_TRUE(d.sentinels().count(seed));
  Step(d, {SentinelEvidence(1, 1.01, kS2, {ViewOf(kS2, k1)})});
  EXPECT_TRUE(d.sentinels().count(seed));  // its own address has not answered yet
  Step(d, {SentinelEvidence(2, 2.01, kS1, {ViewOf(kS1, k1)})});
  EXPECT_EQ(d.sentinels(), (std::set<std::string>{kS1, kS2, kS3}));
  EXPECT_EQ(ValueOf(d, 3, "redis_sentinel_reachable_sentinels" + kName), 2);
}

// What the Sentinel `id` says that is asked by the name `name`; `other` is all that it lists.
RedisEvidence AskedAs(const std::string& name, double at, const std::string& id,
                      const std::string& other = "") {
  auto evidence = SentinelEvidence(at, at + 0.01, name, {ViewOf(id, k1)});
  auto& look = std::get<SentinelLook>(evidence.seen);
  look.info->run_id = "sentinel " + id;
  if (other.empty()) return evidence;
  look.views[0].sentinels.resize(1);
  look.views[0].sentinels[0].address = Address(other);
  return evidence;
}

const std::string kSeed = "sentinel.example.org:26379";

Deployment BySeed(const std::string& more = "") {
  DeploymentOptions o = OneDeployment();
  o.sentinels = {{"sentinel.example.org", 26379, false}};
  if (!more.empty()) o.sentinels.push_back({more, 26379, false});
  return Deployment(o);
}

// All Sentinels were started anew elsewhere, and the seed's name leads there.
TEST(Discovery, ASeedIsAskedAgainWhenWhatItAnnouncedIsSilent) {
  Deployment d = BySeed();
  Step(d, {AskedAs(kSeed, 0, kS1)});
  Step(d, AllSentinels(1, k1));
  ASSERT_EQ(d.sentinels(), (std::set<std::string>{kS1, kS2, kS3}));
  const int revision = d.targets_revision();
  Step(d, {SentinelFailed(6, 6.5, kS1), SentinelFailed(6, 6.5, kS2), SentinelFailed(6, 6.5, kS3)});
  EXPECT_EQ(d.sentinels(), (std::set<std::string>{kSeed, kS1, kS2, kS3}));
  EXPECT_GT(d.targets_revision(), revision);

  const std::string moved = "10.99.0.1:26379", other = "10.99.0.2:26379";
  Step(d, {AskedAs(kSeed, 7, moved, other)});
  EXPECT_TRUE(d.sentinels().contains(other));
  Step(d, {AskedAs(other, 8, other, moved), AskedAs(moved, 9, moved, other)});
  EXPECT_FALSE(d.sentinels().contains(kSeed)) << "it is known by its new address";
  for (double at : {500.0, 800.0})
    Step(d, {AskedAs(moved, at, moved, other), AskedAs(other, at, other, moved)});
  EXPECT_EQ(d.sentinels(), (std::set<std::string>{moved, other}));
}

TEST(Discovery, ASeedThatComesBackAsItWasIsNotAskedTwice) {
  Deployment d = BySeed();
  Step(d, {AskedAs(kSeed, 0, kS1)});
  Step(d, AllSentinels(1, k1));
  Step(d, {SentinelFailed(6, 6.5, kS1), AskedAs(kSeed, 7, kS1)});
  EXPECT_EQ(ValueOf(d, 8, "redis_sentinel_reachable_sentinels" + kName), 3);
  Step(d, {AskedAs(kS1, 9, kS1)});
  EXPECT_EQ(d.sentinels(), (std::set<std::string>{kS1, kS2, kS3}));
  EXPECT_EQ(ValueOf(d, 10, "redis_sentinel_reachable_sentinels" + kName), 3);
}

// Its address is a target while a Sentinel lists it, and no longer.
TEST(Discovery, ASeedThatIsConfiguredNoMoreLeavesNothing) {
  Deployment d = BySeed("10.88.0.12");
  Step(d, {AskedAs(kSeed, 0, kS1)});
  Step(d, AllSentinels(1, k1));
  DeploymentOptions o = OneDeployment();
  o.sentinels = {{"10.88.0.12", 26379, false}};
  d.Configure(o);
  auto alone = ViewOf(kS2, k1);
  alone.sentinels.clear();
  for (double at : {2.0, 700.0}) Step(d, {SentinelEvidence(at, at + 0.01, kS2, {alone})});
  EXPECT_EQ(d.sentinels(), std::set<std::string>{kS2});
}

// The majority is of Sentinels, whatever they are called.
TEST(Discovery, OneSentinelOfTwoNamesCountsOnce) {
  const std::string others[] = {"alias.example.org", "10.88.0.11"};
  for (auto& second : others) {
    SCOPED_TRACE(second);
    Deployment d = BySeed(second);
    auto views = AllSentinels(1, k1);
    for (int i : {1, 2}) std::get<SentinelLook>(views[i].seen).info->tilt = true;
    Step(d, {AskedAs(kSeed, 0, kS1), AskedAs(second + ":26379", 0, kS1)});
    EXPECT_EQ(ValueOf(d, 0.5, "redis_sentinel_reachable_sentinels" + kName), 1);
    Step(d, views);
    EXPECT_EQ(ValueOf(d, 2, "redis_sentinel_reachable_sentinels" + kName), 3);
    EXPECT_EQ(ValueOf(d, 2, kAnswering), 3);
    EXPECT_EQ(Blocked(d, 2), "tilt");
    EXPECT_EQ(d.sentinels(), (std::set<std::string>{kS1, kS2, kS3}));
  }
}

TEST(Discovery, NothingIsForgottenWhileNoSentinelAnswers) {
  Deployment d(OneDeployment());
  Step(d, AllSentinels(0, k1));
  Step(d, {SentinelFailed(2000, 2000.5, kS1)});
  EXPECT_EQ(d.sentinels(), (std::set<std::string>{kS1, kS2, kS3}));
  EXPECT_EQ(d.nodes(), (std::set<std::string>{k1, k2, k3}));
}

TEST(Discovery, WatchesTheNamesOfItsList) {
  DeploymentOptions o = OneDeployment();
  o.masters = {"mymaster"};
  Deployment d(o);
  EXPECT_EQ(ValueOf(d, 0, "ha_look_interval_seconds{service=\"redis\",scope=\"mymaster\"}"), 1);
  Step(d, {SentinelEvidence(0, 0.01, kS1, {ViewOf(kS1, k1), ViewOf(kS1, k1, 0, "other")})});
  EXPECT_EQ(d.sets().size(), 1u);
}

TEST(Discovery, ForgetsWhatNoSentinelListsAnyMore) {
  Deployment d(OneDeployment());
  Step(d, AllSentinels(0, k1));
  auto views = AllSentinels(700, k1);
  for (auto& e : views) std::get<SentinelLook>(e.seen).views[0].replicas.pop_back();
  Step(d, views);
  EXPECT_EQ(d.nodes(), (std::set<std::string>{k1, k2}));
  Step(d, {SentinelEvidence(1400, 1400.01, kS1, {})});
  EXPECT_TRUE(d.sets().empty());
}

// To catch one that comes back as a second master, which no Sentinel knows after a SENTINEL RESET.
TEST(Discovery, AFormerMasterInNoListIsWatchedForAWhile) {
  Deployment d(OneDeployment());
  Step(d, AllSentinels(0, k1));
  for (double at : {20.0, 500.0, 700.0}) {
    auto views = AllSentinels(at, k2, 1);
    for (auto& e : views)
      std::erase_if(std::get<SentinelLook>(e.seen).views[0].replicas,
                    [](auto& replica) { return ToText(replica.address) == k1; });
    Step(d, views);
    EXPECT_EQ(d.nodes().contains(k1), at < 600) << at;
    EXPECT_TRUE(d.nodes().contains(k2) && d.nodes().contains(k3)) << at;
  }
}

TEST(Discovery, ANewProcessNoticesAChangeThatNobodySaw) {
  Deployment d(OneDeployment());
  Step(d, AllSentinels(0, k1));
  Step(d, {NodeEvidence(1, 1.01, k1, MasterInfo())});
  std::string facts = d.Facts(NowAt(2));
  Deployment later(OneDeployment());
  ASSERT_TRUE(later.Restore(facts, NowAt(10)).ok());
  EXPECT_FALSE(later.Restore("{", NowAt(10)).ok());
  Step(later, AllSentinels(11, k2, 1));
  const Service& service = later.sets().at("mymaster").service();
  ASSERT_EQ(service.failovers().size(), 1u);
  EXPECT_EQ(service.failovers().back().kind, "unseen");
  EXPECT_EQ(service.failovers().back().from, k1);
  EXPECT_EQ(service.failovers().back().to, k2);
}

// A password of the Sentinels that is wrong since the restart: the masters are on the page all the
// same, without a verdict, and so is that nobody answers.
TEST(Discovery, ANewProcessKnowsItsMastersBeforeAnySentinelAnswers) {
  Deployment d(OneDeployment());
  const int revision = d.facts_revision();
  Step(d, AllSentinels(0, k1));
  EXPECT_GT(d.facts_revision(), revision) << "a master that is found is written down";
  EXPECT_EQ(ValueOf(d, 1, kAnswering), 3);

  DeploymentOptions o = OneDeployment();
  o.prefix = "new/";
  Deployment renamed(o);
  ASSERT_TRUE(renamed.Restore(d.Facts(NowAt(2)), NowAt(10)).ok());
  EXPECT_TRUE(renamed.sets().contains("mymaster"));

  Deployment later(OneDeployment());
  ASSERT_TRUE(later.Restore(d.Facts(NowAt(2)), NowAt(10)).ok());
  EXPECT_EQ(ValueOf(later, 10, "ha_look_interval_seconds" + kOfMine), 1);
  EXPECT_TRUE(std::isnan(ValueOf(later, 10, kAnswering))) << "not asked yet";
  EXPECT_TRUE(std::isnan(Possible(later, 10)));
  Step(later, {SentinelFailed(11, 11.5, kS1)});
  EXPECT_TRUE(std::isnan(ValueOf(later, 12, "ha_service_up" + kOfMine)));
  EXPECT_EQ(ValueOf(later, 12, kAnswering), 0);
  EXPECT_EQ(Blocked(later, 12), "no_sentinel");
  EXPECT_EQ(ValueOf(later, 12, "redis_sentinel_reachable_sentinels" + kName), 0);
  EXPECT_TRUE(std::isnan(ValueOf(later, 40, kAnswering))) << "nobody looked any more";
  EXPECT_TRUE(std::isnan(Possible(later, 40)));
  Step(later, {SentinelFailed(2000, 2000.5, kS1)});
  EXPECT_EQ(later.sets().size(), 1u) << "who does not answer does not say that it is gone";
  Step(later, {SentinelEvidence(2001, 2001.1, kS1, {})});
  EXPECT_TRUE(later.sets().empty());
}

// More masters than can be watched: of every Sentinel the same, and the page says how many not.
TEST(Discovery, TooManyMastersAreSaid) {
  const std::string unwatched = "redis_sentinel_unwatched_masters{deployment=\"sessions\"}";
  std::vector<std::string> monitored;
  for (int i = 250; i > 0; --i) monitored.push_back("m" + std::to_string(1000 + i));
  Deployment d(OneDeployment());
  EXPECT_TRUE(std::isnan(ValueOf(d, 0, unwatched)));
  auto names = monitored;
  EXPECT_EQ(d.ChooseMasters(names), 50);
  EXPECT_EQ(names.size(), 200u);
  EXPECT_EQ(names.back(), "m1200");

  std::vector<MasterView> views;
  for (std::size_t i = 0; i < 250; ++i) views.push_back(ViewOf(kS1, k1, 0, monitored[i]));
  auto look = SentinelEvidence(0, 0.1, kS1, views);
  std::get<SentinelLook>(look.seen).unwatched = 50;
  Step(d, {look});
  EXPECT_EQ(d.sets().size(), 200u);
  EXPECT_EQ(ValueOf(d, 1, unwatched), 50);
  names = monitored;
  names.push_back("m0");
  EXPECT_EQ(d.ChooseMasters(names), 51) << "what is watched stays so";
  for (auto& name : names) EXPECT_TRUE(d.sets().contains(name)) << name;

  DeploymentOptions o = OneDeployment();
  o.masters = {"m1007"};
  names = monitored;
  EXPECT_EQ(Deployment(o).ChooseMasters(names), 0) << "nobody wants the others";
  EXPECT_EQ(names, std::vector<std::string>{"m1007"});
}

// At once, but not for every single event of a hundred masters.
TEST(Discovery, SentinelsAreAskedAgainWhenTheyAnnounceSomething) {
  const std::string slave = "slave 10.88.0.12:6379 10.88.0.12 6379 @ mymaster 10.88.0.11 6379";
  const std::string master = "master mymaster 10.88.0.11 6379";
  const std::pair<std::string, std::string> events[] = {
      {"+sdown", master}, {"+slave", slave}, {"+monitor", master + " quorum 2"},
      {"-monitor", master}, {"+reset-master", master},
      {"+sentinel", "sentinel id 10.88.0.14 26379 @ mymaster 10.88.0.11 6379"},
      {"+sentinel-address-switch", master + " ip 10.88.0.14 port 26379 for id"}};
  Deployment d(OneDeployment());
  Step(d, AllSentinels(0, k1));
  double at = 10;
  for (auto& [name, text] : events) {
    const int before = d.looks_revision();
    Step(d, {EventEvidence(at - 0.1, at, kS1, name, text)});
    EXPECT_EQ(d.looks_revision(), before + 1) << name;
    Step(d, {EventEvidence(at, at + 0.1, kS2, name, text)});
    EXPECT_EQ(d.looks_revision(), before + 1) << name << ": a moment ago";
    Step(d, {NodeEvidence(at + 1, at + 1.01, k1, MasterInfo())});
    EXPECT_EQ(d.looks_revision(), before + 2) << name << ": the other is not forgotten";
    at += 5;
  }
  const int before = d.looks_revision();
  Step(d, {EventEvidence(at, at, kS1, "+sdown", slave),
           EventEvidence(at, at, kS1, "-sdown", master),
           EventEvidence(at, at, kS1, "+new-epoch", "7")});
  EXPECT_EQ(d.looks_revision(), before) << "nothing that they tell more of";
}

// Also when all is looked at fast already.
TEST(Discovery, SentinelsAreAskedAgainInFastPaceToo) {
  Deployment d(OneDeployment());
  Step(d, AllSentinels(0, k1));
  Step(d, {NodeEvidence(1, 1.01, k1, MasterInfo()), NodeFailed(2, 2.1, k1)});
  ASSERT_EQ(d.pace(), Pace::kFast);
  const int before = d.looks_revision();
  Step(d, {EventEvidence(3, 3.1, kS1, "+sdown", "master mymaster 10.88.0.11 6379")});
  EXPECT_EQ(d.looks_revision(), before + 1);
}

TEST(Discovery, DamagedFactsChangeNothing) {
  Deployment d(OneDeployment());
  for (auto* facts : {"{", "{\"version\":2,\"masters\":[{\"name\":\"a\"}]}"})
    EXPECT_FALSE(d.Restore(facts, NowAt(10)).ok()) << facts;
  EXPECT_TRUE(d.sets().empty());
  EXPECT_TRUE(d.Restore("{\"version\":1,\"masters\":[{},7,{\"name\":\"\"}]}", NowAt(10)).ok());
  EXPECT_TRUE(d.sets().empty());
}

}  // namespace
