#include "exporters/redis-sentinel/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "tests/common/config_files.h"

namespace {

using namespace std::chrono_literals;

absl::StatusOr<std::vector<DeploymentOptions>> Read(const std::string& text) {
  Fields fields = Fields::FromText("c.yml", text);
  return ReadDeployments(fields);
}

std::string TextOf(const std::string& file) {
  std::ifstream in(SOURCE_DIR "/" + file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file with a password, as deployments have one.
std::string PasswordFile() {
  std::string file = testing::TempDir() + "redis_sentinel_config_password";
  std::ofstream(file) << "from the file\n";
  setenv("REDIS_PASSWORD_FILE", file.c_str(), 1);
  return file;
}

TEST(RedisConfig, WithoutAFileIsTheLocalSentinel) {
  auto all = Read("");
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 1u);
  const DeploymentOptions& o = all->at(0);
  ASSERT_EQ(o.sentinels.size(), 1u);
  EXPECT_EQ(o.sentinels[0].host, "127.0.0.1");
  EXPECT_EQ(o.sentinels[0].port, 26379);
  EXPECT_TRUE(o.masters.empty());
  EXPECT_EQ(o.sentinel.user + o.sentinel.password + o.sentinel.password_file, "");
  EXPECT_FALSE(o.sentinel.stream.tls);
  EXPECT_EQ(o.look_interval, 1s);
  EXPECT_EQ(o.look_deadline, 500ms);
  EXPECT_EQ(o.forget_after, 10min);
  EXPECT_EQ(o.rto_objective_seconds, 10);
  EXPECT_EQ(o.rpo_objective_seconds, 300);
  EXPECT_EQ(o.expected_sentinels, 0);
  EXPECT_EQ(o.expected_replicas, 0);
  EXPECT_EQ(o.persistence, "any");
  EXPECT_EQ(o.objectives.replication_lag_bytes, 1048576);
  EXPECT_EQ(o.objectives.backlog_seconds, 60);
  EXPECT_EQ(o.objectives.failover_test_seconds, 90 * 86400);
  EXPECT_EQ(o.objectives.memory_ratio, 0.9);
  EXPECT_EQ(o.objectives.clients_ratio, 0.9);
}

TEST(RedisConfig, EveryKeyCounts) {
  const std::string file = PasswordFile();
  auto all = Read(TextOf("tests/config/redis-sentinel/everything.good.yml"));
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2u);
  const DeploymentOptions& o = all->at(0);
  EXPECT_EQ(o.name, "sessions");
  ASSERT_EQ(o.sentinels.size(), 3u);
  EXPECT_FALSE(o.sentinels[0].tls);
  EXPECT_TRUE(o.sentinels[1].tls);
  EXPECT_EQ(o.sentinels[2].host, "2001:db8::5");
  EXPECT_EQ(o.masters, (std::set<std::string>{"mymaster", "cache"}));
  EXPECT_EQ(o.sentinel.password, "secret");
  EXPECT_EQ(o.node.user, "exporter");
  EXPECT_EQ(o.node.password_file, file);
  EXPECT_EQ(o.node.password, "");  // the session reads the file
  EXPECT_EQ(o.sentinel.stream.tls->ca_file, "/etc/sentinel/ca.pem");
  EXPECT_EQ(o.sentinel.stream.tls->cert_file, "/etc/sentinel/cert.pem");
  EXPECT_EQ(o.sentinel.stream.tls->key_file, "/etc/sentinel/key.pem");
  EXPECT_EQ(o.sentinel.stream.tls->server_name, "sentinel.example.org");
  EXPECT_EQ(o.sentinel.stream.tls->verify, TlsOptions::Verify::kCa);
  EXPECT_EQ(o.node.stream.tls->verify, TlsOptions::Verify::kNone);
  EXPECT_EQ(ToText(o.address_map.Dialled({"172.19.0.2", 6379})), "192.0.2.10:16379");
  EXPECT_EQ(ToText(o.address_map.Dialled({"redis-1", 6380})), "192.0.2.11:6380");
  EXPECT_EQ(ToText(o.address_map.Dialled({"172.19.0.3", 6379})), "192.0.2.12:6379");
  EXPECT_EQ(SiteOf(o.sites, "10.0.1.5:6379"), "on-premise");
  EXPECT_EQ(SiteOf(o.sites, "10.0.7.5:6379"), "cloud") << "the longest prefix";
  EXPECT_EQ(SiteOf(o.sites, "[2001:db8::5]:6379"), "on-premise");
  EXPECT_EQ(SiteOf(o.sites, "192.0.2.1:6379"), "");
  EXPECT_EQ(SiteOf(o.sites, "redis-1:6379"), "");
  EXPECT_EQ(o.expected_sentinels, 3);
  EXPECT_EQ(o.expected_replicas, 2);
  EXPECT_EQ(o.prefix, "web/");
  EXPECT_TRUE(o.redis_nodes);
  EXPECT_FALSE(all->at(1).redis_nodes);
  EXPECT_EQ(NodeLogin(o, "cache").user, "reader");
  EXPECT_EQ(NodeLogin(o, "mymaster").user, "exporter");
  EXPECT_TRUE(NodeLogin(o, "cache").stream.tls);
  EXPECT_EQ(o.canary.interval, 2s);
  EXPECT_EQ(o.canary.key, "ha-canary:one");
  EXPECT_EQ(all->at(1).canary.interval, 0s);
  EXPECT_EQ(o.persistence, "aof");
  EXPECT_EQ(o.objectives.replication_lag_bytes, 10 << 20);
  EXPECT_EQ(o.objectives.backlog_seconds, 300);
  EXPECT_EQ(o.objectives.failover_test_seconds, 30 * 86400);
  EXPECT_EQ(o.objectives.memory_ratio, 0.8);
  EXPECT_EQ(o.objectives.clients_ratio, 0.5);
  EXPECT_EQ(o.look_deadline, 2s);
  EXPECT_EQ(all->at(1).look_deadline, 500ms);
  EXPECT_EQ(all->at(1).sentinels[0].port, 26379);
  for (auto& each : *all) {
    EXPECT_EQ(each.look_interval, 500ms);
    EXPECT_EQ(each.rto_objective_seconds, 20);
    EXPECT_EQ(each.rpo_objective_seconds, 60);
    EXPECT_EQ(each.forget_after, 1h);
  }
}

// The scheme of a seed says TLS for that seed; for those that are found only if all seeds say so.
TEST(RedisConfig, SchemesAskForTls) {
  auto all = Read("deployments:\n  - {name: a, sentinels: ['rediss://h']}\n"
                  "  - {name: b, sentinels: ['rediss://h2', i], prefix: b}\n");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_TRUE(all->at(0).sentinel.stream.tls);
  EXPECT_FALSE(all->at(1).sentinel.stream.tls);
  EXPECT_FALSE(all->at(0).node.stream.tls);
}

const ReadsConfig kReads = [](Fields& fields) { return ReadDeployments(fields).status(); };

TEST(RedisConfig, GoodAndBadFiles) {
  PasswordFile();
  ExpectGoodAndBadFiles("redis-sentinel", kReads);
}

TEST(RedisConfig, TheExampleIsReadAndNamesEveryKey) {
  setenv("SENTINEL_REDIS_PASSWORD", "x", 1);
  setenv("SENTINEL_SENTINEL_PASSWORD", "x", 1);
  ExpectExampleNamesEveryKey("redis-sentinel", kReads, 25);
}

}  // namespace
