#include "common/worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

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
                      "or collection failed.",
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

bool Health::Doubted() const {
  auto silent = [](const absl::Status& s) {
    return absl::IsDeadlineExceeded(s) || absl::IsUnavailable(s);
  };
  return silent(look) || silent(collection);
}

Round::Round(std::size_t targets, const Deadline& d) : deadline(d) {
  state_.With([&](State& s) { s.slots.resize(targets); });
}

void Round::Expect(std::size_t i, Wait wait) {
  state_.With([&](State& s) {
    s.slots[i].wait = wait;
    if (wait == Wait::kFully) ++s.fully;
    if (wait == Wait::kBriefly) ++s.briefly;
  });
}

void Round::Start() {
  state_.Change([](State& s) { --s.fully; });
}

void Round::Put(std::size_t i, Slot slot) {
  state_.Change([&](State& s) {
    if (s.slots[i].done) return;
    slot.wait = s.slots[i].wait;
    slot.done = true;
    if (slot.wait == Wait::kFully) --s.fully;
    if (slot.wait == Wait::kBriefly) --s.briefly;
    s.slots[i] = std::move(slot);
  });
}

std::vector<Round::Slot> Round::Await(const Deadline& until) {
  auto brief = std::min(until.at(), begin_ + kBrief);
  state_.Await(brief, [](State& s) { return s.fully == 0 && s.briefly == 0; }, [](State&) {});
  return state_.Await(until.at(), [](State& s) { return s.fully == 0; }, [&](State& s) {
    over_ = true;
    return s.slots;
  });
}

Worker::Worker(Target t, std::string g)
    : target(std::move(t)), group(std::move(g)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  health_.With([](Health& h) {
    for (auto reason : kReasons) h.failures[reason] = 0;
  });
  thread_ = std::thread([this] { Run(); });
}

Worker::~Worker() {
  Stop();
  thread_.join();
}

void Worker::Stop() {
  inbox_.With([](Inbox& i) { i.stop = true; });
  eventfd_write(wake_.fd(), 1);
}

void Worker::Poke() {
  inbox_.With([](Inbox& i) { i.poked = true; });
  eventfd_write(wake_.fd(), 1);
}

void Worker::Offer(const std::shared_ptr<Round>& round, std::size_t index) {
  if (!target.collects) return round->Expect(index, Round::Wait::kNot);
  bool doubted = health_.With([](Health& h) { return h.Doubted(); });
  bool busy = inbox_.With([](Inbox& i) { return i.busy; });
  auto wait = !doubted ? Round::Wait::kFully : busy ? Round::Wait::kNot : Round::Wait::kBriefly;
  round->Expect(index, wait);
  Inbox late = inbox_.With([&](Inbox& i) {
    Inbox before = i;
    i.round = round;
    i.index = index;
    return before;
  });
  if (late.round) late.round->Put(late.index, Round::Slot{});
  eventfd_write(wake_.fd(), 1);
}

void Worker::Run() {
  Next next{.status = {}, .at = Clock::now()};
  while (Sleep(next)) {
    Inbox mail = inbox_.With([](Inbox& i) {
      i.busy = true;
      return Inbox{std::exchange(i.round, nullptr), i.index, i.stop, false, true};
    });
    if (mail.round) CollectOnce(mail.round, mail.index);
    if (DueForLook(next)) next = LookOnce();
    inbox_.With([](Inbox& i) { i.busy = false; });
  }
  ended_ = true;
}

bool Worker::Sleep(const Next& next) {
  while (true) {
    auto [stop, work] = inbox_.With(
        [](Inbox& i) { return std::pair(i.stop, i.round != nullptr || i.poked); });
    if (stop) return false;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(next.at - Clock::now()).count();
    if (work || fd_ready_ || left <= 0) return true;
    pollfd fds[] = {{wake_.fd(), POLLIN, 0}, {next.fd, next.events, 0}};
    poll(fds, 2, static_cast<int>(std::min<long>(left, 3'600'000)));
    eventfd_t ignored;
    if (fds[0].revents) eventfd_read(wake_.fd(), &ignored);
    fd_ready_ = fds[1].revents != 0;
  }
}

bool Worker::DueForLook(const Next& next) {
  bool poked = inbox_.With([](Inbox& i) { return std::exchange(i.poked, false); });
  return poked || std::exchange(fd_ready_, false) || Clock::now() >= next.at;
}

Next Worker::LookOnce() {
  Instant begin = Clock::now();
  Next next = target.collector->Look(Deadline(begin + target.look_deadline));
  Note(next.status, true, Seconds(Clock::now() - begin), 0);
  return next;
}

void Worker::CollectOnce(const std::shared_ptr<Round>& round, std::size_t index) {
  Round::Slot slot{.samples = Samples(target.labels), .status = absl::DeadlineExceededError(
                       "busy until the scrape was over")};
  if (!round->deadline.Over()) {
    bool doubted = health_.With([](Health& h) { return h.Doubted(); });
    Instant begin = Clock::now();
    auto deadline = round->deadline.AtMost(doubted ? Round::kBrief : kCollectAtMost);
    slot.status = target.collector->Collect(deadline, slot.samples);
    slot.seconds = Seconds(Clock::now() - begin);
    Note(slot.status, false, slot.seconds, slot.samples.dropped());
  }
  round->Put(index, std::move(slot));
}

void Worker::Note(const absl::Status& status, bool is_look, double seconds, int dropped) {
  double unix_seconds = Now::Read().unix_seconds;
  bool changed = health_.With([&](Health& h) {
    absl::Status& last = is_look ? h.look : h.collection;
    bool news = last.ok() != status.ok() && (h.known || !status.ok());
    last = status;
    h.known = true;
    h.dropped += dropped;
    if (is_look) h.look_seconds = seconds;
    if (status.ok()) h.last_success_unix_seconds = unix_seconds;
    else ++h.failures[Reason(status)];
    return news;
  });
  if (!changed) return;
  Log(status.ok() ? Level::kInfo : Level::kWarn, status.ok() ? "answers again" : "no answer",
      {{"collector", target.kind}, {"target", target.name},
       {"error", std::string(status.message())}});
}

void Worker::Report(Samples& self, const Round::Slot& slot) {
  health_.With([&](Health& h) {
    bool look_only = !target.collects;
    if (h.known || slot.done) {
      const absl::Status& status = look_only ? h.look : slot.status;
      self.Add(kSuccess, {target.kind, target.name}, status.ok());
      self.Add(kDuration, {target.kind, target.name}, look_only ? h.look_seconds : slot.seconds);
    }
    self.Add(kDoubted, {target.kind, target.name}, h.Doubted());
    if (h.last_success_unix_seconds > 0)
      self.Add(kLastSuccess, {target.kind, target.name}, h.last_success_unix_seconds);
    self.Add(kDropped, {target.kind, target.name}, h.dropped);
    for (auto& [reason, n] : h.failures) self.Add(kFailures, {target.kind, target.name, reason}, n);
  });
}

TargetState Worker::state() {
  return health_.With([&](Health& h) {
    const absl::Status& bad = h.look.ok() ? h.collection : h.look;
    return TargetState{target.kind, target.name, h.known, bad.ok(), h.Doubted(),
                       std::string(bad.message()), h.last_success_unix_seconds};
  });
}
