#include "common/worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>

#include "common/log.h"

using namespace std::chrono_literals;

namespace {

const Metric kSuccess("sentinel_exporter_collector_success", Type::kGauge,
                      "Whether the target answered without an error at this scrape.", "collector",
                      "target");
const Metric kDuration("sentinel_exporter_collector_duration_seconds", Type::kGauge,
                       "How long collecting the target took (for one that is only looked at, "
                       "the last look).",
                       "collector", "target");
const Metric kFailures("sentinel_exporter_collector_failures_total", Type::kCounter,
                       "Looks and collections that failed, by reason.", "collector", "target",
                       "reason");
const Metric kDoubted("sentinel_exporter_collector_doubted", Type::kGauge,
                      "Whether the target is asked but no longer waited for, because its last look "
                      "or collection got no answer.",
                      "collector", "target");
const Metric kLastSuccess("sentinel_exporter_collector_last_success_timestamp_seconds",
                          Type::kGauge, "When a look or collection last succeeded.", "collector",
                          "target");
const Metric kDropped("sentinel_exporter_collector_samples_dropped_total", Type::kCounter,
                      "Samples dropped because the target had too many.", "collector", "target");

constexpr std::string_view kReasons[] = {"timeout", "unreachable", "denied", "protocol",
                                         "internal"};
// A collection may hold back the looks of its own eye, so it may not take long.
constexpr Duration kCollectAtMost = 2s;
constexpr Duration kLeaveAtMost = 1s, kWakeAtMost = 200ms;
constexpr double kLogEverySeconds = 10;

bool Silent(const absl::Status& s) { return absl::IsDeadlineExceeded(s) || absl::IsUnavailable(s); }

}  // namespace

std::string_view Reason(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kDeadlineExceeded: return "timeout";
    case absl::StatusCode::kUnavailable: return "unreachable";
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied: return "denied";
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kResourceExhausted: return "internal";
    default: return "protocol";
  }
}

bool Health::Blind() const { return Silent(look); }
bool Health::Doubted() const { return Silent(look) || Silent(collection); }

Worker::Worker(Target t, std::string g, std::shared_ptr<Worker> predecessor)
    : target{t.name, t.kind, t.labels, t.fingerprint, t.collects, t.look_deadline, nullptr},
      group(std::move(g)),
      collector_(std::move(t.collector)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  health_.With([](Health& h) {
    for (auto reason : kReasons) h.failures[reason] = 0;
  });
  try {
    thread_ = std::thread([this, p = std::move(predecessor)]() mutable { Run(std::move(p)); });
  } catch (const std::system_error&) {
    inbox_.With([](Inbox& i) { i.stopped = Clock::now(); });
    ended_.With([](bool& ended) { ended = true; });
    Note(absl::ResourceExhaustedError("cannot start a thread for it"), true, 0, 0);
  }
}

Worker::~Worker() {
  Stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::Stop() {
  inbox_.With([](Inbox& i) {
    if (!i.stopped) i.stopped = Clock::now();
  });
  eventfd_write(wake_.fd(), 1);
}

bool Worker::ended() {
  return ended_.With([](bool& ended) { return ended; });
}

Instant Worker::Inbox::EndsBy() const {
  if (!stopped) return Instant::max();
  return std::max(busy_until.value_or(*stopped), *stopped) + kLeaveAtMost + kWakeAtMost;
}

bool Worker::AwaitEnd(const Deadline& deadline) {
  auto is_true = [](bool& ended) { return ended; };
  // A call may have begun just before it was stopped, and the last one comes after that.
  for (Instant until, before = Instant::min();; before = until) {
    until = inbox_.With([&](Inbox& i) { return std::min(deadline.at(), i.EndsBy()); });
    if (until == before) return ended();
    if (ended_.Await(until, is_true, is_true)) return true;
  }
}

void Worker::Poke() {
  inbox_.With([](Inbox& i) { i.poked = true; });
  eventfd_write(wake_.fd(), 1);
}

void Worker::Offer(const std::shared_ptr<Round>& round, std::size_t index) {
  if (!target.collects) return round->Expect(index, Round::Wait::kNot);
  bool doubted = health_.With([](Health& h) { return h.Doubted(); });
  auto [busy, overdue] = inbox_.With([](Inbox& i) {
    return std::pair(i.busy_until.has_value(), i.Overdue());
  });
  auto wait = overdue || (doubted && busy) ? Round::Wait::kNot
              : doubted                    ? Round::Wait::kBriefly
                                           : Round::Wait::kFully;
  round->Expect(index, wait);
  bool refused = inbox_.With([&](Inbox& i) {
    std::erase_if(i.errands, [](Errand& e) { return !e.round->awaited(); });
    if (!i.stopped) i.errands.push_back({round, index});
    return i.stopped.has_value();
  });
  if (refused) round->Put(index, {});
  eventfd_write(wake_.fd(), 1);
}

void Worker::Run(std::shared_ptr<Worker> predecessor) {
  // Two at once would have two connections, and two seats where a server counts those.
  if (predecessor)
    predecessor->AwaitEnd(Deadline::In(predecessor->target.look_deadline + kLeaveAtMost));
  predecessor = nullptr;
  Next next{.status = {}, .at = Clock::now()};
  while (Sleep(next)) {
    auto errands = inbox_.With([](Inbox& i) { return std::exchange(i.errands, {}); });
    if (!errands.empty()) {
      // One that failed may have closed the descriptor that we would wait for.
      if (!CollectOnce(errands) && next.fd >= 0) next.at = Clock::now();
    }
    if (DueForLook(next)) next = LookOnce();
    inbox_.With([](Inbox& i) {
      if (!i.stopped) i.busy_until.reset();
    });
  }
  Leave();
}

void Worker::Leave() {
  auto rest = inbox_.With([](Inbox& i) { return std::exchange(i.errands, {}); });
  for (auto& errand : rest) errand.round->Put(errand.index, {});
  const Deadline deadline = Deadline::In(kLeaveAtMost);
  inbox_.With([&](Inbox& i) { i.busy_until = deadline.at(); });
  collector_->Leave(deadline);
  collector_.reset();
  ended_.Change([](bool& ended) { ended = true; });
}

bool Worker::Sleep(const Next& next) {
  const long most = wake_.open() ? 3'600'000 : 100;  // without descriptors nobody can wake us
  while (true) {
    auto [stop, work] = inbox_.With(
        [](Inbox& i) { return std::pair(i.stopped, !i.errands.empty() || i.poked); });
    if (stop) return false;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(next.at - Clock::now()).count();
    if (work || fd_ready_ || left <= 0) return true;
    pollfd fds[] = {{wake_.fd(), POLLIN, 0}, {next.fd, next.events, 0}};
    poll(fds, 2, static_cast<int>(std::min<long>(left, most)));
    eventfd_t ignored;
    if (fds[0].revents) eventfd_read(wake_.fd(), &ignored);
    fd_ready_ = fds[1].revents != 0;
  }
}

bool Worker::DueForLook(const Next& next) {
  bool poked = inbox_.With([](Inbox& i) { return std::exchange(i.poked, false); });
  bool fd_ready = std::exchange(fd_ready_, false);
  return poked || fd_ready || Clock::now() >= next.at;
}

Next Worker::LookOnce() {
  Instant begin = Clock::now();
  Deadline deadline(begin + target.look_deadline);
  inbox_.With([&](Inbox& i) { i.busy_until = deadline.at(); });
  Next next = collector_->Look(deadline);
  if (absl::IsUnimplemented(next.status)) health_.With([](Health& h) { h.settled = true; });
  else Note(next.status, true, Seconds(Clock::now() - begin), 0);
  return next;
}

bool Worker::CollectOnce(const std::vector<Errand>& errands) {
  Deadline latest = errands.front().round->deadline;
  for (auto& errand : errands)
    latest = Deadline(std::max(latest.at(), errand.round->deadline.at()));
  if (latest.Over()) {
    for (auto& errand : errands) errand.round->Put(errand.index, {});
    return true;
  }
  // While looks get no answer a collection gets none either: it must not hold up the next look.
  bool blind = health_.With([](Health& h) { return h.Blind(); });
  Deadline deadline = latest.AtMost(blind ? Round::kBrief : kCollectAtMost);
  inbox_.With([&](Inbox& i) { i.busy_until = deadline.at(); });
  auto samples = std::make_shared<Samples>(target.labels);
  Instant begin = Clock::now();
  absl::Status status = collector_->Collect(deadline, *samples);
  double seconds = Seconds(Clock::now() - begin);
  Note(status, false, seconds, samples->dropped());
  for (auto& errand : errands)
    errand.round->Put(errand.index, {.samples = samples, .ok = status.ok(), .seconds = seconds});
  return status.ok();
}

void Worker::Note(const absl::Status& status, bool is_look, double seconds, int dropped) {
  double unix_seconds = Now::Read().unix_seconds;
  bool news = health_.With([&](Health& h) {
    if (is_look && status.ok() && h.Blind()) h.collection = {};  // it was hardly tried meanwhile
    (is_look ? h.look : h.collection) = status;
    h.settled = h.known = true;
    h.dropped += dropped;
    if (is_look) h.look_seconds = seconds;
    if (status.ok()) h.last_success_unix_seconds = unix_seconds;
    else ++h.failures[Reason(status)];
    bool failing = !h.look.ok() || !h.collection.ok();
    if (failing == h.logged_failing) return false;
    if (failing && !OncePer(kLogEverySeconds, h.last_logged)) return false;
    h.logged_failing = failing;
    return true;
  });
  if (!news) return;
  std::vector<std::pair<std::string_view, std::string>> fields = {{"collector", target.kind},
                                                                  {"target", target.name}};
  if (status.ok()) return Log(Level::kInfo, "target works again", fields);
  fields.push_back({"error", std::string(status.message())});
  Log(Level::kWarn, is_look ? "look failed" : "collection failed", fields);
}

bool Worker::Overdue() {
  return inbox_.With([](Inbox& i) { return i.Overdue(); });
}

void Worker::Report(Samples& self, const Round::Slot& slot) {
  bool overdue = Overdue();
  bool look_only = !target.collects;
  health_.With([&](Health& h) {
    bool ok = look_only ? h.look.ok() && !overdue : slot.ok;
    double seconds = look_only ? h.look_seconds : slot.seconds;
    if (h.known || overdue || !look_only) self.Add(kSuccess, {target.kind, target.name}, ok);
    if (seconds > 0) self.Add(kDuration, {target.kind, target.name}, seconds);
    self.Add(kDoubted, {target.kind, target.name}, h.Doubted() || overdue);
    if (h.last_success_unix_seconds > 0)
      self.Add(kLastSuccess, {target.kind, target.name}, h.last_success_unix_seconds);
    self.Add(kDropped, {target.kind, target.name}, h.dropped);
    for (auto& [reason, n] : h.failures) self.Add(kFailures, {target.kind, target.name, reason}, n);
  });
}

TargetState Worker::state() {
  bool overdue = Overdue();
  return health_.With([&](Health& h) {
    const absl::Status& bad = h.look.ok() ? h.collection : h.look;
    return TargetState{target.kind,
                       target.name,
                       h.known || overdue,
                       bad.ok() && !overdue,
                       h.Doubted() || overdue,
                       overdue ? "does not return from a call" : std::string(bad.message()),
                       h.last_success_unix_seconds};
  });
}

bool Worker::ready() {
  return Overdue() || health_.With([](Health& h) { return h.settled; });
}
