#include "exporters/pihole/api_poll.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kLoginAtMost = 15s;
// Requests are begun for two timeouts; the last one may be for drift, which are five.
constexpr int kTimeoutsAPoll = 2, kTimeoutsAtLast = 5;

std::optional<ApiMode> Given(ApiMode mode) {
  return mode == ApiMode::kAuto ? std::nullopt : std::optional(mode);
}

}  // namespace

ApiPoll::ApiPoll(const PiholeOptions& pihole, const PiholesOptions& all, SessionMeans means)
    : name_(pihole.name),
      options_(pihole.api),
      fast_(all.intervals.fast),
      clock_(means.clock),
      client_(options_, means.user_agent),
      session_(client_, options_, means),
      current_(client_, session_, means.user_agent, all),
      legacy_(client_, options_, all.intervals.fast),
      mode_(Given(options_.mode)) {}

Duration ApiPoll::LookDeadline(const ApiOptions& options) {
  return kLoginAtMost + (2 + kTimeoutsAPoll + kTimeoutsAtLast) * options.timeout;
}

absl::Status ApiPoll::FindVersion(const Deadline& deadline) {
  ApiClient::Request request{.path = "/api/info/login"};
  auto reply = client_.Ask(request, deadline.AtMost(options_.timeout));
  if (!reply.ok()) return reply.status();
  if (reply->code == 200) mode_ = ApiMode::kV6;
  if (reply->code != 404) return mode_ ? absl::OkStatus() : client_.Refusal(request, *reply);
  auto legacy = legacy_.IsThere(deadline);
  if (!legacy.ok()) return legacy.status();
  if (*legacy) return mode_ = ApiMode::kV5, absl::OkStatus();
  client_.set_state(ApiState::kHttpError);
  return absl::DataLossError(client_.url() + ": no API of a Pi-hole, of version 6 or 5");
}

// What we are told without being let in: that it is alive, and whether its DNS engine is.
absl::Status ApiPoll::AskIfAlive(const absl::Status& denied, const Deadline& deadline) {
  const ApiState state = client_.state();
  ApiClient::Request request{.path = "/api/info/login"};
  auto reply = client_.Ask(request, deadline.AtMost(options_.timeout));
  if (!reply.ok()) return reply.status();
  if (reply->code != 200) return client_.Refusal(request, *reply);
  client_.set_state(state);
  auto json = Json::Parse(reply->body);
  auto dns = json.ok() ? json->view()["dns"].Bool() : std::nullopt;
  auto& known = snapshot_.blocking;
  const bool was_failure = known.value && known.value->blocking == Blocking::kFailure;
  const BlockingAnswer failure{Blocking::kFailure, {}};
  if (dns == false)
    known = {std::make_shared<const BlockingAnswer>(failure), Clock::now(), fast_};
  else if (dns == true && was_failure)
    known = {};
  return denied;
}

absl::Status ApiPoll::PollCurrent(const Deadline& deadline) {
  const Instant now = clock_();
  absl::Status status = session_.Enter(deadline.AtMost(kLoginAtMost));
  if (status.ok()) {
    PollDeadlines deadlines{deadline.AtMost(kTimeoutsAPoll * options_.timeout), deadline};
    status = current_.Poll(now, deadlines, snapshot_);
  }
  return session_.shut_out() ? AskIfAlive(status, deadline) : status;
}

ApiPoll::Result ApiPoll::Poll(const Deadline& deadline) {
  auto poll = [&] {
    if (auto found = mode_ ? absl::OkStatus() : FindVersion(deadline); !found.ok()) return found;
    if (mode_ == ApiMode::kV6) return PollCurrent(deadline);
    return legacy_.Poll(deadline.AtMost(kTimeoutsAPoll * options_.timeout), snapshot_);
  };
  Result result{poll(), {}, {}};
  result.texts = current_.TakeTexts();
  const ApiState state = result.status.ok() ? ApiState::kOk : client_.state();
  // Another program, or version, may answer there by now.
  if (!session_.shut_out() && (state == ApiState::kHttpError || state == ApiState::kBadResponse))
    mode_ = Given(options_.mode);
  result.look = {name_, state, client_.TakeTraffic(),
                 std::make_shared<const ApiSnapshot>(snapshot_)};
  return result;
}

void ApiPoll::Leave(const Deadline& deadline) {
  session_.Leave(deadline);
}
