#pragma once
#include <string>

#include "tests/redis-sentinel-lab/lab.h"

// A link to a server of the lab that a test can break: tests/lab/tcp-proxy.
class Link {
 public:
  explicit Link(const std::string& server, int delay_ms = 0);
  int port() const { return port_; }
  // "hang", "say 2d455252", "delay 50": as the script says it; the script's answer.
  std::string Tell(const std::string& words) const;
  int Count(const std::string& what) const { return std::stoi(Tell(what)); }  // "count", "turns"
  // How many more there are within so many seconds.
  int CountFor(const std::string& what, double seconds) const;
  // A line of configuration, for a RedisExporter: the server is dialled through this link.
  std::string AsAddressMap() const;

 private:
  std::string server_, control_;
  Child child_;
  int port_ = 0;
};
