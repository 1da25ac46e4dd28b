#include "exporters/postgres-ha/canary_eye.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kPendingInterval = 1s;
constexpr Duration kGiveUp = 60s, kGiveUpHeartbeat = 10min;

// Transactional, so that it is flushed (and waited for by whoever commits synchronously) at once.
constexpr Statement kHeartbeat = {"heartbeat", "select pg_logical_emit_message(true, 'sentinel', '')"};

}  // namespace

CanaryEye::CanaryEye(std::shared_ptr<DataSetBoard> board, MemberId member,
                     ConnectionOptions options, Duration interval, Duration heartbeat_interval)
    : board_(std::move(board)),
      member_(std::move(member)),
      eye_("canary " + member_.site + "/" + member_.name),
      interval_(interval),
      heartbeat_interval_(heartbeat_interval),
      session_(std::move(options), heartbeat_interval > 0s ? kGiveUpHeartbeat : kGiveUp) {}

void CanaryEye::Post(Instant begin, decltype(Evidence::seen) seen) {
  board_->Post({{eye_, begin, Clock::now()}, member_, std::move(seen)});
}

absl::Status CanaryEye::OpenNew(const Deadline& deadline) {
  if (!pending_) {
    session_.connection().Close();
    begun_ = Clock::now();
  }
  SqlLook look;
  auto status = session_.See(deadline, look);
  Post(begun_, CanaryLook{look.answer, Seconds(Clock::now() - begun_)});
  // Given up after its minute, it begins anew with the next look.
  pending_ = look.answer == Answer::kTimeout && session_.connection().fd() >= 0;
  beating_ = heartbeat_interval_ > 0s && look.Writable();
  if (!pending_ && !beating_) session_.connection().Close();
  return status;
}

absl::Status CanaryEye::Beat(const Deadline& deadline) {
  beat_ = Clock::now();
  if (!session_.connection().open()) {
    beating_ = beat_hangs_ = false;  // a restart came in between, maybe as a standby
    return absl::OkStatus();
  }
  auto results = session_.connection().Run({{kHeartbeat}}, deadline);
  auto status = results.ok() ? results->at(0).status() : results.status();
  Post(beat_, HeartbeatLook{status.ok(), Seconds(Clock::now() - beat_)});
  beat_hangs_ = absl::IsDeadlineExceeded(status) && session_.connection().open();
  beating_ = status.ok() || beat_hangs_;
  return status;
}

Next CanaryEye::Sleep(absl::Status status) const {
  Next next{std::move(status), begun_ + interval_};
  if (pending_) {
    next.at = Clock::now() + kPendingInterval;
    next.fd = session_.connection().fd();
    next.events = POLLIN;
  } else if (beating_) {
    next.at = std::min(next.at, beat_ + heartbeat_interval_);
  }
  next.at = std::max(next.at, Clock::now());
  return next;
}

Next CanaryEye::Look(const Deadline& deadline) {
  Instant now = Clock::now();
  bool answers = board_->With([&](const DataSet& d) { return d.AnswersSql(member_, now); });
  if (beat_hangs_) {
    auto status = Beat(deadline);
    return {std::move(status), Clock::now() + kPendingInterval};
  }
  if (!answers) {
    if (!pending_) session_.connection().Close();
    beating_ = false;
    return {absl::OkStatus(), now + kPendingInterval};
  }
  if (pending_ || begun_ == Instant() || now >= begun_ + interval_) return Sleep(OpenNew(deadline));
  if (beating_ && now >= beat_ + heartbeat_interval_) return Sleep(Beat(deadline));
  return Sleep(absl::OkStatus());
}
