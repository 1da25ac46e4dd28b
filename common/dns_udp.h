#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/dns.h"
#include "common/net.h"

// Inside of AskDns: datagrams to one server, for several questions at once.

// One question to one address, by whichever transport, and what comes of it.
struct DnsExchange {
  std::string address;
  int port = 0;
  std::string asked;  // "example.com A"
  std::string query;  // its bytes

  DnsAnswer answer;                                     // without its message
  absl::StatusOr<std::string> bytes = std::string();    // of the answer; "" while there is none
  Socket socket;                                        // over UDP, while it waits

  bool truncated() const;  // the answer that came
  // "dns 10.0.0.2:53 udp example.com A".
  std::string Name(const char* transport) const;
};

// Asks all of them, and waits for their answers together: to the deadline, or if one of the answers
// is truncated only for two thirds of the time. Leaves `bytes` (of a truncated answer, too) or an
// error in each of those that had none before, and the times and counts in `answer`.
void AskDnsOverUdp(std::vector<DnsExchange>& exchanges, const Deadline& deadline);
