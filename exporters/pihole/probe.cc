#include "exporters/pihole/probe.h"

#include <sys/random.h>

#include <algorithm>

#include "common/net.h"

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kRandom = "{random}";
constexpr std::size_t kRandomLetters = 16;

constexpr std::pair<ProbeOutcome, std::string_view> kNames[] = {
    {ProbeOutcome::kPassed, "passed"},
    {ProbeOutcome::kTimeout, "timeout"},
    {ProbeOutcome::kConnectionRefused, "connection_refused"},
    {ProbeOutcome::kUnreachable, "unreachable"},
    {ProbeOutcome::kServfail, "servfail"},
    {ProbeOutcome::kRefused, "refused"},
    {ProbeOutcome::kNxdomain, "nxdomain"},
    {ProbeOutcome::kNodata, "nodata"},
    {ProbeOutcome::kNotBlocked, "not_blocked"},
    {ProbeOutcome::kUnexpectedAnswer, "unexpected_answer"},
    {ProbeOutcome::kStale, "stale"},
    {ProbeOutcome::kMalformed, "malformed"},
    {ProbeOutcome::kOurs, "ours"},
};

std::vector<std::string_view> Failures() {
  std::vector<std::string_view> names;
  for (auto& [outcome, name] : kNames)
    if (outcome != ProbeOutcome::kPassed && outcome != ProbeOutcome::kOurs) names.push_back(name);
  return names;
}

ProbeOutcome Failure(const absl::Status& error) {
  if (absl::IsDeadlineExceeded(error)) return ProbeOutcome::kTimeout;
  if (absl::IsUnavailable(error))
    return IsRefused(error) ? ProbeOutcome::kConnectionRefused : ProbeOutcome::kUnreachable;
  return absl::IsDataLoss(error) ? ProbeOutcome::kMalformed : ProbeOutcome::kOurs;
}

bool HasError(const DnsMessage& message, int code) {
  return std::any_of(message.errors.begin(), message.errors.end(),
                     [&](auto& error) { return error.code == code; });
}

bool IsZero(const DnsRecord& record) { return record.value == "0.0.0.0" || record.value == "::"; }

// What the message is, before any expectation: an answer with records of the type asked "passes".
ProbeOutcome Plainly(const DnsMessage& message, const DnsChain& chain) {
  switch (message.rcode) {
    case kRcodeNoError:
      return chain.records.empty() ? ProbeOutcome::kNodata : ProbeOutcome::kPassed;
    case kRcodeNxDomain: return ProbeOutcome::kNxdomain;
    case kRcodeServFail: return ProbeOutcome::kServfail;
    case kRcodeRefused: return ProbeOutcome::kRefused;
    default: return ProbeOutcome::kUnexpectedAnswer;
  }
}

// Of an answer that has records.
ProbeOutcome JudgeAddress(const ProbeOptions& probe, const DnsChain& chain, bool blocked) {
  bool wanted = std::any_of(chain.records.begin(), chain.records.end(), [&](auto& record) {
    return probe.address.empty() ? !IsZero(record) : record.value == probe.address;
  });
  return wanted && !blocked ? ProbeOutcome::kPassed : ProbeOutcome::kUnexpectedAnswer;
}

ProbeOutcome Judge(const ProbeOptions& probe, const DnsMessage& message, const DnsChain& chain,
                   bool stale) {
  const ProbeOutcome plainly = Plainly(message, chain);
  const bool error_says_blocked = HasError(message, kEdeBlocked);
  const bool found = plainly == ProbeOutcome::kPassed;
  const bool nxdomain = plainly == ProbeOutcome::kNxdomain;
  switch (probe.expect) {
    case ProbeExpectation::kBlocked: {
      bool blocks = found && std::all_of(chain.records.begin(), chain.records.end(), [&](auto& r) {
        return IsZero(r) || r.value == probe.address;
      });
      if (blocks || error_says_blocked) return ProbeOutcome::kPassed;
      if (probe.blocked_as == plainly) return stale ? ProbeOutcome::kStale : ProbeOutcome::kPassed;
      return found ? ProbeOutcome::kNotBlocked : plainly;
    }
    case ProbeExpectation::kAddress:
      if (!found) return plainly;
      if (stale) return ProbeOutcome::kStale;
      return JudgeAddress(probe, chain, error_says_blocked);
    case ProbeExpectation::kNxdomain:
      if (nxdomain && !stale) return ProbeOutcome::kPassed;
      return stale ? ProbeOutcome::kStale : found ? ProbeOutcome::kUnexpectedAnswer : plainly;
    case ProbeExpectation::kAnswer:
      if (!found && !nxdomain && plainly != ProbeOutcome::kNodata) return plainly;
      if (error_says_blocked) return ProbeOutcome::kUnexpectedAnswer;  // nobody else was asked
      return stale ? ProbeOutcome::kStale : ProbeOutcome::kPassed;
  }
  return ProbeOutcome::kOurs;
}

}  // namespace

const std::vector<std::string_view> kProbeFailures = Failures();

std::string_view ProbeOutcomeName(ProbeOutcome outcome) {
  for (auto& [o, name] : kNames)
    if (o == outcome) return name;
  return "";
}

bool ProvesNoBlock(ProbeOutcome outcome) {
  return outcome == ProbeOutcome::kNotBlocked || outcome == ProbeOutcome::kNxdomain ||
         outcome == ProbeOutcome::kNodata;
}

std::vector<ProbeOptions> DefaultProbes(Duration interval) {
  using enum ProbeExpectation;
  const auto udp = DnsTransport::kUdp, tcp = DnsTransport::kTcp;
  const std::string known = "google.com", ad = "ads.google.com", any = "";
  return {
      {"resolve", known, DnsType::kA, udp, kAddress, any, true, interval, 1s, {}},
      {"blocked", ad, DnsType::kA, udp, kBlocked, any, true, interval, 1s, {}},
      {"blocked_aaaa", ad, DnsType::kAaaa, udp, kBlocked, any, true, interval, 1s, {}},
      {"local", "pi.hole", DnsType::kA, udp, kAddress, any, false, interval, 1s, {}},
      {"uncached", "{random}.com", DnsType::kA, udp, kAnswer, any, false, interval, 1s, {}},
      {"tcp", known, DnsType::kA, tcp, kAddress, any, false, 5min, 2s, {}},
  };
}

std::string RandomLetters() {
  unsigned char bytes[kRandomLetters] = {};
  std::string letters;
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return letters;
  for (unsigned char b : bytes) letters += static_cast<char>('a' + b % 26);
  return letters;
}

bool IsUncached(const ProbeOptions& probe) {
  return probe.query.find(kRandom) != std::string::npos;
}

DnsQuery QueryOf(const ProbeOptions& probe) {
  std::string name = probe.query;
  for (std::size_t at; (at = name.find(kRandom)) != name.npos;)
    name.replace(at, kRandom.size(), RandomLetters());
  return {{name, probe.type}};
}

ProbeSeen JudgeAnswer(const ProbeOptions& probe, const DnsOutcome& outcome) {
  ProbeSeen seen;
  seen.probe = probe.name;
  seen.transport = probe.transport;
  seen.sent = outcome.sent;
  if (!outcome.answer.ok()) {
    seen.outcome = Failure(outcome.answer.status());
    seen.unsent = outcome.sent == 0 && probe.transport == DnsTransport::kUdp &&
                  seen.outcome != ProbeOutcome::kConnectionRefused;
    return seen;
  }
  const DnsMessage& message = outcome.answer->message;
  const DnsChain chain = FollowDnsChain(message);
  seen.answered = true;
  seen.seconds = Seconds(outcome.answer->round_trip);
  seen.ttl_seconds = chain.ttl_seconds;
  seen.stale = HasError(message, kEdeStaleAnswer) || HasError(message, kEdeStaleNxDomain);
  bool late = outcome.answer->round_trip > probe.timeout;
  seen.outcome = late ? ProbeOutcome::kTimeout : Judge(probe, message, chain, seen.stale);
  return seen;
}
