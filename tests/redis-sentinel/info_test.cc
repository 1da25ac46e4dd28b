#include "exporters/redis-sentinel/info.h"

#include <gtest/gtest.h>

#include "tests/redis-sentinel/recorded.h"

using namespace std::chrono_literals;

namespace {

Info Parsed(const std::string& text) {
  auto info = ParseInfo(text);
  EXPECT_TRUE(info.ok()) << info.status();
  return info.ok() ? *info : Info();
}

Info At(double at, const std::string& from) {
  auto reply = RecordedAt("failover.jsonl", at, from, "INFO");
  return reply.ok() ? Parsed(reply->text) : Info();
}

struct Flavor { std::string file, flavor, version, master_run_id; };
const Flavor kFlavors[] = {
    {"redis7.0", "redis", "7.0.15", "d19fc0042d7abdf46b3df8ce2ae6da5d2d62d8d3"},
    {"redis8.0", "redis", "8.0.2", "db9cd3cc5420c63adb915d8d0bc748e4564f480d"},
    {"valkey8.1", "valkey", "8.1.1", "dcd7c39b25be14c48536c3a69dde8b0c13602711"},
};

class InfoOf : public testing::TestWithParam<Flavor> {
 protected:
  Info Master() { return Parsed(RepliesIn(RecordedFile(GetParam().file + ".resp"))[0]->text); }
  Info Other(const std::string& kind) {
    return Parsed(RecordedFile(GetParam().file + "." + kind + ".info"));
  }
};

TEST_P(InfoOf, Master) {
  Info info = Master();
  EXPECT_EQ(info.flavor, GetParam().flavor);
  EXPECT_EQ(info.version, GetParam().version);
  EXPECT_EQ(info.run_id, GetParam().master_run_id);
  EXPECT_EQ(info.role, Role::kMaster);
  EXPECT_EQ(info.replication_id.size(), 40u);
  EXPECT_EQ(info.second_replication_id, "");  // 000...
  EXPECT_EQ(info.second_offset_bytes, std::nullopt);  // -1
  EXPECT_GT(info.offset_bytes, 0);
  EXPECT_TRUE(info.backlog_size_bytes >= 1048576);
  EXPECT_EQ(info.connected_replicas, 2);
  ASSERT_TRUE(info.replicas && info.replicas->size() == 2);
  EXPECT_EQ(info.replicas->at(0).address.host, "127.0.0.1");
  EXPECT_EQ(info.replicas->at(0).address.port, 17002);
  EXPECT_EQ(info.replicas->at(1).address.port, 17003);
  EXPECT_LE(info.replicas->at(1).offset_bytes, info.offset_bytes);
  EXPECT_FALSE(info.master || info.link_up || info.last_io || info.replica_priority);
}

TEST_P(InfoOf, MasterHealth) {
  Info info = Master();
  EXPECT_EQ(info.loading, false);
  EXPECT_EQ(info.loading_eta, std::nullopt);
  EXPECT_EQ(info.aof_enabled, true);
  EXPECT_EQ(info.aof_write_ok, true);
  EXPECT_EQ(info.aof_rewrite_ok, true);
  EXPECT_EQ(info.aof_rewrite_failures, 0);
  EXPECT_EQ(info.aof_delayed_fsyncs_total, 0);
  EXPECT_EQ(info.aof_pending_fsyncs, 0);
  EXPECT_EQ(info.rdb_ok, true);
  EXPECT_TRUE(info.rdb_last_save_unix > 1700000000);
  EXPECT_EQ(info.unsaved_changes, 0);
  EXPECT_EQ(info.memory_max_bytes, 0);
  EXPECT_TRUE(info.memory_used_bytes > 500000);
  EXPECT_EQ(info.max_clients, 10000);
  EXPECT_EQ(info.connected_clients, 7);
  EXPECT_EQ(info.blocked_clients, 0);
  EXPECT_EQ(info.full_syncs_total, 2);
  EXPECT_TRUE(info.commands_total && info.ops_per_second && info.net_input_bytes_total);
  EXPECT_TRUE(info.fork_microseconds > 0);
  ASSERT_TRUE(info.databases);  // the section is there, and empty
  EXPECT_TRUE(info.databases->empty());
  ASSERT_TRUE(info.errors_total);
  EXPECT_TRUE(info.errors_total->empty());
  EXPECT_FALSE(info.tilt || info.monitored_masters);
}

TEST_P(InfoOf, Replica) {
  Info info = Other("replica");
  EXPECT_EQ(info.flavor, GetParam().flavor);
  EXPECT_EQ(info.role, Role::kReplica);
  ASSERT_TRUE(info.master);
  EXPECT_EQ(info.master->host, "127.0.0.1");
  EXPECT_EQ(info.master->port, 17001);
  EXPECT_EQ(info.link_up, true);
  EXPECT_LE(info.last_io.value(), 1s);
  EXPECT_EQ(info.link_down, std::nullopt);
  EXPECT_EQ(info.sync_in_progress, false);
  EXPECT_EQ(info.replica_priority, 100);
  EXPECT_EQ(info.replica_read_only, true);
  EXPECT_EQ(info.connected_replicas, 0);
  ASSERT_TRUE(info.replicas);
  EXPECT_TRUE(info.replicas->empty());
}

TEST_P(InfoOf, Sentinel) {
  Info info = Other("sentinel");
  EXPECT_EQ(info.flavor, GetParam().flavor);
  EXPECT_EQ(info.version, GetParam().version);
  EXPECT_EQ(info.run_id.size(), 40u);
  EXPECT_TRUE(info.uptime > 0s && info.connected_clients > 0);
  EXPECT_EQ(info.monitored_masters, 1);
  EXPECT_EQ(info.tilt, false);
  EXPECT_EQ(info.tilt_for, std::nullopt);  // -1
  EXPECT_EQ(info.running_scripts, 0);
  EXPECT_EQ(info.queued_scripts, 0);
  EXPECT_EQ(info.simulated_failures, 0);
  // A Sentinel has neither, and must not look like an empty node.
  EXPECT_FALSE(info.role || info.offset_bytes || info.databases || info.replicas);
}

INSTANTIATE_TEST_SUITE_P(Recorded, InfoOf, testing::ValuesIn(kFlavors), [](auto& flavor) {
  std::string name = flavor.param.file;
  return name.erase(name.find('.'), 1);
});

TEST(Info, LinkDownWhenTheMasterIsGone) {
  Info info = At(3.02, "13:6379");
  EXPECT_EQ(info.link_up, false);
  EXPECT_EQ(info.last_io, std::nullopt);  // -1
  EXPECT_EQ(info.link_down, 0s);
  ASSERT_EQ(info.databases.value().size(), 1u);
  EXPECT_EQ(info.databases->at(0).keys, 249);
}

TEST(Info, PromotedReplicaNamesThePast) {
  Info info = At(5.53, "13:6379");
  EXPECT_EQ(info.role, Role::kMaster);
  EXPECT_EQ(info.second_replication_id, At(3.02, "13:6379").replication_id);
  EXPECT_EQ(info.second_offset_bytes, 13848);
  EXPECT_EQ(info.offset_bytes, 15838);
  EXPECT_EQ(info.replicas.value().at(0).offset_bytes, 0);
}

TEST(Info, ReturnedMasterBelievesInItself) {
  Info info = At(12.04, "11:6379");
  EXPECT_EQ(info.role, Role::kMaster);
  EXPECT_EQ(info.uptime, 0s);
  EXPECT_EQ(info.offset_bytes, 0);
  EXPECT_EQ(info.second_replication_id, "");
}

TEST(Info, SaysOnlyWhatItWasAskedFor) {
  Info info = Parsed("# Replication\r\nrole:master\r\nmaster_repl_offset:7\r\n");
  EXPECT_EQ(info.offset_bytes, 7);
  EXPECT_FALSE(info.databases || info.errors_total || info.replicas || info.aof_enabled);
  EXPECT_EQ(info.flavor + info.version + info.run_id, "");
}

TEST(Info, LoadingWithoutAnEnd) {
  Info info = Parsed("loading:1\r\nasync_loading:0\r\nloading_eta_seconds:4\r\nrole:master\r\n");
  EXPECT_EQ(info.loading, true);
  EXPECT_EQ(info.async_loading, false);
  EXPECT_EQ(info.loading_eta, 4s);
}

TEST(Info, FullDisk) {
  Info info = Parsed(
      "aof_enabled:1\r\naof_last_write_status:err\r\nrdb_last_bgsave_status:err\r\n"
      "aof_last_bgrewrite_status:err\r\n# Errorstats\r\nerrorstat_MISCONF:count=12\r\n"
      "errorstat_ERR:count=1\r\n");
  EXPECT_EQ(info.aof_write_ok, false);
  EXPECT_EQ(info.rdb_ok, false);
  EXPECT_EQ(info.aof_rewrite_ok, false);
  EXPECT_EQ(info.errors_total, (std::map<std::string, long long>{{"ERR", 1}, {"MISCONF", 12}}));
}

TEST(Info, Tilt) {
  Info info = Parsed("sentinel_tilt:1\r\nsentinel_tilt_since_seconds:3\r\n");
  EXPECT_EQ(info.tilt, true);
  EXPECT_EQ(info.tilt_for, 3s);
}

TEST(Info, GarbledFieldsAreAbsent) {
  for (auto* bad : {"", " 1", "1 ", "0x1", "1.5", "-1", "+1", "9223372036854775808", "one"}) {
    std::string value(bad);
    Info info = Parsed("role:master\r\nmaster_repl_offset:" + value + "\r\nloading:" + value +
                       "\r\nuptime_in_seconds:" + value + "\r\naof_last_write_status:" + value);
    EXPECT_FALSE(info.offset_bytes || info.loading || info.uptime || info.aof_write_ok) << value;
  }
  EXPECT_EQ(Parsed("role:sentinel\r\n").role, std::nullopt);
  EXPECT_EQ(Parsed("uptime_in_seconds:9223372036854775807\r\n").uptime, std::nullopt);
  EXPECT_EQ(Parsed("run_id:D19FC0042d7abdf46b3df8ce2ae6da5d2d62d8d3\r\n").run_id, "");
  EXPECT_EQ(Parsed("run_id:d19f\r\n").run_id, "");
  EXPECT_EQ(Parsed("redis_version:7 0\r\n").version, "");
  EXPECT_EQ(Parsed("master_host:10.0.0.1\r\nmaster_port:65536\r\n").master, std::nullopt);
}

TEST(Info, ListsWithAGarbledLineAreAbsent) {
  const std::string head = "connected_slaves:2\r\n# Keyspace\r\n# Errorstats\r\n";
  const std::string slave = "slave0:ip=::1,port=1,state=online,offset=5,lag=0,type=replica\r\n";
  EXPECT_EQ(Parsed(head + slave).replicas.value()[0].address.host, "::1");
  for (auto* bad : {"slave1:", "slave1:ip=::1,port=1,state=online",
                    "slave1:ip=,port=1,state=online,offset=1",
                    "slave1:ip=a,port=x,state=online,offset=1", "slave1:ip=a,port=1,offset=1",
                    "slave1:ip=a,port=1,state=online,offset=-1"})
    EXPECT_FALSE(Parsed(head + slave + bad).replicas) << bad;
  EXPECT_FALSE(Parsed(head + "db0:keys=1,expires=0\r\ndb1:keys=,expires=0").databases);
  EXPECT_FALSE(Parsed(head + "errorstat_ERR:count=\r\n").errors_total);
  EXPECT_FALSE(Parsed(head + "errorstat_A B:count=1\r\n").errors_total);
  EXPECT_TRUE(Parsed(head).replicas && Parsed(head).databases && Parsed(head).errors_total);
}

TEST(Info, ReplicaThatIsSynchronised) {
  auto info = Parsed("connected_slaves:1\nslave0:ip=a,port=1,state=wait_bgsave,offset=0,lag=-1\n");
  EXPECT_EQ(info.replicas->at(0).lag_seconds, std::nullopt);
}

TEST(Info, FirstCounts) {
  EXPECT_EQ(Parsed("role:slave\r\nrole:master\r\n").role, Role::kReplica);
  EXPECT_EQ(Parsed("loading:1\r\nloading:0\r\n").loading, true);
}

TEST(Info, HasLimits) {
  std::string many = "connected_slaves:1\r\n# Keyspace\r\n# Errorstats\r\n";
  for (int i = 0; i < 1024; ++i) {
    std::string n = std::to_string(i);
    many += "db" + n + ":keys=1,expires=0\r\nerrorstat_E" + n + ":count=1\r\nslave" + n +
            ":ip=a,port=1,state=online,offset=1,lag=0\r\n";
  }
  Info info = Parsed(many);
  EXPECT_EQ(info.databases.value().size(), 1024u);
  EXPECT_EQ(info.errors_total.value().size(), 1024u);
  EXPECT_EQ(info.replicas.value().size(), 1024u);
  info = Parsed(many + "db1024:keys=1,expires=0\r\nerrorstat_E1024:count=1\r\n"
                "slave1024:ip=a,port=1,state=online,offset=1,lag=0\r\n");
  EXPECT_FALSE(info.databases || info.errors_total || info.replicas);
}

TEST(Info, OtherAnswersAreNone) {
  for (auto* text :
       {"", "\r\n", "OK", "# Server\r\n", "name:value\r\n", "role=master", "HTTP/1.1 200"})
    EXPECT_EQ(ParseInfo(text).status().code(), absl::StatusCode::kDataLoss) << text;
}

}  // namespace
