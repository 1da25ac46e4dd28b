#include "exporters/pihole/api_facts.h"

#include <algorithm>
#include <cmath>

#include "exporters/pihole/show_details.h"

namespace {

constexpr double kStartJitterSeconds = 2;
constexpr std::size_t kMaxCodes = 16;  // of HTTP, of a server that is not trusted
constexpr double kBounds[] = {.001, .0025, .005, .01, .025, .05, .1, .5, 1};
// Why a request has no answer, see ApiClient.
constexpr ApiState kErrors[] = {ApiState::kUnreachable, ApiState::kNoConnection,
                                ApiState::kTimeout, ApiState::kTlsError, ApiState::kBadResponse};
constexpr std::string_view kLogins[] = {"ok", "refused", "no_answer"};

const Metric kUp("pihole_api_up", Type::kGauge,
                 "Whether the last poll of the API succeeded. Absent without an API.", "pihole");
const Metric kState("pihole_api_state", Type::kStateSet,
                    "How the last poll of the API ended; disabled: none is configured.", "pihole",
                    "state");
const Metric kRequests("pihole_api_requests_total", Type::kCounter,
                       "Requests to the API by HTTP code; 0: no answer.", "pihole", "code");
const Metric kErrorsTotal("pihole_api_errors_total", Type::kCounter,
                          "Requests to the API that got no answer, by why: unreachable, "
                          "no_connection, timeout, tls_error, bad_response (cut off, or not HTTP).",
                          "pihole", "reason");
const Metric kLoginsTotal("pihole_api_logins_total", Type::kCounter,
                          "Logins: each costs a Pi-hole more than a hundred polls.", "pihole",
                          "result");
const Metric kDuration("pihole_api_request_duration_seconds", Type::kHistogram,
                       "How long answered requests to the API took.", "pihole");
const Metric kPart("pihole_api_part_timestamp_seconds", Type::kGauge,
                   "When the API told what is shown of this subject.", "pihole", "part");
const Metric kEndpoint("pihole_api_endpoint_up", Type::kGauge,
                       "Whether the last request for this path was answered as it should be. What "
                       "it tells is absent if not. Of version 6 alone.",
                       "pihole", "path");
const Metric kStart("pihole_ftl_start_timestamp_seconds", Type::kGauge,
                    "When FTL started, within two seconds.", "pihole");
const Metric kObserved("pihole_queries_observed_total", Type::kCounter,
                       "Questions of clients that the Pi-hole took since we look, by what became "
                       "of them. Out of its history, of which nothing is lost for a day.",
                       "pihole", "result");

std::string Number(double n) {
  std::string text;
  AppendNumber(text, n);
  return text;
}

}  // namespace

void ApiFacts::Configure(bool enabled, Duration interval) {
  enabled_ = enabled;
  interval_ = interval;
  for (auto error : kErrors) errors_.try_emplace(error);
  for (auto result : kLogins) logins_.try_emplace(std::string(result));
}

void ApiFacts::Step(const ApiLook& look, Instant end, const Now& now) {
  state_ = look.state;
  looked_ = end;
  snapshot_ = look.snapshot;
  TakeTraffic(look.traffic);
  TakeStart(*snapshot_, now);
  auto& history = snapshot_->history;
  if (!history.value || history.at == history_at_) return;
  history_at_ = history.at;
  queries_.Step(*history.value);
}

void ApiFacts::TakeTraffic(const ApiTraffic& traffic) {
  for (auto& [code, n] : traffic.requests) {
    bool full = requests_.size() >= kMaxCodes && !requests_.count(std::to_string(code));
    requests_[full ? "other" : std::to_string(code)] += n;
  }
  for (auto& [error, n] : traffic.errors) errors_[error] += n;
  for (auto& [result, n] : traffic.logins) logins_[std::string(result)] += n;
  for (double seconds : traffic.seconds) {
    auto bucket = std::lower_bound(std::begin(kBounds), std::end(kBounds), seconds);
    ++duration_counts_[static_cast<std::size_t>(bucket - std::begin(kBounds))];
    duration_sum_ += seconds;
  }
}

// From an uptime and the time of its answer: it wavers by what that took.
void ApiFacts::TakeStart(const ApiSnapshot& snapshot, const Now& now) {
  if (!snapshot.ftl.value || !snapshot.ftl.value->uptime_seconds) return;
  double start = now.Unix(snapshot.ftl.at) - *snapshot.ftl.value->uptime_seconds;
  if (!start_unix_seconds_ || std::abs(start - *start_unix_seconds_) > kStartJitterSeconds)
    start_unix_seconds_ = start;
}

bool ApiFacts::Fresh(Instant now) const { return looked_ && now - *looked_ <= 3 * interval_; }

std::optional<ApiState> ApiFacts::state(Instant now) const {
  if (!enabled_) return ApiState::kDisabled;
  return Fresh(now) ? std::optional(state_) : std::nullopt;
}

std::optional<Blocking> ApiFacts::blocking(Instant now) const {
  auto* answer = snapshot_->blocking.Fresh(now);
  return answer ? std::optional(answer->blocking) : std::nullopt;
}

void ApiFacts::Show(const std::string& pihole, const Now& now, Samples& out) const {
  if (auto known = state(now.at))
    out.AddState(kState, {pihole, ""}, kApiStates, ApiStateName(*known));
  if (!enabled_) return;
  ShowClient(pihole, now, out);
  ShowQueries(pihole, *snapshot_, now, out);
  ShowReplies(pihole, *snapshot_, now, out);
  ShowGravity(pihole, *snapshot_, now, out);
  ShowSystem(pihole, *snapshot_, now, out);
  if (start_unix_seconds_ && snapshot_->ftl.Fresh(now.at))
    out.Add(kStart, {pihole}, *start_unix_seconds_);
  auto& counted = queries_.counted();
  if (!counted || !snapshot_->history.Fresh(now.at)) return;
  out.Add(kObserved, {pihole, "blocked"}, counted->blocked);
  out.Add(kObserved, {pihole, "other"}, counted->other);
  if (counted->cached) out.Add(kObserved, {pihole, "cached"}, *counted->cached);
  if (counted->forwarded) out.Add(kObserved, {pihole, "forwarded"}, *counted->forwarded);
}

void ApiFacts::ShowClient(const std::string& pihole, const Now& now, Samples& out) const {
  if (Fresh(now.at)) out.Add(kUp, {pihole}, state_ == ApiState::kOk);
  for (auto& [code, n] : requests_) out.Add(kRequests, {pihole, code}, n);
  for (auto& [error, n] : errors_) out.Add(kErrorsTotal, {pihole, ApiStateName(error)}, n);
  for (auto& [result, n] : logins_) out.Add(kLoginsTotal, {pihole, result}, n);
  for (auto& [part, at] : FreshParts(*snapshot_, now.at))
    out.Add(kPart, {pihole, part}, now.Unix(at));
  for (auto& [path, part] : snapshot_->paths)
    if (auto* well = part.Fresh(now.at)) out.Add(kEndpoint, {pihole, path}, *well);
  std::string lines, name(kDuration.name), label = RenderLabels({{"pihole", pihole}});
  double count = 0;
  for (std::size_t i = 0; i < duration_counts_.size(); ++i) {
    count += duration_counts_[i];
    std::string bound = i < std::size(kBounds) ? Number(kBounds[i]) : "+Inf";
    if (bound == "1") bound = "1.0";  // as OpenMetrics wants it
    lines += name + "_bucket{" + label + ",le=\"" + bound + "\"} " + Number(count) + "\n";
  }
  lines += name + "_sum{" + label + "} " + Number(duration_sum_) + "\n";
  lines += name + "_count{" + label + "} " + Number(count) + "\n";
  out.AddRendered(kDuration, lines);
}

namespace {

template <class T>
void AddPart(const Part<T>& part, std::string_view name, Instant now,
             std::vector<std::pair<std::string_view, Instant>>& parts) {
  if (part.Fresh(now)) parts.emplace_back(name, part.at);
}

}  // namespace

std::vector<std::pair<std::string_view, Instant>> FreshParts(const ApiSnapshot& s, Instant now) {
  std::vector<std::pair<std::string_view, Instant>> parts;
  AddPart(s.replies, "replies", now, parts);
  AddPart(s.summary, "summary", now, parts);
  AddPart(s.blocking, "blocking", now, parts);
  AddPart(s.upstreams, "upstreams", now, parts);
  AddPart(s.history, "history", now, parts);
  AddPart(s.ftl, "ftl", now, parts);
  AddPart(s.seats, "seats", now, parts);
  AddPart(s.seats_max, "seats_max", now, parts);
  AddPart(s.messages, "messages", now, parts);
  AddPart(s.lists, "lists", now, parts);
  AddPart(s.version, "version", now, parts);
  AddPart(s.database, "database", now, parts);
  AddPart(s.system, "system", now, parts);
  AddPart(s.config, "config", now, parts);
  return parts;
}
