#include "exporters/pihole/state.h"

namespace {

constexpr std::pair<ApiState, std::string_view> kApiNames[] = {
    {ApiState::kOk, "ok"},
    {ApiState::kUnreachable, "unreachable"},
    {ApiState::kNoConnection, "no_connection"},
    {ApiState::kTimeout, "timeout"},
    {ApiState::kTlsError, "tls_error"},
    {ApiState::kRedirect, "redirect"},
    {ApiState::kAuthFailed, "auth_failed"},
    {ApiState::kTotpRequired, "totp_required"},
    {ApiState::kSeatsExhausted, "seats_exhausted"},
    {ApiState::kRateLimited, "rate_limited"},
    {ApiState::kHttpError, "http_error"},
    {ApiState::kBadResponse, "bad_response"},
    {ApiState::kDisabled, "disabled"},
};
constexpr std::pair<PiholeState, std::string_view> kStateNames[] = {
    {PiholeState::kOk, "ok"},
    {PiholeState::kApiDeadDnsAlive, "api_dead_dns_alive"},
    {PiholeState::kApiDenied, "api_denied"},
    {PiholeState::kFilteringBroken, "filtering_broken"},
    {PiholeState::kBlockingOff, "blocking_off"},
    {PiholeState::kUpstreamDead, "upstream_dead"},
    {PiholeState::kDnsDeadApiAlive, "dns_dead_api_alive"},
    {PiholeState::kHung, "hung"},
    {PiholeState::kStopped, "stopped"},
    {PiholeState::kHostDown, "host_down"},
    {PiholeState::kDnsDead, "dns_dead"},
};

template <class Table, class State>
std::string_view NameIn(const Table& table, State state) {
  for (auto& [s, name] : table)
    if (s == state) return name;
  return "";
}

template <class Table>
std::vector<std::string_view> Names(const Table& table) {
  std::vector<std::string_view> names;
  for (auto& [state, name] : table) names.push_back(name);
  return names;
}

bool Passed(const std::optional<ProbeOutcome>& o) { return o == ProbeOutcome::kPassed; }
bool Failed(const std::optional<ProbeOutcome>& o) {
  return o && *o != ProbeOutcome::kPassed && *o != ProbeOutcome::kOurs;
}

// Whatever it says.
bool Answers(ApiState api) {
  switch (api) {
    case ApiState::kOk:
    case ApiState::kTlsError:
    case ApiState::kRedirect:
    case ApiState::kAuthFailed:
    case ApiState::kTotpRequired:
    case ApiState::kSeatsExhausted:
    case ApiState::kRateLimited:
    case ApiState::kHttpError:
    case ApiState::kBadResponse:
      return true;
    case ApiState::kUnreachable:
    case ApiState::kNoConnection:
    case ApiState::kTimeout:
    case ApiState::kDisabled:
      break;
  }
  return false;
}

// DNS gave no message at all.
PiholeState SilentState(const StateFacts& f) {
  if (!f.api || f.api == ApiState::kDisabled)
    return f.resolve == ProbeOutcome::kConnectionRefused ? PiholeState::kStopped
           : f.resolve == ProbeOutcome::kUnreachable     ? PiholeState::kHostDown
                                                         : PiholeState::kDnsDead;
  if (Answers(*f.api)) return PiholeState::kDnsDeadApiAlive;
  if (f.api == ApiState::kNoConnection) return PiholeState::kHostDown;
  if (f.api == ApiState::kTimeout)
    return f.resolve == ProbeOutcome::kTimeout ? PiholeState::kHung : PiholeState::kDnsDead;
  return f.resolve == ProbeOutcome::kUnreachable ? PiholeState::kHostDown : PiholeState::kStopped;
}

// It answers, and does not resolve.
PiholeState NotResolving(const StateFacts& f) {
  if (f.useful) return PiholeState::kUpstreamDead;
  return f.api && Answers(*f.api) ? PiholeState::kDnsDeadApiAlive : PiholeState::kDnsDead;
}

// It resolves and blocks.
PiholeState WorkingState(const StateFacts& f) {
  const ApiState api = f.api.value_or(ApiState::kOk);
  if (api == ApiState::kOk || api == ApiState::kDisabled) return PiholeState::kOk;
  return Answers(api) ? PiholeState::kApiDenied : PiholeState::kApiDeadDnsAlive;
}

}  // namespace

const std::vector<std::string_view> kApiStates = Names(kApiNames);
const std::vector<std::string_view> kPiholeStates = Names(kStateNames);
std::string_view ApiStateName(ApiState state) { return NameIn(kApiNames, state); }
std::string_view PiholeStateName(PiholeState state) { return NameIn(kStateNames, state); }

std::optional<PiholeState> StateOf(const StateFacts& f) {
  if (!f.resolve || f.resolve == ProbeOutcome::kOurs) return {};
  if (!f.answered) return SilentState(f);
  const bool off = f.blocking == Blocking::kDisabled;
  // Proven, and told so: that the upstream fails now and then must not date it anew.
  if (off && f.blocked == ProbeOutcome::kNotBlocked) return PiholeState::kBlockingOff;
  if (!Passed(f.resolve)) return NotResolving(f);
  // Blocking needs no upstream: that it is off, or broken, is the worse news.
  if (f.blocked && ProvesNoBlock(*f.blocked))
    return off ? PiholeState::kBlockingOff : PiholeState::kFilteringBroken;
  // An ad that is not blocked has to be asked for.
  if (Failed(f.uncached)) return PiholeState::kUpstreamDead;
  if (!Failed(f.blocked)) return WorkingState(f);
  return off ? std::optional(PiholeState::kBlockingOff) : std::nullopt;
}
