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

// DNS gave no message at all.
PiholeState SilentState(const StateFacts& f) {
  if (!f.api || f.api == ApiState::kDisabled)
    return f.resolve == ProbeOutcome::kConnectionRefused ? PiholeState::kStopped
           : f.resolve == ProbeOutcome::kUnreachable     ? PiholeState::kHostDown
                                                         : PiholeState::kDnsDead;
  switch (*f.api) {
    case ApiState::kUnreachable:
      return f.resolve == ProbeOutcome::kUnreachable ? PiholeState::kHostDown
                                                     : PiholeState::kStopped;
    case ApiState::kNoConnection:
      return PiholeState::kHostDown;
    case ApiState::kTimeout:
      return f.resolve == ProbeOutcome::kTimeout ? PiholeState::kHung : PiholeState::kDnsDead;
    default:
      return PiholeState::kDnsDeadApiAlive;  // whatever it says: it answers
  }
}

// It resolves and blocks.
PiholeState WorkingState(const StateFacts& f) {
  switch (f.api.value_or(ApiState::kOk)) {
    case ApiState::kOk:
    case ApiState::kDisabled:
      return PiholeState::kOk;
    case ApiState::kUnreachable:
    case ApiState::kNoConnection:
    case ApiState::kTimeout:
      return PiholeState::kApiDeadDnsAlive;
    default:
      return PiholeState::kApiDenied;
  }
}

}  // namespace

const std::vector<std::string_view> kApiStates = Names(kApiNames);
const std::vector<std::string_view> kPiholeStates = Names(kStateNames);
std::string_view ApiStateName(ApiState state) { return NameIn(kApiNames, state); }
std::string_view PiholeStateName(PiholeState state) { return NameIn(kStateNames, state); }

std::optional<PiholeState> StateOf(const StateFacts& f) {
  if (!f.resolve || f.resolve == ProbeOutcome::kOurs) return {};
  if (!f.answered) return SilentState(f);
  // Blocking needs no upstream: that it is off, or broken, is the worse news.
  if (Failed(f.blocked))
    return f.blocking == Blocking::kDisabled ? PiholeState::kBlockingOff
                                             : PiholeState::kFilteringBroken;
  if (!Passed(f.resolve) || Failed(f.uncached)) return PiholeState::kUpstreamDead;
  return WorkingState(f);
}
