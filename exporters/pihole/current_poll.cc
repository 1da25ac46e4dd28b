#include "exporters/pihole/current_poll.h"

#include "exporters/pihole/api_answers.h"

namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxRulesBytes = 32 << 20;  // 221 bytes a rule

}  // namespace

// Where what `path` answers goes, and how it is read.
template <class T, class Read>
void CurrentPoll::Add(const char* path, Duration interval, Part<T> ApiSnapshot::*part, Read read) {
  auto take = [=](Json answer, ApiSnapshot& snapshot) {
    absl::StatusOr<T> value = read(answer.view());
    if (!value.ok()) return value.status();
    snapshot.*part = {std::make_shared<const T>(*std::move(value)), Clock::now(), interval};
    return absl::OkStatus();
  };
  auto drop = [=](ApiSnapshot& snapshot) { (snapshot.*part).value = nullptr; };
  requests_.push_back({path, interval, take, drop});
}

void CurrentPoll::AddSensors(Duration interval) {
  auto take = [this](Json answer, ApiSnapshot&) {
    sensors_ = std::move(answer);
    return absl::OkStatus();
  };
  requests_.push_back({"/api/info/sensors", interval, take, [this](auto&) { sensors_.reset(); }});
}

CurrentPoll::CurrentPoll(ApiClient& client, ApiSession& session, const std::string& user_agent,
                         const PiholesOptions& all)
    : client_(client),
      session_(session),
      drift_(all.drift),
      fast_(all.intervals.fast),
      drift_interval_(all.intervals.drift) {
  const PollIntervals& i = all.intervals;
  using Snapshot = ApiSnapshot;
  Add("/api/info/metrics", i.fast, &Snapshot::replies, ReadReplyCounters);
  Add("/api/stats/summary", i.fast, &Snapshot::summary, ReadQuerySummary);
  Add("/api/dns/blocking", i.fast, &Snapshot::blocking, ReadBlocking);
  Add("/api/stats/upstreams", i.fast, &Snapshot::upstreams, ReadUpstreams);
  Add("/api/history", i.fast, &Snapshot::history, ReadHistory);
  Add("/api/info/ftl", i.slow, &Snapshot::ftl, ReadFtl);
  Add("/api/auth/sessions", i.slow, &Snapshot::seats,
      [user_agent](JsonView answer) { return ReadSeats(answer, user_agent); });
  Add("/api/info/messages", i.slow, &Snapshot::messages, ReadMessages);
  Add("/api/lists", i.slow, &Snapshot::lists, ReadLists);
  Add("/api/info/version", i.rare, &Snapshot::version, ReadVersion);
  Add("/api/info/database", i.rare, &Snapshot::database, ReadDatabase);
  AddSensors(i.rare);
  Add("/api/info/system", i.rare, &Snapshot::system, [this](JsonView answer) {
    return ReadSystem(answer, sensors_ ? sensors_->view() : JsonView());
  });
  if (drift_interval_ == Duration::zero())
    Add("/api/config", i.rare, &Snapshot::seats_max, ReadSeatsMax);
}

bool CurrentPoll::Ended() const {
  ApiState state = client_.state();
  return state != ApiState::kOk && state != ApiState::kHttpError && state != ApiState::kBadResponse;
}

absl::StatusOr<Json> CurrentPoll::Get(const std::string& path, const PollDeadlines& deadlines,
                                      std::size_t max_bytes) {
  auto body = session_.Get(path, deadlines.poll, deadlines.login, max_bytes);
  if (!body.ok()) return body.status();
  auto json = Json::Parse(*body);
  if (json.ok()) return json;
  client_.set_state(ApiState::kBadResponse);
  return absl::DataLossError(client_.url() + path + ": the answer is not JSON");
}

bool CurrentPoll::FewRules(const ApiSnapshot& snapshot, Instant now) const {
  const FtlAnswer* ftl = snapshot.ftl.Fresh(now);
  if (ftl == nullptr) return false;
  double rules = 0;
  for (auto& r : ftl->rules) rules += r.enabled + r.disabled.value_or(0);
  return rules <= drift_.max_domain_rules;
}

absl::Status CurrentPoll::AskDrift(const PollDeadlines& deadlines, ApiSnapshot& snapshot) {
  std::optional<Json> groups, lists, clients, config, domains;
  absl::Status last;
  auto get = [&](const char* path, std::optional<Json>& json, std::size_t max_bytes) {
    if (Ended() || deadlines.poll.Over()) return;
    auto answer = Get(path, deadlines, max_bytes);
    if (answer.ok()) json = *std::move(answer);
    else last = answer.status();
  };
  get("/api/groups", groups, kMaxBytes);
  get("/api/lists", lists, kMaxBytes);
  get("/api/clients", clients, kMaxBytes);
  get("/api/config", config, kMaxBytes);
  if (FewRules(snapshot, Clock::now())) get("/api/domains", domains, kMaxRulesBytes);
  if (Ended()) return last;
  auto view = [](const std::optional<Json>& json) { return json ? json->view() : JsonView(); };
  DriftAnswers answers{view(groups), view(lists), view(domains), view(clients), view(config)};
  auto items = FingerprintsOf(answers, drift_.include_comments);
  const Instant at = Clock::now();
  snapshot.config = {std::make_shared<const ConfigItems>(std::move(items)), at, drift_interval_};
  if (!config) return last;
  auto most = ReadSeatsMax(config->view());
  snapshot.seats_max = {most.ok() ? std::make_shared<const double>(*most) : nullptr, at,
                        drift_interval_};
  return last;
}

absl::Status CurrentPoll::AskOne(Request& request, Instant now, const PollDeadlines& deadlines,
                                 ApiSnapshot& snapshot) {
  auto answer = Get(request.path, deadlines, kMaxBytes);
  absl::Status taken =
      answer.ok() ? request.take(*std::move(answer), snapshot) : answer.status();
  if (Ended()) return taken;
  if (!taken.ok()) request.drop(snapshot);
  request.due = request.interval == fast_ ? Instant::min() : now + request.interval;
  return taken;
}

absl::Status CurrentPoll::Poll(Instant now, const PollDeadlines& deadlines,
                               ApiSnapshot& snapshot) {
  absl::Status last;
  bool good = false;
  client_.set_state(ApiState::kOk);
  for (Request& request : requests_) {
    if (!Due(request.due, now)) continue;
    if (good && deadlines.poll.Over()) break;  // a slow one: the rest is still due
    absl::Status asked = AskOne(request, now, deadlines, snapshot);
    if (asked.ok()) good = true;
    else last = asked;
    if (Ended()) return last;
  }
  bool drift = drift_interval_ > Duration::zero() && Due(drift_due_, now);
  if (drift && !deadlines.poll.Over()) {
    absl::Status asked = AskDrift(deadlines, snapshot);
    if (Ended()) return asked;
    drift_due_ = now + drift_interval_;
  }
  if (!good) return last;
  client_.set_state(ApiState::kOk);
  return absl::OkStatus();
}
