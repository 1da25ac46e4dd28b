#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/dns.h"

// Statistics that dnsmasq, and so every Pi-hole, tells over DNS without a login: TXT records of
// class CHAOS under the name "bind" (dnsmasq(8), --no-ident; Pi-hole adds version.ftl). They work
// while the API is dead or denied. Each question counts in the Pi-hole's statistics.

struct UpstreamCounters {
  std::string upstream;  // "10.0.0.1#53", as the label
  long long sent = 0, failed = 0;  // queries since start; failed: got no good answer
};

struct ChaosCounters {
  std::optional<long long> hits, misses, insertions, evictions, cache_size;
  std::optional<std::vector<UpstreamCounters>> upstreams;  // at most 32
  std::optional<std::string> version;                      // of FTL, "v6.4.1"
};

// All questions, to be asked together, and what their answers say; what has no good answer is
// absent. `outcomes` are those of the questions, in their order. Texts that become labels are
// printable ASCII: what is not would be written as something else, and two could become one.
std::vector<DnsQuery> ChaosQueries();
ChaosCounters TakeChaosAnswers(const std::vector<DnsOutcome>& outcomes);

// One entry of servers.bind: "10.99.0.1#5353 68 7". None if it is anything else.
std::optional<UpstreamCounters> ParseServersBind(std::string_view text);
