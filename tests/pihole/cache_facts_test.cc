// The cache of a Pi-hole, by whichever of its two sources.
#include "exporters/pihole/cache_facts.h"

#include <gtest/gtest.h>

#include "tests/pihole/replay.h"

namespace {

using std::chrono::seconds;

Part<ReplyCounters> ApiAt(double at, std::optional<double> inserted) {
  ReplyCounters replies;
  replies.cache_size = 10000;
  replies.cache_inserted = inserted;
  replies.cache_evicted = 1;
  return {std::make_shared<ReplyCounters>(replies), At(at), seconds(15)};
}

ChaosCounters Chaos(long long inserted) {
  ChaosCounters chaos;
  chaos.cache_size = 10000, chaos.insertions = inserted, chaos.evictions = 2;
  return chaos;
}

// "size inserted evicted" of the page.
std::string Shown(const CacheFacts& facts, double at) {
  Samples out;
  facts.Show("a", NowAt(at), out);
  std::string page = RenderPage({&out}, Format::kText), shown;
  for (std::string name : {"size", "inserted_total", "evicted_total"}) {
    name = "pihole_dns_cache_" + name + "{pihole=\"a\"} ";
    std::size_t from = page.find(name);
    if (from == page.npos) continue;
    from += name.size();
    shown += (shown.empty() ? "" : " ") + page.substr(from, page.find('\n', from) - from);
  }
  return shown;
}

TEST(PiholeCacheFacts, ByChaosWithoutAnApi) {
  CacheFacts facts;
  EXPECT_EQ(Shown(facts, 0), "");
  facts.Step(Chaos(7), At(1), seconds(60), {});
  EXPECT_EQ(Shown(facts, 2), "10000 7 2");
  EXPECT_EQ(Shown(facts, 181), "10000 7 2");
  EXPECT_EQ(Shown(facts, 182), "");  // three intervals
}

TEST(PiholeCacheFacts, ByTheApiWhileItTells) {
  CacheFacts facts;
  facts.Step(Chaos(7), At(1), seconds(60), {});
  auto api = ApiAt(2, 8);
  facts.Step(api);
  EXPECT_EQ(Shown(facts, 3), "10000 8 1");
  facts.Step(Chaos(9), At(4), seconds(60), api);
  EXPECT_EQ(Shown(facts, 5), "10000 8 1");
  facts.Step(ApiAt(6, {}));  // a version that does not have it
  EXPECT_EQ(Shown(facts, 7), "10000 8 1");
  EXPECT_EQ(Shown(facts, 48), "");
  facts.Step(Chaos(9), At(60), seconds(60), ApiAt(59, {}));
  EXPECT_EQ(Shown(facts, 61), "10000 9 2");
}

// Two sources of one counter, each of its own age: the older one would look like a restart.
TEST(PiholeCacheFacts, NeverGoesBackWhenTheSourceChanges) {
  CacheFacts facts;
  facts.Step(Chaos(5), At(0), seconds(60), {});
  auto api = ApiAt(30, 8);
  facts.Step(api);
  EXPECT_EQ(Shown(facts, 50), "10000 8 1");  // the API is dead since, and CHAOS told 5
  EXPECT_EQ(Shown(facts, 76), "");
  facts.Step(Chaos(9), At(80), seconds(60), api);
  EXPECT_EQ(Shown(facts, 81), "10000 9 2");
  facts.Step(api);  // the same answer again
  EXPECT_EQ(Shown(facts, 82), "10000 9 2");
  facts.Step(ApiAt(90, 10));
  EXPECT_EQ(Shown(facts, 91), "10000 10 1");
}

}  // namespace
