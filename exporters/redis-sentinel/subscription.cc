#include "exporters/redis-sentinel/subscription.h"

Subscription::Subscription(RedisConnectionOptions options, std::vector<std::string> patterns)
    : connection_(std::move(options)), patterns_(std::move(patterns)) {}

void Subscription::Close() {
  connection_.Close();
  confirmed_ = 0;
  pinged_.reset();
}

absl::Status Subscription::Lost(absl::Status status) {
  Close();
  return status;
}

absl::Status Subscription::Open(const Deadline& deadline) {
  if (open()) return absl::OkStatus();
  Close();
  lost_ = absl::OkStatus();
  Command subscribe{"PSUBSCRIBE"};
  subscribe.insert(subscribe.end(), patterns_.begin(), patterns_.end());
  alive_ = Clock::now();
  connection_.BeginBatch();
  auto status = connection_.Send({subscribe}, deadline);
  while (status.ok() && !open()) {
    auto reply = connection_.Receive(deadline);
    status = reply.ok() ? Take(*std::move(reply)) : reply.status();
  }
  return status.ok() ? status : Lost(status);
}

// In subscriber mode all replies are arrays: what it is, and then pattern, channel and text, or a
// text.
absl::Status Subscription::Take(Reply reply) {
  auto is = [&](std::string_view kind, std::size_t size) {
    return reply.type == Reply::kArray && reply.items.size() == size && reply.items[0].text == kind;
  };
  if (is("pmessage", 4)) {
    events_.push_back({reply.items[2].text, reply.items[3].text, alive_, Clock::now()});
  } else if (is("psubscribe", 3)) {
    ++confirmed_;
  } else if (is("pong", 2) && pinged_) {
    alive_ = *pinged_;
    pinged_.reset();
  } else if (reply.type == Reply::kError) {
    return ErrorOf(reply.text);
  } else {
    return absl::DataLossError(name() + ": answers what a subscription does not have");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Event>> Subscription::Receive(const Deadline& deadline) {
  connection_.BeginBatch();
  while (open()) {
    auto reply = connection_.Receive(events_.empty() ? deadline : Deadline(Clock::now()));
    if (absl::IsDeadlineExceeded(reply.status())) break;
    auto taken = reply.ok() ? Take(*std::move(reply)) : reply.status();
    if (!taken.ok()) lost_ = Lost(taken);
  }
  if (!events_.empty()) return std::exchange(events_, {});
  if (open()) return std::vector<Event>();
  return lost_.ok() ? absl::UnavailableError(name() + ": not subscribed") : lost_;
}

absl::Status Subscription::Ping(const Deadline& deadline) {
  if (!open()) return lost_.ok() ? absl::UnavailableError(name() + ": not subscribed") : lost_;
  if (pinged_) return absl::OkStatus();
  pinged_ = Clock::now();
  auto sent = connection_.Send({{"PING"}}, deadline);
  return sent.ok() ? sent : Lost(sent);
}

Duration Subscription::Overdue(Instant now) const {
  return pinged_ ? now - *pinged_ : Duration::zero();
}
