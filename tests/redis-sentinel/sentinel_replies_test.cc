#include "exporters/redis-sentinel/sentinel_replies.h"

#include <gtest/gtest.h>

#include "tests/redis-sentinel/fake_redis.h"
#include "tests/redis-sentinel/recorded.h"

using namespace std::chrono_literals;

namespace {

template <class Value>
Value Good(absl::StatusOr<Value> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? *std::move(value) : Value();
}

absl::StatusOr<Reply> At(double at, const std::string& from, const std::string& command) {
  return RecordedAt("failover.jsonl", at, from + ":26379", command);
}

struct Flavor { std::string file; int replica_port; };

class SentinelOf : public testing::TestWithParam<Flavor> {
 protected:
  const Results replies_ = RepliesIn(RecordedFile(GetParam().file));
};

TEST_P(SentinelOf, Masters) {
  auto masters = Good(ParseMasters(replies_.at(1)));
  ASSERT_EQ(masters.size(), 1u);
  const MonitoredMaster& m = masters[0];
  EXPECT_EQ(m.name, "mymaster");
  EXPECT_EQ(m.address.host, "127.0.0.1");
  EXPECT_EQ(m.address.port, 17001);
  EXPECT_EQ(m.run_id.size(), 40u);
  EXPECT_FALSE(m.flags.s_down || m.flags.o_down || m.flags.disconnected);
  EXPECT_EQ(m.pending_ping, std::nullopt);
  EXPECT_TRUE(m.last_ok_ping > 0ms && m.last_ok_ping < 2s);
  EXPECT_EQ(m.down_after, 1500ms);
  EXPECT_FALSE(m.s_down || m.o_down);
  EXPECT_LT(m.info_age, 11s);
  EXPECT_EQ(m.replicas, 2);
  EXPECT_EQ(m.other_sentinels, 2);
  EXPECT_EQ(m.quorum, 2);
  EXPECT_EQ(m.failover_timeout, 6s);
  EXPECT_EQ(m.parallel_syncs, 1);
  EXPECT_EQ(m.config_epoch, 0);
  EXPECT_EQ(m.failover_state, "none");
}

TEST_P(SentinelOf, Replicas) {
  auto replicas = Good(ParseReplicas(replies_.at(2)));
  ASSERT_EQ(replicas.size(), 2u);
  const MonitoredReplica& r = replicas[0];
  EXPECT_EQ(r.address.port, GetParam().replica_port);
  EXPECT_EQ(r.name, "127.0.0.1:" + std::to_string(GetParam().replica_port));
  EXPECT_EQ(r.link_down, 0ms);
  EXPECT_EQ(r.priority, 100);
  EXPECT_EQ(r.run_id.size(), 40u);
}

TEST_P(SentinelOf, Sentinels) {
  auto sentinels = Good(ParseSentinels(replies_.at(3)));
  ASSERT_EQ(sentinels.size(), 2u);
  for (auto& s : sentinels) {
    EXPECT_EQ(s.name, s.run_id);
    EXPECT_TRUE(s.hello_age >= 0ms && s.hello_age < 5s);
  }
}

TEST_P(SentinelOf, QuorumAndErrors) {
  auto check = Good(ParseCkquorum(replies_.at(4)));
  EXPECT_EQ(check.usable_sentinels, 3);
  EXPECT_TRUE(check.quorum && check.majority);
  auto error = replies_.at(5);
  ASSERT_FALSE(error.ok());
  EXPECT_EQ(ParseMasters(error).status(), error.status());
  EXPECT_EQ(ParseReplicas(error).status(), error.status());
  EXPECT_EQ(ParseSentinels(error).status(), error.status());
  EXPECT_EQ(ParseCkquorum(error).status(), error.status());
  EXPECT_EQ(ParseMasterAddress(error).status(), error.status());
}

INSTANTIATE_TEST_SUITE_P(Recorded, SentinelOf,
                         testing::Values(Flavor{"redis7.0.resp", 17002},
                                         Flavor{"redis8.0.resp", 17003},
                                         Flavor{"valkey8.1.resp", 17003}),
                         [](auto& p) { return p.param.file.substr(0, p.param.file.find('.')); });

// A Sentinel's view of the master through the failover.
struct View {
  double at;
  std::string from, master;
  bool s_down, o_down, disconnected;
  std::string state;
  int epoch;
  std::string clients_go_to;
};

TEST(Failover, MasterInTheViewOfSentinels) {
  const View views[] = {
      {0.05, "13", "10.88.0.11", false, false, false, "none", 0, "10.88.0.11"},
      {2.55, "13", "10.88.0.11", false, false, true, "none", 0, "10.88.0.11"},
      {4.52, "11", "10.88.0.11", true, false, true, "none", 0, "10.88.0.11"},
      {4.54, "12", "10.88.0.11", true, true, true, "none", 0, "10.88.0.11"},
      {4.56, "13", "10.88.0.11", true, true, true, "wait_promotion", 0, "10.88.0.11"},
      {5.55, "12", "10.88.0.13", false, false, true, "none", 1, "10.88.0.13"},
      {5.57, "13", "10.88.0.11", true, true, true, "reconf_slaves", 1, "10.88.0.13"},
      {6.57, "13", "10.88.0.13", false, false, true, "none", 1, "10.88.0.13"},
      {13.14, "13", "10.88.0.13", false, false, false, "none", 1, "10.88.0.13"},
  };
  for (const View& v : views) {
    SCOPED_TRACE(v.from + " at " + std::to_string(v.at));
    auto masters = Good(ParseMasters(At(v.at, v.from, "MASTERS")));
    ASSERT_EQ(masters.size(), 1u);
    EXPECT_EQ(masters[0].address.host, v.master);
    EXPECT_EQ(masters[0].flags.s_down, v.s_down);
    EXPECT_EQ(masters[0].s_down.has_value(), v.s_down);
    EXPECT_EQ(masters[0].flags.o_down, v.o_down);
    EXPECT_EQ(masters[0].o_down.has_value(), v.o_down);
    EXPECT_EQ(masters[0].flags.disconnected, v.disconnected);
    EXPECT_EQ(masters[0].failover_state, v.state);
    EXPECT_EQ(masters[0].flags.failover_in_progress, v.state != "none");
    EXPECT_EQ(masters[0].config_epoch, v.epoch);
    auto address = Good(ParseMasterAddress(At(v.at, v.from, "GET-MASTER-ADDR-BY-NAME")));
    EXPECT_EQ(address.value().host, v.clients_go_to);
    EXPECT_EQ(address->port, 6379);
  }
}

TEST(Failover, AgesSayWhenItBegan) {
  auto master = Good(ParseMasters(At(4.54, "12", "MASTERS"))).at(0);
  EXPECT_EQ(master.s_down, 379ms);
  EXPECT_EQ(master.o_down, 321ms);
  EXPECT_EQ(master.last_ok_ping, 2588ms);
  EXPECT_EQ(master.pending_ping, 1942ms);
}

TEST(Failover, ReplicasInTheViewOfTheLeader) {
  auto chosen = Good(ParseReplicas(At(4.56, "13", "REPLICAS"))).at(0);
  EXPECT_EQ(chosen.address.host, "10.88.0.13");
  EXPECT_EQ(chosen.link_down, 2s);
}

TEST(Failover, OldMasterIsAReplicaThatNeverAnswered) {
  auto replicas = Good(ParseReplicas(At(5.55, "12", "REPLICAS")));
  auto& old = replicas.at(0).address.host == "10.88.0.11" ? replicas.at(0) : replicas.at(1);
  EXPECT_EQ(old.run_id, "");
  EXPECT_EQ(old.info_age, 0ms);
  EXPECT_TRUE(old.flags.disconnected);
}

TEST(Failover, ReturnedMasterHasNeverHadALink) {
  auto replicas = Good(ParseReplicas(At(23.09, "12", "REPLICAS")));
  auto& old = replicas.at(0).address.host == "10.88.0.11" ? replicas.at(0) : replicas.at(1);
  EXPECT_EQ(old.link_down, -1s);
}

// One replica of fields that can be changed.
std::string Replica(const std::string& name, const std::string& value, bool drop = false) {
  std::vector<std::pair<std::string, std::string>> fields = {
      {"name", "a:1"}, {"ip", "a"}, {"port", "1"}, {"runid", ""}, {"flags", "slave,unheard_of"},
      {"last-ping-sent", "0"}, {"last-ok-ping-reply", "1"}, {"down-after-milliseconds", "1"},
      {"info-refresh", "1"}, {"master-link-down-time", "0"}, {"slave-priority", "100"}};
  std::string bytes;
  int count = 0;
  for (auto& [key, usual] : fields) {
    if (key == name && drop) continue;
    bytes += Bulk(key) + Bulk(key == name ? value : usual);
    count += 2;
  }
  return "*1\r\n*" + std::to_string(count) + "\r\n" + bytes;
}

TEST(Replies, HolesAndGarbageAreErrors) {
  EXPECT_TRUE(ParseReplicas(OneReply(Replica("", ""))).ok());
  for (auto* field : {"name", "ip", "port", "runid", "flags", "last-ping-sent",
                      "last-ok-ping-reply", "down-after-milliseconds", "info-refresh",
                      "master-link-down-time", "slave-priority"}) {
    auto replicas = ParseReplicas(OneReply(Replica(field, "", true)));
    EXPECT_EQ(replicas.status().code(), absl::StatusCode::kDataLoss) << field;
  }
  for (auto* field : {"port", "last-ok-ping-reply", "info-refresh", "slave-priority"})
    for (auto* value : {"", "x", "1x", " 1", "99999999999999999999", "1.0"}) {
      auto replicas = ParseReplicas(OneReply(Replica(field, value)));
      EXPECT_EQ(replicas.status().code(), absl::StatusCode::kDataLoss) << field << value;
    }
  EXPECT_FALSE(ParseReplicas(OneReply(Replica("port", "65536"))).ok());
  EXPECT_FALSE(ParseReplicas(OneReply(Replica("port", "-1"))).ok());
  EXPECT_FALSE(ParseReplicas(OneReply(Replica("ip", "a b"))).ok());
}

// As Redis 7.0 with resolve-hostnames lists a known-replica whose name nobody resolves.
TEST(Replies, AnInstanceWithoutAnAddressIsKnownAllTheSame) {
  auto replicas = Good(ParseReplicas(OneReply(Replica("ip", ""))));
  ASSERT_EQ(replicas.size(), 1u);
  EXPECT_EQ(replicas[0].address.host, "");
  EXPECT_EQ(replicas[0].address.port, 0);
  EXPECT_EQ(replicas[0].priority, 100);
}

TEST(Replies, AgesAreCutToACentury) {
  auto replicas = Good(ParseReplicas(OneReply(Replica("info-refresh", "9223372036854775807"))));
  EXPECT_EQ(replicas.at(0).info_age, 36500 * 24h);
  replicas = Good(ParseReplicas(OneReply(Replica("last-ok-ping-reply", "-9223372036854775808"))));
  EXPECT_EQ(replicas.at(0).last_ok_ping, -36500 * 24h);
}

TEST(Replies, OtherShapesAreErrors) {
  for (auto* bytes : {"+OK\r\n", "$-1\r\n", ":1\r\n", "*1\r\n+name\r\n", "*1\r\n*1\r\n$1\r\na\r\n",
                      "*1\r\n*2\r\n$4\r\nname\r\n$-1\r\n", "*1\r\n*0\r\n"}) {
    EXPECT_FALSE(ParseMasters(OneReply(bytes)).ok()) << bytes;
    EXPECT_FALSE(ParseReplicas(OneReply(bytes)).ok()) << bytes;
    EXPECT_FALSE(ParseSentinels(OneReply(bytes)).ok()) << bytes;
  }
  EXPECT_TRUE(Good(ParseMasters(OneReply("*0\r\n"))).empty());
}

TEST(Replies, Ckquorum) {
  const std::string begin = " Not enough available Sentinels to reach the ";
  const std::string quorum = begin + "specified quorum for this master.";
  const std::string majority = begin + "majority and authorize a failover";
  auto noquorum = [](const std::string& rest) {
    return ParseCkquorum(OneReply("-NOQUORUM " + rest + "\r\n"));
  };
  auto check = Good(noquorum("1 usable Sentinels." + quorum + majority));
  EXPECT_EQ(check.usable_sentinels, 1);
  EXPECT_FALSE(check.quorum || check.majority);
  check = Good(noquorum("2 usable Sentinels." + quorum));
  EXPECT_TRUE(!check.quorum && check.majority);
  check = Good(noquorum("1 usable Sentinels." + majority));
  EXPECT_TRUE(check.quorum && !check.majority);
  for (auto* bytes : {"+OK\r\n", "+OK usable\r\n", "+OK -1 usable\r\n", "-NOQUORUM \r\n",
                      "-NOQUORUM 3 usable Sentinels.\r\n", "*0\r\n", "+3 usable\r\n", "$-1\r\n"})
    EXPECT_EQ(ParseCkquorum(OneReply(bytes)).status().code(), absl::StatusCode::kDataLoss) << bytes;
  EXPECT_EQ(ParseCkquorum(OneReply("-ERR No such master with that name\r\n")).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(Replies, MasterAddress) {
  for (auto* unknown : {"*-1\r\n", "*2\r\n$0\r\n\r\n$1\r\n1\r\n"})
    EXPECT_EQ(Good(ParseMasterAddress(OneReply(unknown))), std::nullopt) << unknown;
  auto address = Good(ParseMasterAddress(OneReply("*2\r\n$3\r\n::1\r\n$4\r\n6379\r\n")));
  EXPECT_EQ(address.value().host, "::1");
  for (auto* bytes : {"*1\r\n$3\r\n::1\r\n", "+OK\r\n",
                      "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "*2\r\n*0\r\n*0\r\n"})
    EXPECT_FALSE(ParseMasterAddress(OneReply(bytes)).ok()) << bytes;
}

}  // namespace
