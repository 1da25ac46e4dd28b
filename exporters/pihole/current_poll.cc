#include "exporters/pihole/current_poll.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "exporters/pihole/answer_values.h"
#include "exporters/pihole/api_answers.h"

namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxDriftBytes = 32 << 20;  // a rule is 221 bytes, and there may be many

void Note(ApiSnapshot& snapshot, const std::string& path, Duration interval, bool well) {
  snapshot.paths[path] = {std::make_shared<const bool>(well), Clock::now(), interval};
}

}  // namespace

// Where what `path` answers goes, and how it is read.
template <class T, class Read>
void CurrentPoll::Add(const char* path, Duration interval, Part<T> ApiSnapshot::*part, Read read) {
  auto ask = [=, this](const Deadline& end, ApiSnapshot& snapshot) {
    auto answer = Get(path, end, kMaxBytes);
    if (ended_) return answer.status();
    absl::StatusOr<T> value = answer.ok() ? read(answer->view()) : answer.status();
    if (answer.ok() && !value.ok()) client_.set_state(ApiState::kBadResponse);
    (snapshot.*part).value = value.ok() ? std::make_shared<const T>(*std::move(value)) : nullptr;
    (snapshot.*part).at = Clock::now();
    (snapshot.*part).interval = interval;
    Note(snapshot, path, interval, value.ok());
    return value.status();
  };
  requests_.push_back({interval, ask});
}

void CurrentPoll::AddSensors(Duration interval) {
  auto ask = [=, this](const Deadline& end, ApiSnapshot& snapshot) {
    auto answer = Get("/api/info/sensors", end, kMaxBytes);
    if (ended_) return answer.status();
    Note(snapshot, "/api/info/sensors", interval, answer.ok());
    absl::Status status = answer.status();
    sensors_ = answer.ok() ? std::optional(*std::move(answer)) : std::nullopt;
    return status;
  };
  requests_.push_back({interval, ask});
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
  auto drift = [this](const Deadline& end, ApiSnapshot& s) { return AskDrift(end, s); };
  if (drift_interval_ > Duration::zero()) requests_.push_back({drift_interval_, drift});
  else Add("/api/config", i.rare, &Snapshot::seats_max, ReadSeatsMax);
}

absl::StatusOr<Json> CurrentPoll::Get(const std::string& path, const Deadline& end,
                                      std::size_t max_bytes) {
  auto body = session_.Get(path, end, max_bytes);
  const ApiState state = client_.state();
  const bool silent = state == ApiState::kTimeout;
  const bool of_this_alone = state == ApiState::kOk || state == ApiState::kHttpError ||
                             state == ApiState::kBadResponse || (silent && good_ && !silence_);
  silence_ = silent;
  ended_ = !of_this_alone || !session_.entered();
  if (!body.ok()) return body.status();
  auto json = Json::Parse(*body);
  if (json.ok()) return json;
  client_.set_state(ApiState::kBadResponse);
  return absl::DataLossError(client_.url() + path + ": the answer is not JSON");
}

bool CurrentPoll::FewRules(const ApiSnapshot& snapshot, Instant now) const {
  constexpr std::size_t kKinds = 4;  // allow and deny, exact and regex
  const FtlAnswer* ftl = snapshot.ftl.Fresh(now);
  if (ftl == nullptr || ftl->rules.size() != kKinds) return false;
  double rules = 0;
  for (auto& r : ftl->rules) rules += r.enabled + r.disabled.value_or(0);
  return rules <= drift_.max_domain_rules;
}

absl::Status CurrentPoll::AskDrift(const Deadline& end, ApiSnapshot& snapshot) {
  absl::Status last;
  // What /api/NAME answers: an object with a NAME.
  auto get = [&](const char* name) -> std::optional<Json> {
    if (ended_) return std::nullopt;
    const std::string path = std::string("/api/") + name;
    auto answer = Get(path, end, kMaxDriftBytes);
    if (answer.ok() && !answer->view()[name].exists()) {
      client_.set_state(ApiState::kBadResponse);
      answer = NotSuch(path, answer->view());
    }
    if (!answer.ok()) last = answer.status();
    if (!ended_) Note(snapshot, path, drift_interval_, answer.ok());
    return answer.ok() ? std::optional(*std::move(answer)) : std::nullopt;
  };
  auto groups = get("groups"), lists = get("lists"), clients = get("clients"),
       config = get("config");
  std::optional<Json> domains;
  const bool wanted = drift_.Compares("domains") ||
                      (drift_.include_comments && drift_.Compares("comments"));
  if (wanted && FewRules(snapshot, Clock::now())) domains = get("domains");
  if (ended_) return last;
  auto view = [](const std::optional<Json>& json) { return json ? json->view() : JsonView(); };
  DriftAnswers answers{view(groups), view(lists), view(domains), view(clients), view(config)};
  auto texts = ItemTextsOf(answers, drift_.include_comments);
  std::erase_if(texts, [&](auto& component) { return !drift_.Compares(component.first); });
  const Instant at = Clock::now();
  snapshot.config = {nullptr, at, drift_interval_};
  snapshot.seats_max = {nullptr, at, drift_interval_};
  if (config)
    if (auto most = ReadSeatsMax(config->view()); most.ok())
      snapshot.seats_max.value = std::make_shared<const double>(*most);
  if (texts.empty()) return last;
  snapshot.config.value = std::make_shared<const ConfigItems>(FingerprintsOf(texts));
  if (Logs(Level::kDebug)) texts_ = std::move(texts);
  return absl::OkStatus();
}

// Those of which most time of the three intervals that a value lasts is over come first.
std::vector<CurrentPoll::Request*> CurrentPoll::DueAt(Instant now) {
  std::vector<Request*> due;
  for (Request& request : requests_)
    if (request.interval == fast_ || now + fast_ / 2 >= request.due) due.push_back(&request);
  std::stable_sort(due.begin(), due.end(), [](const Request* a, const Request* b) {
    return a->tried + 3 * a->interval < b->tried + 3 * b->interval;
  });
  return due;
}

absl::Status CurrentPoll::Poll(Instant now, const PollDeadlines& deadlines,
                               ApiSnapshot& snapshot) {
  absl::Status last;
  good_ = silence_ = ended_ = false;
  bool begun = false;
  const Instant begin = Clock::now();
  client_.set_state(ApiState::kOk);
  for (Request* request : DueAt(now)) {
    if (std::exchange(begun, true) && deadlines.begin.Over()) break;
    request->tried = now + (Clock::now() - begin);
    absl::Status asked = request->ask(deadlines.end, snapshot);
    if (ended_) return asked;
    request->due = now + request->interval;
    if (asked.ok()) good_ = true;
    else last = asked;
  }
  if (!good_) return last;
  client_.set_state(ApiState::kOk);
  return absl::OkStatus();
}
