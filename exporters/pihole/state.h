#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/pihole/probe.h"

// From what DNS and the API say to one word about a Pi-hole.

// How the last poll of the API ended; label `state` of pihole_api_state. A closed set.
enum class ApiState {
  kOk, kUnreachable, kNoConnection, kTimeout, kTlsError, kRedirect, kAuthFailed, kTotpRequired,
  kSeatsExhausted, kRateLimited, kHttpError, kBadResponse, kDisabled,
};
std::string_view ApiStateName(ApiState state);
extern const std::vector<std::string_view> kApiStates;

// Label `state` of pihole_state: one is 1. By DNS first; the API only tells why.
//   ok                    resolves and blocks, and the API, if it is configured, answers
//   api_dead_dns_alive    resolves and blocks; the API takes connections and says nothing, or does
//                         not listen: restart pihole-FTL, its web server does not come back
//   api_denied            resolves and blocks; the API answers and tells nothing: it does not let
//                         us in (password, seats, TLS), sends us elsewhere, or is not Pi-hole's
//   filtering_broken      resolves, and an ad is not blocked although blocking is on
//   blocking_off          blocking was switched off on purpose, and an ad is not blocked, whatever
//                         else fails; or it resolves, and the ad has no answer
//   upstream_dead         what it knows or has cached works; what it must ask for does not
//   dns_dead_api_alive    DNS says nothing of use, the API answers: the DNS engine failed, another
//                         has port 53, or we asked more than it lets a client ask
//   hung                  takes connections and says nothing, DNS neither
//   stopped               the host refuses both
//   host_down             nothing comes back at all
//   dns_dead              DNS says nothing of use, and the API cannot tell more
// "Nothing of use": no question is answered, or those for ads and local names fail like all others.
enum class PiholeState {
  kOk, kApiDeadDnsAlive, kApiDenied, kFilteringBroken, kBlockingOff, kUpstreamDead,
  kDnsDeadApiAlive, kHung, kStopped, kHostDown, kDnsDead,
};
std::string_view PiholeStateName(PiholeState state);
extern const std::vector<std::string_view> kPiholeStates;

enum class Blocking { kEnabled, kDisabled, kFailure, kUnknown };

struct StateFacts {
  // The newest outcomes; absent: not known now.
  std::optional<ProbeOutcome> resolve;   // the first mandatory probe that failed, else passed
  std::optional<ProbeOutcome> blocked;   // of those for ads: that it does not block, if one proves
                                         // that; else as above
  std::optional<ProbeOutcome> uncached;
  bool answered = false;                 // any probe of the last look, by any DNS message
  bool useful = false;                   // and one by what was to be known: an address, a block
  std::optional<ApiState> api;           // absent: not known
  std::optional<Blocking> blocking;      // by the API
};
// Absent as long as DNS has not been looked at, and while it resolves but does not say whether it
// blocks: the questions for ads get no answer, and only they.
std::optional<PiholeState> StateOf(const StateFacts& facts);
