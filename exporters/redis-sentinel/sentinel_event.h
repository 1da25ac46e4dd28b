#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/net.h"

// A message in a Sentinel's channels, which are named after the events
// (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/, "Pub/Sub messages").

// The text is one of
//   "<type> <name> <ip> <port> @ <master name> <master ip> <master port>[ ...]"   most events
//   "master <master name> <ip> <port>[ ...]"                                      of the master itself
//   "<master name> <old ip> <old port> <new ip> <new port>"                       +switch-master
//   something else, as "1" of +new-epoch: then no field is known but the name.
struct SentinelEvent {
  std::string name;                // "+sdown"
  std::string master_name;         // "" if it is about none
  std::string instance_type;       // "master", "slave", "sentinel", or ""
  std::optional<HostPort> address; // of the instance; of +switch-master the new master
  std::optional<HostPort> from;    // of +switch-master the old one
};

// Never fails: what cannot be understood is an event with a name alone.
SentinelEvent ParseSentinelEvent(std::string_view channel, std::string_view text);

// A new master is in force for clients of this Sentinel: +switch-master; and +promoted-slave of the
// Sentinel that leads the failover, which is the first to send clients there, and says
// +switch-master a second later.
bool AnnouncesMaster(const SentinelEvent& event);
