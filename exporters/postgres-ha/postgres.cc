#include "exporters/postgres-ha/postgres.h"

#include "exporters/postgres-ha/details.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kFastInterval = 100ms;

// What cannot change while the server's postmaster lives, and so while our session does.
constexpr Statement kIdentity = {"identity",
                                 "select system_identifier,"
                                 " extract(epoch from pg_postmaster_start_time()),"
                                 " current_setting('server_version_num')"
                                 " from pg_control_system()"};

// One text for primary and standby. The timeline of a primary is in the name of its WAL file, that of
// a standby in its receiver (pg_monitor); pg_control_checkpoint is late by up to minutes, but the best
// there is for a role without rights.
constexpr Statement kWatch = {
    "watch",
    "select r, current_setting('default_transaction_read_only'),"
    " case when r then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end - '0/0'::pg_lsn,"
    " case when r then pg_last_wal_receive_lsn() - '0/0'::pg_lsn end,"
    " case when r then null else pg_walfile_name(pg_current_wal_lsn()) end,"
    " case when r then coalesce((select received_tli from pg_stat_wal_receiver),"
    "   (select timeline_id from pg_control_checkpoint())) end,"
    " extract(epoch from pg_last_xact_replay_timestamp())"
    " from (select pg_is_in_recovery() as r offset 0) as role"};

// The first eight hexadecimal digits of a WAL file's name are its timeline.
std::optional<int> TimelineOf(const std::optional<std::string>& wal_file) {
  if (!wal_file || wal_file->size() != 24) return std::nullopt;
  return static_cast<int>(std::strtoul(wal_file->substr(0, 8).c_str(), nullptr, 16));
}

std::optional<int> ToInt(const std::optional<std::string>& field) {
  auto number = ToInteger(field);
  return number ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
}

absl::StatusOr<Row> OneRow(const absl::StatusOr<Rows>& rows, std::size_t columns) {
  if (!rows.ok()) return rows.status();
  if (rows->rows.size() != 1 || rows->rows[0].size() != columns)
    return absl::DataLossError("an answer of an unexpected shape");
  return rows->rows[0];
}

}  // namespace

PostgresEye::PostgresEye(std::shared_ptr<DataSetBoard> board, MemberId member,
                         ConnectionOptions options, Duration interval)
    : board_(std::move(board)),
      member_(std::move(member)),
      eye_("postgres " + member_.site + "/" + member_.name),
      interval_(interval),
      connection_(std::move(options)) {}

absl::Status PostgresEye::Identify(const Deadline& deadline) {
  auto results = connection_.Run({{kIdentity}}, deadline);
  if (!results.ok()) return results.status();
  auto row = OneRow(results->at(0), 3);
  if (!row.ok()) return row.status();
  system_identifier_ = row->at(0).value_or("");
  start_unix_seconds_ = ToNumber(row->at(1)).value_or(0);
  version_ = ToInt(row->at(2)).value_or(0);
  identified_session_ = connection_.sessions();
  return absl::OkStatus();
}

absl::Status PostgresEye::See(const Deadline& deadline, SqlLook& look) {
  if (connection_.open()) {
    auto listened = connection_.Listen();
    if (!listened.ok()) return listened;
  }
  auto opened = connection_.Open(deadline);
  if (opened.ok() && identified_session_ != connection_.sessions()) opened = Identify(deadline);
  if (!opened.ok()) return opened;
  auto results = connection_.Run({{kWatch}}, deadline);
  if (!results.ok()) return results.status();
  auto row = OneRow(results->at(0), 7);
  if (!row.ok()) return row.status();
  look.in_recovery = row->at(0) == "t";
  look.read_only = row->at(1) == "on";
  look.system_identifier = system_identifier_;
  look.start_unix_seconds = start_unix_seconds_;
  look.version = version_;
  look.position = ToInteger(row->at(2));
  look.received = ToInteger(row->at(3));
  look.timeline = look.in_recovery ? ToInt(row->at(5)) : TimelineOf(row->at(4));
  look.replayed_unix_seconds = ToNumber(row->at(6));
  standby_ = look.in_recovery;
  return absl::OkStatus();
}

Next PostgresEye::Look(const Deadline& deadline) {
  Evidence evidence;
  evidence.eye = eye_;
  evidence.member = member_;
  evidence.begin = board_->Begin(eye_, deadline);
  SqlLook look;
  auto status = See(deadline, look);
  look.answer = connection_.answer();
  if (!status.ok() && look.answer == Answer::kAnswered) look.answer = Answer::kBroken;
  look.goodbye = connection_.goodbye();
  evidence.seen = look;
  evidence.end = Clock::now();
  Instant begin = evidence.begin;
  board_->Post(std::move(evidence));

  bool fast = board_->With([](const DataSet& d) { return d.pace() == Pace::kFast; });
  // A session that breaks is seen at once: the server's last words wake the eye.
  int fd = connection_.open() ? connection_.fd() : -1;
  Duration pause = fast ? std::min(interval_, kFastInterval) : interval_;
  return {std::move(status), std::max(begin + pause, Clock::now()), fd, POLLIN};
}

absl::Status PostgresEye::Collect(const Deadline& deadline, Samples& out) {
  // Details are asked of a session that is there. To open one is the look's business.
  if (!connection_.open()) return absl::UnavailableError("no session");
  bool standby = standby_;
  auto answers = connection_.Run(DetailStatements(standby), deadline);
  return answers.ok() ? ShowDetails(*answers, standby, out) : answers.status();
}
