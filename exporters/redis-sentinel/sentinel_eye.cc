#include "exporters/redis-sentinel/sentinel_eye.h"

#include <algorithm>

#include "common/log.h"
#include "exporters/redis-sentinel/node_eye.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kFastInterval = 1s;
constexpr std::size_t kBefore = 2, kEach = 4;  // answers before the first master; of each

const Metric kInfo("redis_sentinel_sentinel_info", Type::kInfo, "What a Sentinel is.", "flavor",
                   "version", "run_id");
const Metric kStart("redis_sentinel_sentinel_start_timestamp_seconds", Type::kGauge,
                    "When the Sentinel started, to the second.");
const Metric kTilt("redis_sentinel_tilt_active", Type::kGauge,
                   "Whether the Sentinel is in TILT: its clock jumped or it was frozen, and for "
                   "30 s it takes no part in failovers.");
const Metric kTiltStart("redis_sentinel_tilt_start_timestamp_seconds", Type::kGauge,
                        "Since when the Sentinel is in TILT, to the second; absent while it is "
                        "not.");
const Metric kMonitored("redis_sentinel_sentinel_monitored_masters", Type::kGauge,
                        "Masters that the Sentinel monitors.");
const Metric kClients("redis_sentinel_sentinel_connected_clients", Type::kGauge,
                      "Clients connected to the Sentinel.");
const Metric kRunning("redis_sentinel_sentinel_running_scripts", Type::kGauge,
                      "Notification scripts that the Sentinel runs now.");
const Metric kQueued("redis_sentinel_sentinel_queued_scripts", Type::kGauge,
                     "Notification scripts that wait to be run.");
const Metric kSimulated("redis_sentinel_sentinel_simulated_failures", Type::kGauge,
                        "Whether the Sentinel was told to crash in a failover, for a test.");

// The answers of one master as its view. Without them all there is none: a view with a hole would
// be judged as if it were whole. `answers` are kEach.
absl::Status TakeView(const absl::StatusOr<Reply>* answers, MasterView& view) {
  auto replicas = ParseReplicas(answers[0]);
  auto sentinels = ParseSentinels(answers[1]);
  auto address = ParseMasterAddress(answers[3]);
  for (auto& s : {replicas.status(), sentinels.status(), address.status()})
    if (!s.ok()) return s;
  view.replicas = *std::move(replicas);
  view.sentinels = *std::move(sentinels);
  view.address = *address;
  return absl::OkStatus();
}

std::vector<std::string> NamesOf(const Results& results) {
  std::vector<std::string> names;
  auto masters = ParseMasters(results[1]);
  if (!masters.ok()) return names;
  for (auto& master : *masters) names.push_back(std::move(master.name));
  return names;
}

}  // namespace

Batch SentinelBatch(const std::vector<std::string>& names) {
  Batch batch = {{"INFO"}, {"SENTINEL", "MASTERS"}};
  for (auto& name : names)
    for (auto* word : {"REPLICAS", "SENTINELS", "CKQUORUM", "GET-MASTER-ADDR-BY-NAME"})
      batch.push_back({"SENTINEL", word, name});
  return batch;
}

absl::StatusOr<SentinelLook> TakeSentinelAnswers(const Results& results,
                                                 const std::vector<std::string>& names) {
  if (results.size() != kBefore + kEach * names.size())
    return absl::InternalError("not the answers to this batch");
  auto info = TakeInfo(results[0]);
  if (!info.ok()) return Named("INFO", info.status());
  auto masters = ParseMasters(results[1]);
  if (!masters.ok()) return Named("SENTINEL MASTERS", masters.status());
  SentinelLook look;
  look.info = *std::move(info);
  for (auto& master : *masters) {
    auto asked = std::find(names.begin(), names.end(), master.name);
    if (asked == names.end()) continue;
    auto* answers = &results[kBefore + kEach * static_cast<std::size_t>(asked - names.begin())];
    MasterView view;
    view.master = std::move(master);
    auto taken = TakeView(answers, view);
    auto quorum = ParseCkquorum(answers[2]);
    if (quorum.ok()) view.quorum = *quorum;
    if (look.status.ok()) look.status = taken.ok() ? quorum.status() : taken;
    if (taken.ok()) look.views.push_back(std::move(view));
  }
  return look;
}

SentinelEye::SentinelEye(std::shared_ptr<DeploymentBoard> board, std::string sentinel,
                         RedisConnectionOptions options, Duration patience)
    : board_(std::move(board)),
      sentinel_(std::move(sentinel)),
      eye_("sentinel " + sentinel_),
      patience_(patience),
      connection_(std::move(options)) {}

void SentinelEye::SayOnce(int unwatched) {
  if (unwatched == 0 || std::exchange(told_, true)) return;
  Log(Level::kWarn, "monitors more masters than are watched; configure which in 'masters'",
      {{"sentinel", sentinel_}, {"unwatched", std::to_string(unwatched)}});
}

SentinelLook SentinelEye::Query(const Deadline& deadline) {
  auto results = connection_.Run(SentinelBatch(names_), deadline);
  int unwatched = 0;
  if (results.ok()) {
    auto names = NamesOf(*results);
    unwatched = board_->With([&](const Deployment& d) { return d.ChooseMasters(names); });
    SayOnce(unwatched);
    bool others = names != std::exchange(names_, names);
    if (others) results = connection_.Run(SentinelBatch(names_), deadline);
  }
  SentinelLook failed;
  failed.status = results.status();
  if (!results.ok()) return failed;
  auto look = TakeSentinelAnswers(*results, names_);
  failed.status = look.ok() ? look->status : look.status();
  if (!failed.status.ok()) failed.status = Named(connection_.name(), failed.status);
  if (!look.ok()) return failed;
  look->status = failed.status;
  look->unwatched = unwatched;
  return *std::move(look);
}

SentinelLook SentinelEye::Ask(const Deadline& deadline, bool hurried) {
  const Instant begin = board_->Begin(eye_, deadline);
  SentinelLook look = Query(deadline);
  look.sentinel = sentinel_;
  const Instant end = Clock::now();  // before Post reads the clock, or it would be held back
  if (!hurried || !absl::IsDeadlineExceeded(look.status)) board_->Post({{eye_, begin, end}, look});
  return look;
}

Next SentinelEye::Look(const Deadline& deadline) {
  const Instant begin = Clock::now();
  SentinelLook look = Ask(deadline, false);
  bool fast = board_->With([](const Deployment& d) { return d.pace() == Pace::kFast; });
  return {std::move(look.status), std::max(begin + (fast ? kFastInterval : kSentinelInterval),
                                           Clock::now())};
}

absl::Status SentinelEye::Collect(const Deadline& deadline, Samples& out) {
  const Deadline patience = Deadline::In(patience_);
  const bool hurried = deadline.at() < patience.at();
  SentinelLook look = Ask(hurried ? deadline : patience, hurried);
  const double now = Now::Read().unix_seconds;
  if (look.info) ShowSentinel(*look.info, start_.Of(*look.info, now), now, out);
  return look.status;
}

void ShowSentinel(const Info& info, std::optional<double> start_unix_seconds,
                  double now_unix_seconds, Samples& out) {
  out.Add(kInfo, {info.flavor, info.version, info.run_id}, 1);
  if (start_unix_seconds) out.Add(kStart, *start_unix_seconds);
  if (info.tilt) out.Add(kTilt, *info.tilt);
  if (info.tilt_for)
    out.Add(kTiltStart, now_unix_seconds - static_cast<double>(info.tilt_for->count()));
  for (auto& [metric, value] : {std::pair(&kMonitored, info.monitored_masters),
                                {&kClients, info.connected_clients},
                                {&kRunning, info.running_scripts},
                                {&kQueued, info.queued_scripts}})
    if (value) out.Add(*metric, static_cast<double>(*value));
  if (info.simulated_failures) out.Add(kSimulated, *info.simulated_failures != 0);
}
