#include "exporters/postgres-ha/etcd_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/postgres-ha/base64.h"
#include "tests/postgres-ha/etcd_recorded.h"

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const std::string kPrefix = "/service/sentinel/";
const Now kNow{Instant(std::chrono::hours(1)), 1795390000};

TEST(EtcdStatus, ReadsRecordedAnswers) {
  auto leader = ParseEtcdStatus(RecordedEtcd("status_leader.json"));
  ASSERT_TRUE(leader.ok()) << leader.status();
  EXPECT_TRUE(leader->answered);
  EXPECT_EQ(leader->has_leader, true);
  EXPECT_EQ(leader->is_leader, true);
  EXPECT_EQ(leader->database_bytes, 36864);
  EXPECT_EQ(leader->database_used_bytes, 36864);
  EXPECT_EQ(leader->raft_term, 2);
  EXPECT_EQ(leader->raft_index, 46);
  EXPECT_EQ(leader->raft_applied_index, 46);
  EXPECT_EQ(leader->alarms, 0);
  EXPECT_EQ(leader->version, "3.4.23");
  EXPECT_EQ(leader->healthy, std::nullopt);
  auto follower = ParseEtcdStatus(RecordedEtcd("status_follower.json"));
  EXPECT_EQ(follower->has_leader, true);
  EXPECT_EQ(follower->is_leader, false);
}

TEST(EtcdStatus, WithoutAQuorumThereIsNoLeader) {
  auto look = ParseEtcdStatus(RecordedEtcd("status_no_leader.json"));
  ASSERT_TRUE(look.ok());
  EXPECT_EQ(look->has_leader, false);
  EXPECT_EQ(look->is_leader, false);
  EXPECT_EQ(look->alarms, 0);  // "no leader" stands among the errors, and is none
}

TEST(EtcdStatus, AlarmsStandInIt) {
  auto look = ParseEtcdStatus(RecordedEtcd("status_alarm.json"));
  ASSERT_TRUE(look.ok());
  EXPECT_EQ(look->alarms, 1);
  EXPECT_EQ(look->has_leader, true);
}

TEST(EtcdStatus, WhatIsLeftOutIsZeroAndWhatIsWrongIsAbsent) {
  auto look = ParseEtcdStatus(R"({"version":"3.6","leader":"0","raftIndex":"x","raftTerm":7})");
  ASSERT_TRUE(look.ok());
  EXPECT_EQ(look->has_leader, false);
  EXPECT_EQ(look->database_bytes, 0);
  EXPECT_EQ(look->raft_index, std::nullopt);
  EXPECT_EQ(look->raft_term, 7);
}

TEST(EtcdStatus, DamagedAnswersAreDataLoss) {
  for (auto* body : {"", "null", "[]", "{}", "Not Found", R"({"version":3})",
                     R"({"version":"3","leader":7})", R"({"version":"3")"})
    EXPECT_EQ(ParseEtcdStatus(body).status().code(), absl::StatusCode::kDataLoss) << body;
}

TEST(EtcdHealth, IsTrueOrFalse) {
  EXPECT_EQ(*ParseEtcdHealth(R"({"health":"true"})"), true);
  EXPECT_EQ(*ParseEtcdHealth(R"({"health":"false","reason":"RAFT NO LEADER"})"), false);
  for (auto* body : {"", "{}", R"({"health":true})", R"({"health":"yes"})"})
    EXPECT_EQ(ParseEtcdHealth(body).status().code(), absl::StatusCode::kDataLoss) << body;
}

TEST(EtcdErrors, SayWhatCanBeDone) {
  using Code = absl::StatusCode;
  auto error = [](const std::string& text) {
    return EtcdError(400, R"({"error":"etcdserver: )" + text + R"(","code":3})").code();
  };
  EXPECT_EQ(error("invalid auth token"), Code::kUnauthenticated);
  EXPECT_EQ(error("revision of auth store is old"), Code::kUnauthenticated);
  EXPECT_EQ(error("user name is empty"), Code::kPermissionDenied);
  EXPECT_EQ(error("permission denied"), Code::kPermissionDenied);
  EXPECT_EQ(error("authentication failed, invalid user ID or password"), Code::kPermissionDenied);
  EXPECT_EQ(error("authentication is not enabled"), Code::kFailedPrecondition);
  EXPECT_EQ(error("request timed out"), Code::kUnavailable);
  EXPECT_EQ(EtcdError(503, "").code(), Code::kUnavailable);
  EXPECT_THAT(std::string(EtcdError(404, "Not Found").message()), HasSubstr("3.4 or later"));
  auto endless = EtcdError(500, R"({"error":")" + std::string(9000, 'x') + "\"}");
  EXPECT_LT(endless.message().size(), 400u);
}

TEST(EtcdToken, MustBeFitForAHeader) {
  EXPECT_EQ(*ParseEtcdToken(R"({"header":{},"token":"NsTwfuQar.15"})"), "NsTwfuQar.15");
  for (auto* body : {"{}", R"({"token":""})", R"({"token":"a\r\nX: y"})", R"({"token":7})"})
    EXPECT_EQ(ParseEtcdToken(body).status().code(), absl::StatusCode::kDataLoss) << body;
}

TEST(EtcdRange, GivesThePresentState) {
  auto keys = ParseEtcdRange(RecordedEtcd("range.json"), kPrefix, kNow);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->newest, 29);
  ASSERT_EQ(keys->looks.size(), 1u);
  EXPECT_EQ(keys->looks[0].what, DcsLook::What::kConnected);
  EXPECT_EQ(keys->looks[0].name, "pg1");
  auto elsewhere = ParseEtcdRange(RecordedEtcd("range.json"), "/service/other/", kNow);
  EXPECT_EQ(elsewhere->looks.size(), 1u);
  EXPECT_EQ(elsewhere->looks[0].name, "");
}

TEST(EtcdRange, TellsOfAScheduledSwitchover) {
  auto keys = ParseEtcdRange(RecordedEtcd("range_scheduled.json"), kPrefix, kNow);
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_THAT(Told(keys->looks), ElementsAre("connected pg2", "switchover pg2", "history 6"));
  EXPECT_EQ(keys->looks[1].not_before, kNow.AtUnix(1795393617));
}

TEST(EtcdRange, AnEmptyStoreIsAnAnswer) {
  auto keys = ParseEtcdRange(R"({"header":{"revision":"93"}})", kPrefix, kNow);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->newest, 93);
  EXPECT_THAT(Told(keys->looks), ElementsAre("connected "));
  EXPECT_EQ(*ParseEtcdRevision(R"({"header":{"revision":"93"}})"), 0);
  EXPECT_EQ(*ParseEtcdRevision(R"({"header":{},"kvs":[{"mod_revision":"7"}]})"), 7);
}

TEST(EtcdWatch, TellsWhatPatroniDoes) {
  EXPECT_THAT(Told(Played("watch_switchover.txt")),
              ElementsAre("switchover pg1", "released", "taken pg2", "cleared", "history 6"));
  EXPECT_THAT(Told(Played("watch_killed.txt")), ElementsAre("released", "taken pg1", "history 3"));
  EXPECT_THAT(Told(Played("watch_scheduled_and_manual.txt")),
              ElementsAre("switchover pg2", "cleared", "failover", "released", "taken pg1",
                          "cleared", "history 7"));
}

TEST(EtcdWatch, ReadsRevisions) {
  auto created = ParseEtcdWatch(R"({"result":{"header":{"revision":"9"},"created":true}})", kPrefix,
                                kNow);
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(created->newest, 0);
  auto two = ParseEtcdWatch(
      R"({"result":{"events":[{"kv":{"key":"YQ==","mod_revision":"62"}},)"
      R"({"type":"DELETE","kv":{"key":"YQ==","mod_revision":"64"}}]}})", kPrefix, kNow);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(two->oldest, 62);
  EXPECT_EQ(two->newest, 64);
  EXPECT_THAT(two->looks, IsEmpty());
}

TEST(EtcdWatch, EndsInErrors) {
  auto code = [](const std::string& line) {
    return ParseEtcdWatch(line, kPrefix, kNow).status().code();
  };
  auto compacted = EtcdLines("watch_compacted.txt");
  ASSERT_EQ(compacted.size(), 2u);
  EXPECT_EQ(code(compacted[0]), absl::StatusCode::kOk);
  EXPECT_EQ(code(compacted[1]), absl::StatusCode::kOutOfRange);
  std::string cancelled = R"({"result":{"watch_id":"-1","created":true,"canceled":true,)"
                          R"("cancel_reason":"rpc error: desc = etcdserver: )";
  EXPECT_EQ(code(cancelled + "permission denied\"}}"), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(cancelled + "invalid auth token\"}}"), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(code(cancelled + "no leader\"}}"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(R"({"error":{"grpc_code":14,"message":"etcdserver: no leader"}})"),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(code(R"({"error":"etcdserver: permission denied"})"),
            absl::StatusCode::kPermissionDenied);
}

TEST(EtcdWatch, DamagedLinesAreDataLoss) {
  for (auto* line :
       {"", "x", "{}", "[]", R"({"result":7})", R"({"result":{"events":[{}]}})",
        R"({"result":{"events":[7]}})", R"({"result":{"events":[{"kv":{"key":"YQ=="}}]}})",
        R"({"result":{"events":[{"kv":{"key":"YQ","mod_revision":"1"}}]}})",
        R"({"result":{"events":[{"kv":{"key":"YQ==","mod_revision":"-1"}}]}})",
        R"({"result":{"events":[{"kv":{"key":"YQ==","mod_revision":"1","value":7}}]}})"})
    EXPECT_EQ(ParseEtcdWatch(line, kPrefix, kNow).status().code(), absl::StatusCode::kDataLoss)
        << line;
}

TEST(EtcdWatch, KeysThatSayNothingAreLeftOut) {
  auto told = [](const std::string& key, const std::string& value) {
    auto keys = ParseEtcdWatch(
        R"({"result":{"events":[{"kv":{"mod_revision":"1","key":")" + ToBase64(kPrefix + key) +
            R"(","value":")" + ToBase64(value) + "\"}}]}}", kPrefix, kNow);
    return keys.ok() ? Told(keys->looks) : std::vector<std::string>{keys.status().ToString()};
  };
  for (auto* value : {"pg1:pg2", "[]", "{"}) EXPECT_THAT(told("failover", value), IsEmpty());
  EXPECT_THAT(told("failover", R"({"leader":7,"member":"b"})"), ElementsAre("failover"));
  EXPECT_THAT(told("failover", R"({"scheduled_at":"2026-11-22T00:00:00Z"})"),
              ElementsAre("cleared"));
  EXPECT_THAT(told("history", "damaged"), IsEmpty());
  EXPECT_THAT(told("0/leader", "pg1"), IsEmpty());
  EXPECT_THAT(told("leader", std::string(9000, 'x')),
              ElementsAre("taken " + std::string(256, 'x')));
}

TEST(Base64, BothWays) {
  for (std::string text : {"", "a", "ab", "abc", "/service/sentinel/"})
    EXPECT_EQ(FromBase64(ToBase64(text)), text);
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(FromBase64(ToBase64(all)), all);
  EXPECT_EQ(ToBase64("/service/sentinel/"), "L3NlcnZpY2Uvc2VudGluZWwv");
  for (auto* text : {"a", "ab", "abc", "a===", "====", "ab=c", "ab c", "YQ==YQ=="})
    EXPECT_EQ(FromBase64(text), std::nullopt) << text;
}

}  // namespace
