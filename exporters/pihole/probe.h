#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/deadline.h"
#include "common/dns.h"

// A question that a Pi-hole is asked over DNS, what is expected of the answer, and what the answer
// proves. Nothing here touches the network.

enum class ProbeExpectation {
  kAddress,   // NOERROR with an address that is not zero; if `address` is given, with that one
  kBlocked,   // blocked, see JudgeAnswer
  kNxdomain,  // no such name
  kAnswer,    // NOERROR or NXDOMAIN: somebody who knows was asked
};

// How an attempt ended.
enum class ProbeOutcome {
  kPassed, kTimeout, kConnectionRefused, kUnreachable, kServfail, kRefused, kNxdomain, kNodata,
  kNotBlocked, kUnexpectedAnswer, kStale, kMalformed,
  kOurs,  // our own fault (no descriptors): proves nothing
};

struct ProbeOptions {
  std::string name;   // label `probe`: resolve, blocked, blocked_aaaa, local, uncached, tcp
  std::string query;  // a domain name; "{random}" becomes 16 letters that are new each time
  DnsType type = DnsType::kA;
  DnsTransport transport = DnsTransport::kUdp;
  ProbeExpectation expect = ProbeExpectation::kAddress;
  std::string address;     // of kAddress: that one, "" = any; of kBlocked: blocks, beside zero
  bool mandatory = false;  // must pass for the Pi-hole to resolve at all (kBlocked: to filter)
  Duration interval{};     // while it passes; of a mandatory one that of the looks
  Duration timeout{};      // an answer that takes longer is none
  // Of kBlocked: kNxdomain or kNodata is what blocks, too, for a server that blocks so and sends no
  // extended error. A name that nobody registered then looks blocked.
  std::optional<ProbeOutcome> blocked_as;
};

// The probes that work without any configuration:
//   resolve       A google.com          mandatory
//   blocked       A ads.google.com      mandatory; on every list since there are lists
//   blocked_aaaa  AAAA ads.google.com   mandatory
//   local         A pi.hole             what the Pi-hole knows by itself, no upstream needed. The
//                                       bit AA is not looked at: no recording of a real one proves
//                                       that it is always set, and forwarders in between clear it
//   uncached      A {random}.com        the way upstream, which a warm cache hides
//   tcp           A google.com          over TCP, every five minutes: the server forks for it
std::vector<ProbeOptions> DefaultProbes(Duration interval);

// Whether each question is for a name that nobody asked for before, so that no cache has it.
bool IsUncached(const ProbeOptions& probe);
// 16 letters that nobody had before; "" if there are no random numbers.
std::string RandomLetters();
// What to ask now, with a new random name.
DnsQuery QueryOf(const ProbeOptions& probe);

// Their names, a closed set: "passed", else label `reason`.
std::string_view ProbeOutcomeName(ProbeOutcome outcome);
extern const std::vector<std::string_view> kProbeFailures;  // all names but "passed" and "ours"
// Of a question for an ad: whether it proves that this is not blocked. That takes an answer that
// somebody meant: who is silent, refuses, or cannot ask, may block it all the same.
bool ProvesNoBlock(ProbeOutcome outcome);

struct ProbeSeen {
  std::string probe;
  DnsTransport transport = DnsTransport::kUdp;
  ProbeOutcome outcome = ProbeOutcome::kOurs;
  bool answered = false;     // by a DNS message, whatever it says
  std::optional<double> seconds;  // round trip of an answer
  std::optional<uint32_t> ttl_seconds;
  bool stale = false;        // served from the cache beyond its time: EDE 3, or 19
  bool unsent = false;       // nothing left this host: no route, or its name is not found
  int sent = 0;              // datagrams and TCP queries: they count in the Pi-hole's statistics
};

// What the answer to `probe` proves. Blocked is, whatever the Pi-hole's blocking mode: a zero
// address (mode NULL), or extended error 15 (modes IP, NODATA, NX and IP_NODATA_AAAA always have
// it), or what the probe itself calls so (`address`, `blocked_as`). NXDOMAIN or no data without any
// of that is not: a name that nobody registered would look blocked. A stale answer fails with
// kStale where an address is expected, or `blocked_as`, or what nobody can have cached: it says
// that the upstream is dead, or was not asked yet (see dns_eye.h).
ProbeSeen JudgeAnswer(const ProbeOptions& probe, const DnsOutcome& outcome);
