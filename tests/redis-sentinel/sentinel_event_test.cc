#include "exporters/redis-sentinel/sentinel_event.h"

#include <gtest/gtest.h>

#include "exporters/redis-sentinel/address.h"
#include "tests/redis-sentinel/recorded.h"

namespace {

TEST(SentinelEvent, OfTheMasterItself) {
  auto event = ParseSentinelEvent("+odown", "master mymaster 10.88.0.11 6379 #quorum 3/2");
  EXPECT_EQ(event.name, "+odown");
  EXPECT_EQ(event.instance_type, "master");
  EXPECT_EQ(event.master_name, "mymaster");
  ASSERT_TRUE(event.address);
  EXPECT_EQ(ToText(*event.address), "10.88.0.11:6379");
  EXPECT_FALSE(AnnouncesMaster(event));
}

TEST(SentinelEvent, OfAReplica) {
  auto event = ParseSentinelEvent(
      "+promoted-slave", "slave 10.88.0.12:6379 10.88.0.12 6379 @ mymaster 10.88.0.11 6379");
  EXPECT_EQ(event.instance_type, "slave");
  EXPECT_EQ(event.master_name, "mymaster");
  ASSERT_TRUE(event.address);
  EXPECT_EQ(ToText(*event.address), "10.88.0.12:6379");
  EXPECT_TRUE(AnnouncesMaster(event));
}

TEST(SentinelEvent, OfASentinelWithMoreWordsBehind) {
  auto event = ParseSentinelEvent(
      "+sdown", "sentinel e573 ::1 26379 @ my-master redis-1.example.org 6379 and more");
  EXPECT_EQ(event.instance_type, "sentinel");
  EXPECT_EQ(event.master_name, "my-master");
  ASSERT_TRUE(event.address);
  EXPECT_EQ(ToText(*event.address), "[::1]:26379");
}

TEST(SentinelEvent, SwitchHasBothAddresses) {
  auto event = ParseSentinelEvent("+switch-master", "mymaster 10.88.0.11 6379 10.88.0.12 6380");
  EXPECT_EQ(event.master_name, "mymaster");
  ASSERT_TRUE(event.from && event.address);
  EXPECT_EQ(ToText(*event.from), "10.88.0.11:6379");
  EXPECT_EQ(ToText(*event.address), "10.88.0.12:6380");
  EXPECT_TRUE(AnnouncesMaster(event));
}

// A master may be called "master", and "slave".
TEST(SentinelEvent, SwitchOfAMasterWithAMisleadingName) {
  auto event = ParseSentinelEvent("+switch-master", "master 10.0.0.1 1 10.0.0.2 2");
  EXPECT_EQ(event.master_name, "master");
  EXPECT_TRUE(AnnouncesMaster(event));
}

TEST(SentinelEvent, AllThatWereRecorded) {
  std::istringstream lines(RecordedFile("events.txt"));
  int recorded = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, kind, master, address, text;
    words >> name >> kind >> master >> address;
    if (name == "#" || address.empty()) continue;
    ++recorded;
    std::getline(words >> std::ws, text);
    auto event = ParseSentinelEvent(name, text);
    EXPECT_EQ(event.name, name);
    EXPECT_EQ(event.instance_type, kind == "-" ? "" : kind) << line;
    EXPECT_EQ(event.master_name, master == "-" ? "" : master) << line;
    EXPECT_EQ(event.address ? ToText(*event.address) : "-", address) << line;
    EXPECT_EQ(AnnouncesMaster(event), name == "+switch-master" || name == "+promoted-slave");
  }
  EXPECT_EQ(recorded, 30);
}

TEST(SentinelEvent, WhatCannotBeUnderstoodIsANameAlone) {
  for (auto* text : {"", "1", "#duration 30100", "master", "master mymaster", "master m h notaport",
                     "slave a 10.0.0.1 6379", "slave a 10.0.0.1 6379 # m 10.0.0.2 6379",
                     "slave a 10.0.0.1 70000 @ m 10.0.0.2 6379", "e573d 1"}) {
    auto event = ParseSentinelEvent("+promoted-slave", text);
    EXPECT_EQ(event.name, "+promoted-slave") << text;
    EXPECT_EQ(event.master_name, "") << text;
    EXPECT_FALSE(event.address) << text;
    EXPECT_FALSE(AnnouncesMaster(event)) << text;
  }
  EXPECT_FALSE(AnnouncesMaster(ParseSentinelEvent("+switch-master", "m 10.0.0.1 1 10.0.0.2")));
}

}  // namespace
