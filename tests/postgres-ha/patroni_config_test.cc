#include "exporters/postgres-ha/patroni_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace {

std::string Recorded(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/postgres-ha/fixtures/patroni/" + name + ".json");
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

PatroniConfig Parsed(const std::string& body) {
  auto config = ParsePatroniConfig(body);
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *config : PatroniConfig();
}

TEST(PatroniConfig, ReadsTheRecordedAnswers) {
  struct Case {
    const char* file;
    bool synchronous, standby;
  };
  for (auto& c : {Case{"normal.pg2", false, false}, Case{"normal.pgc1", false, true},
                  Case{"normal_p4.pg2", false, false}, Case{"normal_p4.pgc1", false, true},
                  Case{"paused.pg2", false, false}, Case{"sync.pg2", true, false},
                  Case{"replica_pg_down.pg2", false, false},
                  Case{"site_cloud_before_promote.pgc1", false, true},
                  Case{"site_cloud_after_promote.pgc1", false, false}}) {
    SCOPED_TRACE(c.file);
    PatroniConfig config = Parsed(Recorded(std::string(c.file) + ".config"));
    EXPECT_EQ(config.ttl_seconds, 30);
    EXPECT_EQ(config.loop_wait_seconds, 10);
    EXPECT_EQ(config.retry_timeout_seconds, 10);
    EXPECT_EQ(config.maximum_lag_on_failover_bytes, 1048576);
    EXPECT_EQ(config.synchronous_mode, c.synchronous);
    EXPECT_EQ(config.standby_cluster, c.standby);
  }
}

TEST(PatroniConfig, WhatIsNotSetIsPatronisDefault) {
  for (auto* body : {"{}", R"({"ttl":null,"loop_wait":null,"retry_timeout":null,)"
                           R"("maximum_lag_on_failover":null,"synchronous_mode":null})"}) {
    PatroniConfig config = Parsed(body);
    EXPECT_EQ(config.ttl_seconds, 30);
    EXPECT_EQ(config.loop_wait_seconds, 10);
    EXPECT_EQ(config.retry_timeout_seconds, 10);
    EXPECT_EQ(config.maximum_lag_on_failover_bytes, 1048576);
    EXPECT_EQ(config.synchronous_mode, false);
    EXPECT_EQ(config.standby_cluster, false);
  }
}

TEST(PatroniConfig, NumbersMayBeText) {
  PatroniConfig config = Parsed(
      R"({"ttl":"45","loop_wait":7.5,"retry_timeout":0,"maximum_lag_on_failover":"33554432"})");
  EXPECT_EQ(config.ttl_seconds, 45);
  EXPECT_EQ(config.loop_wait_seconds, 7.5);
  EXPECT_EQ(config.retry_timeout_seconds, 0);
  EXPECT_EQ(config.maximum_lag_on_failover_bytes, 33554432);
}

TEST(PatroniConfig, WhatCannotBeReadIsUnknownAndNotTheDefault) {
  for (std::string value : {"\"1MB\"", "-1", "[]", "{}", "true", "\"\"", "\"nan\"", "\"inf\""}) {
    PatroniConfig config = Parsed("{\"ttl\":" + value + ",\"loop_wait\":" + value +
                                  ",\"retry_timeout\":" + value +
                                  ",\"maximum_lag_on_failover\":" + value + "}");
    EXPECT_FALSE(config.ttl_seconds) << value;
    EXPECT_FALSE(config.loop_wait_seconds) << value;
    EXPECT_FALSE(config.retry_timeout_seconds) << value;
    EXPECT_FALSE(config.maximum_lag_on_failover_bytes) << value;
  }
}

TEST(PatroniConfig, SynchronousModeIsASwitchOrQuorum) {
  auto mode = [](const std::string& value) {
    return Parsed("{\"synchronous_mode\":" + value + "}").synchronous_mode;
  };
  for (auto* on :
       {"true", "\"on\"", "\"true\"", "\"Yes\"", "1", "\"1\"", "\"quorum\"", "\"QUORUM\""})
    EXPECT_EQ(mode(on), true) << on;
  for (auto* off : {"false", "\"off\"", "\"no\"", "\"False\"", "0", "\"0\""})
    EXPECT_EQ(mode(off), false) << off;
  for (auto* odd : {"\"maybe\"", "2", "[]", "{}", "\"\""}) EXPECT_FALSE(mode(odd)) << odd;
}

TEST(PatroniConfig, AStandbyClusterFollowsSomething) {
  auto standby = [](const std::string& value) {
    return Parsed("{\"standby_cluster\":" + value + "}").standby_cluster;
  };
  for (auto* yes : {R"({"host":"10.0.0.1"})", R"({"port":5432})", R"({"restore_command":"x"})",
                    R"({"host":"","port":"5432"})"})
    EXPECT_EQ(standby(yes), true) << yes;
  for (auto* no : {"null", "{}", "[]", "true", "\"x\"", R"({"host":""})",
                   R"({"host":null,"port":0})", R"({"primary_slot_name":"cloud"})"})
    EXPECT_EQ(standby(no), false) << no;
}

TEST(PatroniConfig, NonsenseIsAnError) {
  for (std::string body : {"", "null", "[]", "{", "3", "<html>502 Bad Gateway</html>"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParsePatroniConfig(body).status())) << body;
    EXPECT_TRUE(absl::IsDataLoss(ParseLastSeen(body).status())) << body;
  }
  EXPECT_TRUE(absl::IsDataLoss(ParsePatroniConfig(std::string(200'000, '[')).status()));
}

TEST(LastSeen, ReadsTheRecordedAnswers) {
  for (auto& [file, seen] : std::vector<std::pair<std::string, double>>{
           {"normal.pg1", 1795368288}, {"normal.pg2", 1795368288}, {"normal.pgc1", 1795368288},
           {"normal_p4.pg1", 1795371182}, {"normal_p4.pgc1", 1795371182},
           {"replica_pg_down.pg2", 1795370145}, {"etcd_frozen.pg1", 1795370253},
           {"etcd_frozen.pg2", 1795370248}}) {
    auto parsed = ParseLastSeen(Recorded(file + ".patroni"));
    ASSERT_TRUE(parsed.ok()) << file << parsed.status();
    EXPECT_EQ(*parsed, seen) << file;
  }
}

TEST(LastSeen, NeverOrUnreadableIsAbsent) {
  for (std::string body : {"{}", R"({"dcs_last_seen":0})", R"({"dcs_last_seen":-1})",
                           R"({"dcs_last_seen":"1795368288"})", R"({"dcs_last_seen":null})"}) {
    auto parsed = ParseLastSeen(body);
    ASSERT_TRUE(parsed.ok()) << body;
    EXPECT_FALSE(*parsed) << body;
  }
}

}  // namespace
