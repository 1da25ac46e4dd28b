#include "exporters/redis-sentinel/node_eye.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {
constexpr Duration kFastInterval = 200ms;
}  // namespace

NodeEye::NodeEye(std::shared_ptr<DeploymentBoard> board, std::string node,
                 RedisConnectionOptions options, Duration interval, Duration patience)
    : board_(std::move(board)),
      node_(std::move(node)),
      eye_("redis " + node_),
      interval_(interval),
      patience_(patience),
      connection_(std::move(options)) {}

absl::StatusOr<Info> TakeInfo(const absl::StatusOr<Reply>& reply) {
  if (!reply.ok()) return reply.status();
  if (reply->type != Reply::kString) return absl::DataLossError("not an answer to INFO");
  return ParseInfo(reply->text);
}

void NodeEye::Recognise(const Info& info) {
  if (info.run_id.empty() || info.run_id == run_id_) return;
  restarts_ += !run_id_.empty();
  run_id_ = info.run_id;
}

NodeLook NodeEye::Ask(const Deadline& deadline, bool hurried) {
  const Instant begin = board_->Begin(eye_, deadline);
  NodeLook look;
  look.node = node_;
  // Nobody asked for anything: it is the end.
  look.ended = connection_.open() && Deadline(begin).Wait(connection_.fd(), POLLIN) != 0;
  auto results = connection_.Run({{"INFO"}}, deadline);
  look.status = results.status();
  if (results.ok()) {
    auto info = TakeInfo(results->front());
    if (info.ok()) Recognise(*(look.info = *std::move(info)));
    else look.status = Named(connection_.name() + ": INFO", info.status());
  }
  const Instant end = Clock::now();  // before Post reads the clock, or it would be held back
  if (!hurried || !absl::IsDeadlineExceeded(look.status)) board_->Post({{eye_, begin, end}, look});
  return look;
}

Next NodeEye::Look(const Deadline& deadline) {
  const Instant begin = Clock::now();
  const int before = connection_.sessions();
  NodeLook look = Ask(deadline, false);
  bool fast = board_->With([](const Deployment& d) { return d.pace() == Pace::kFast; });
  Duration pause = fast ? std::min(interval_, kFastInterval) : interval_;
  // The end of a session that stood is looked into at once. One that is new may be of a server that
  // ends each after its answer.
  const int fd = connection_.sessions() == before ? connection_.fd() : -1;
  return {std::move(look.status), std::max(begin + pause, Clock::now()), fd, POLLIN};
}

absl::Status NodeEye::Collect(const Deadline& deadline, Samples& out) {
  const bool waited_for = connection_.open();
  const int session = connection_.sessions();
  const Deadline patience = Deadline::In(patience_);
  const bool hurried = deadline.at() < patience.at();
  NodeLook look = Ask(hurried ? deadline : patience, hurried);
  ShowRestarts(restarts_, out);
  if (look.info) ShowNode(*look.info, start_.Of(*look.info, Now::Read().unix_seconds), out);
  // The descriptor that the last look waits for is closed: only a failure makes it look again.
  if (look.status.ok() && waited_for && session != connection_.sessions())
    return absl::UnavailableError(connection_.name() + ": the session ended; there is a new one");
  return look.status;
}
