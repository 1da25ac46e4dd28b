#include "exporters/redis-sentinel/address.h"

#include <gtest/gtest.h>

namespace {

TEST(ParseRedisAddress, TakesTheUsualForms) {
  struct Case { std::string text, host; int port; bool tls; };
  for (const Case& c : std::vector<Case>{
           {"redis-1", "redis-1", 26379, false},
           {"redis-1:6380", "redis-1", 6380, false},
           {"10.0.0.1", "10.0.0.1", 26379, false},
           {"[::1]:6380", "::1", 6380, false},
           {"[::1]", "::1", 26379, false},
           {"fe80::1", "fe80::1", 26379, false},
           {"redis://redis-1", "redis-1", 26379, false},
           {"valkey://redis-1:7000/", "redis-1", 7000, false},
           {"rediss://10.0.0.1:6380/0", "10.0.0.1", 6380, true},
           {"valkeys://[2001:db8::1]", "2001:db8::1", 26379, true}}) {
    auto a = ParseRedisAddress(c.text, kSentinelPort);
    ASSERT_TRUE(a.ok()) << a.status();
    EXPECT_EQ(a->host, c.host) << c.text;
    EXPECT_EQ(a->port, c.port) << c.text;
    EXPECT_EQ(a->tls, c.tls) << c.text;
  }
}

TEST(ParseRedisAddress, SaysWhatIsWrong) {
  struct Case { std::string text, what; };
  for (const Case& c : std::vector<Case>{{"", "no host name"},
                                         {":6379", "no host name"},
                                         {"redis:x", "the port must be a number"},
                                         {"redis:0", "port 0"},
                                         {"redis:65536", "the port must be a number"},
                                         {"http://redis", "the scheme must be redis"},
                                         {"unix:///run/redis.sock", "the scheme must be redis"},
                                         {"redis://redis/3", "nothing but /0"},
                                         {"redis://redis?db=1", "nothing but /0"},
                                         {"redis://", "no host name"},
                                         {"a b", "no host name"},
                                         {"[redis]:1", "no IPv6 address"}}) {
    auto a = ParseRedisAddress(c.text, 6379);
    EXPECT_EQ(a.status().code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_NE(std::string(a.status().message()).find(c.what), std::string::npos) << a.status();
  }
}

TEST(ParseRedisAddress, RefusesPasswordsAndDoesNotRepeatThem) {
  for (std::string text : {"redis://user:hunter2@redis:6379", "rediss://:hunter2@redis",
                           "user:hunter2@redis"}) {
    auto a = ParseRedisAddress(text, 6379);
    ASSERT_FALSE(a.ok());
    std::string message(a.status().message());
    EXPECT_EQ(message.find("hunter2"), message.npos) << message;
    EXPECT_NE(message.find("password_file"), message.npos) << message;
  }
}

TEST(ToText, PutsIpv6InBrackets) {
  EXPECT_EQ(ToText({"10.0.0.1", 6379}), "10.0.0.1:6379");
  EXPECT_EQ(ToText({"::1", 6379}), "[::1]:6379");
}

TEST(AddressMap, TheMostSpecificRuleCounts) {
  AddressMap map;
  for (auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"172.16.0.0/12", "192.0.2.1"},
           {"172.19.0.0/24", "192.0.2.2"},
           {"172.19.0.0/24", "192.0.2.99"},
           {"172.19.0.2", "192.0.2.3"},
           {"172.19.0.2:6379", "192.0.2.4:16379"},
           {"Redis-1", "edge:7000"},
           {"2001:DB8:0::/48", "[::1]:6"},
           {"0.0.0.0/0", "gateway"}})
    ASSERT_TRUE(map.Add(from, to).ok()) << from;
  auto dialled = [&](const std::string& host, int port) {
    return ToText(map.Dialled({host, port}));
  };
  EXPECT_EQ(dialled("172.19.0.2", 6379), "192.0.2.4:16379");
  EXPECT_EQ(dialled("172.19.0.2", 6380), "192.0.2.3:6380");
  EXPECT_EQ(dialled("172.19.0.3", 6379), "192.0.2.2:6379");
  EXPECT_EQ(dialled("172.19.1.3", 6379), "192.0.2.1:6379");
  EXPECT_EQ(dialled("10.0.0.1", 6379), "gateway:6379");
  EXPECT_EQ(dialled("redis-1", 6379), "edge:7000");
  EXPECT_EQ(dialled("redis-2", 6379), "redis-2:6379");
  EXPECT_EQ(dialled("2001:db8:0:5::7", 6379), "[::1]:6");
  EXPECT_EQ(dialled("2001:db8:1::7", 6379), "[2001:db8:1::7]:6379");
}

TEST(Network, HoldsAddressesAndNoNames) {
  auto network = Network::Parse("10.0.1.128/25");
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_TRUE(network->Contains("10.0.1.200"));
  for (std::string other : {"10.0.1.127", "10.0.2.200", "::1", "redis", ""})
    EXPECT_FALSE(network->Contains(other)) << other;
  EXPECT_TRUE(Network::Parse("0.0.0.0/0")->Contains("192.0.2.1"));
  for (auto* bad : {"", "/", "/8", "10.0.0.1", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "a/8"})
    EXPECT_FALSE(Network::Parse(bad).ok()) << bad;
}

TEST(AddressMap, RefusesWhatIsNoRule) {
  AddressMap map;
  for (auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"172.19.0.0/33", "a"}, {"172.19.0.0/x", "a"}, {"172.19.0.0/", "a"}, {"redis/24", "a"},
           {"::/129", "a"}, {"", "a"}, {"a:b", "a"}, {"a", ""}, {"a", "b:c"}, {"a", "10.0.0.0/8"}})
    EXPECT_EQ(map.Add(from, to).code(), absl::StatusCode::kInvalidArgument) << from << " " << to;
}

}  // namespace
