#include "exporters/postgres-ha/postgres_eye.h"

#include "exporters/postgres-ha/details.h"

using namespace std::chrono_literals;

namespace {
constexpr Duration kFastInterval = 100ms;
}  // namespace

PostgresEye::PostgresEye(std::shared_ptr<DataSetBoard> board, MemberId member,
                         ConnectionOptions options, Duration interval, Duration patience)
    : board_(std::move(board)),
      member_(std::move(member)),
      eye_(PostgresEyeName(member_)),
      interval_(interval),
      patience_(patience),
      session_(std::move(options)) {}

Next PostgresEye::Look(const Deadline& deadline) {
  const Instant begin = board_->Begin(eye_, deadline);
  SqlLook look;
  auto status = session_.See(deadline, look);
  if (status.ok()) standby_ = look.in_recovery;
  board_->Post({{eye_, begin, Clock::now()}, member_, std::move(look)});

  bool fast = board_->With([](const DataSet& d) { return d.pace() == Pace::kFast; });
  // A session that breaks is seen at once: the server's last words wake the eye.
  Connection& connection = session_.connection();
  int fd = connection.open() ? connection.fd() : -1;
  Duration pause = fast ? std::min(interval_, kFastInterval) : interval_;
  return {std::move(status), std::max(begin + pause, Clock::now()), fd, POLLIN};
}

absl::Status PostgresEye::Collect(const Deadline& deadline, Samples& out) {
  // Details are asked of a session that is there. To open one is the look's business.
  if (!session_.connection().open()) return absl::UnavailableError("no session");
  const bool standby = standby_;
  const Deadline patience(std::min(deadline.at(), Clock::now() + patience_));
  // The page is to say how it is at the scrape, so this is a look, too. One that is not answered
  // proves nothing: it may have had less time than a look has, and a look follows at once.
  const Instant begin = board_->Begin(eye_, patience);
  SqlLook look;
  auto answers = session_.SeeAnd(DetailStatements(standby), patience, look);
  if (answers.ok()) standby_ = look.in_recovery;
  if (look.answer != Answer::kTimeout)
    board_->Post({{eye_, begin, Clock::now()}, member_, std::move(look)});
  return answers.ok() ? ShowDetails(*answers, standby, out) : answers.status();
}
