#include "exporters/postgres-ha/anchor_eye.h"

using namespace std::chrono_literals;

AnchorEye::AnchorEye(std::shared_ptr<DataSetBoard> board, HostPort anchor)
    : board_(std::move(board)),
      anchor_(std::move(anchor)),
      eye_("anchor " + anchor_.host + ":" + std::to_string(anchor_.port)) {}

Next AnchorEye::Look(const Deadline& deadline) {
  const Instant begin = board_->Begin(eye_, deadline);
  auto socket = Dial(anchor_.host, anchor_.port, deadline);
  bool refused = std::string(socket.status().message()).ends_with("refused");
  board_->Post({{eye_, begin, Clock::now()}, {}, AnchorLook{socket.ok() || refused}});
  return {refused ? absl::OkStatus() : socket.status(), std::max(begin + 1s, Clock::now())};
}
