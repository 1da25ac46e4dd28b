#include "exporters/postgres-ha/anchor.h"

using namespace std::chrono_literals;

AnchorEye::AnchorEye(std::shared_ptr<DataSetBoard> board, HostPort anchor)
    : board_(std::move(board)),
      anchor_(std::move(anchor)),
      eye_("anchor " + anchor_.host + ":" + std::to_string(anchor_.port)) {}

Next AnchorEye::Look(const Deadline& deadline) {
  Evidence evidence;
  evidence.eye = eye_;
  evidence.begin = board_->Begin(eye_, deadline);
  auto socket = Dial(anchor_.host, anchor_.port, deadline);
  bool refused = std::string(socket.status().message()).ends_with("refused");
  evidence.seen = AnchorLook{socket.ok() || refused};
  evidence.end = Clock::now();
  Instant begin = evidence.begin;
  board_->Post(std::move(evidence));
  return {refused ? absl::OkStatus() : socket.status(), std::max(begin + 1s, Clock::now())};
}
