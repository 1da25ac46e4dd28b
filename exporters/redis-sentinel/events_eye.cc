#include "exporters/redis-sentinel/events_eye.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kPingInterval = 1s;
constexpr Duration kLate = kPingInterval + 2s;  // between an event's two instants
constexpr Duration kSilent = 2s;  // a ping due so long: what comes now comes late
constexpr Duration kDead = 5s;    // and so long: a new session
// A refusal stands in the server's ACL log each time.
constexpr Duration kAgain = 1s, kAgainDenied = 30s;

}  // namespace

EventsEye::EventsEye(std::shared_ptr<DeploymentBoard> board, std::string sentinel,
                     RedisConnectionOptions options)
    : board_(std::move(board)),
      sentinel_(std::move(sentinel)),
      eye_("events " + sentinel_),
      subscription_(std::move(options), {"+*", "-*"}) {}

absl::Status EventsEye::Hear(const Deadline& deadline) {
  while (!deadline.Over()) {
    auto events = subscription_.Receive(Deadline(Clock::now()));
    if (!events.ok()) return events.status();
    if (events->empty()) break;
    for (auto& event : *events) {
      EventLook look{sentinel_, ParseSentinelEvent(event.channel, event.text),
                     event.received - event.not_before > kLate};
      board_->Post({{eye_, event.not_before, event.received}, std::move(look)});
    }
  }
  return absl::OkStatus();
}

absl::Status EventsEye::Listen(const Deadline& deadline) {
  if (auto opened = subscription_.Open(deadline); !opened.ok()) return opened;
  const Instant now = Clock::now();
  if (now >= ping_at_) {
    ping_at_ = now + kPingInterval;
    if (auto sent = subscription_.Ping(deadline); !sent.ok()) return sent;
  }
  if (auto heard = Hear(deadline); !heard.ok()) return heard;
  Duration overdue = subscription_.Overdue(now);
  if (overdue > kDead) subscription_.Close();
  if (overdue <= kSilent) return absl::OkStatus();
  return absl::DeadlineExceededError(subscription_.name() + ": no answer to PING for " +
                                     std::to_string(overdue / 1s) + " s");
}

Next EventsEye::Look(const Deadline& deadline) {
  const Instant begin = Clock::now();
  Next next{Listen(deadline), ping_at_, subscription_.fd(), POLLIN};
  if (!subscription_.open()) {
    Duration again = absl::IsPermissionDenied(next.status) ? kAgainDenied : kAgain;
    next = {std::move(next.status), Clock::now() + again};
  }
  const Instant end = Clock::now();
  board_->Post({{eye_, begin, end}, SubscriptionLook{sentinel_, next.status.ok(), next.at}});
  // When the time was over there may be more, which the descriptor does not show.
  if (subscription_.open() && deadline.Over()) next.at = end;
  return next;
}
