#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/net.h"

// Where Redis nodes and Sentinels are, as the configuration writes it and as they announce it.

constexpr int kSentinelPort = 26379;

struct RedisAddress {
  std::string host;  // name or numeric, IPv6 without brackets
  int port = 0;
  bool tls = false;  // rediss://, valkeys://
};

// "host", "host:port", "[v6]:port", "[v6]", a numeric IPv6 address, each optionally after redis://,
// rediss://, valkey:// or valkeys:// and before "/" or "/0". InvalidArgument says what is wrong
// with others; user and password in a URL are refused, because URLs end up in logs, and are not
// repeated.
absl::StatusOr<RedisAddress> ParseRedisAddress(std::string_view text, int default_port);

// "10.0.0.1:6379", "[::1]:6379": as labels and configuration name a node.
std::string ToText(const HostPort& address);

// "172.19.0.0/24", "2001:db8::/32".
class Network {
 public:
  static absl::StatusOr<Network> Parse(std::string_view text);
  bool Contains(const std::string& host) const;  // no name is in any
  int prefix() const { return prefix_; }
  bool operator==(const Network& other) const;  // the same addresses

 private:
  std::string bits_;  // 4 or 16 bytes
  int prefix_ = 0;    // how many of the bits count
};

// Where to dial what Sentinels and nodes announce, for those who see them through NAT or from
// outside of a container network. Labels keep the announced address.
class AddressMap {
 public:
  // Of the rules that match an announced address the first of the most specific kind counts:
  //   "172.19.0.2:6379" -> "192.0.2.10:16379"   this address
  //   "redis-1"         -> "192.0.2.10"         this host, its port stays unless the target has one
  //   "172.19.0.0/24"   -> "192.0.2.10"         this network; the longest prefix
  // InvalidArgument when either side is none of these.
  absl::Status Add(std::string_view announced, std::string_view dialled);
  // `announced` itself if no rule matches.
  HostPort Dialled(const HostPort& announced) const;

 private:
  struct Rule {
    std::string host;  // lower case
    int port = 0;      // 0: any
    std::optional<Network> network;  // instead of both
    HostPort target;   // port 0: that of the announced address
    int Rank() const;  // the more specific, the higher
    bool Matches(const HostPort& announced) const;
  };
  std::vector<Rule> rules_;  // the most specific first
};
