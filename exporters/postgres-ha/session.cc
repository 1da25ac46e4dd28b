#include "exporters/postgres-ha/session.h"

namespace {

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
    " case when r then (select received_tli from pg_stat_wal_receiver) end,"
    " extract(epoch from pg_last_xact_replay_timestamp()),"
    " extract(epoch from clock_timestamp())"
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

Session::Session(ConnectionOptions options, Duration give_up_pending)
    : connection_(std::move(options), give_up_pending) {}

void Session::Identify(const Row& row) {
  system_identifier_ = row[0].value_or("");
  start_unix_seconds_ = ToNumber(row[1]).value_or(0);
  version_ = ToInt(row[2]).value_or(0);
  identified_ = connection_.sessions();
  clock_.Forget();
}

absl::StatusOr<std::vector<absl::StatusOr<Rows>>> Session::Ask(
    const std::vector<std::vector<Statement>>& more, const Deadline& deadline, SqlLook& look) {
  if (connection_.open()) {
    auto listened = connection_.Listen();
    if (!listened.ok()) return listened;
  }
  auto opened = connection_.Open(deadline);
  if (!opened.ok()) return opened;
  std::vector<std::vector<Statement>> groups = {{kWatch}};
  const bool unknown = identified_ != connection_.sessions();
  if (unknown) groups.push_back({kIdentity});
  groups.insert(groups.end(), more.begin(), more.end());
  const Now sent = Now::Read();
  auto results = connection_.Run(groups, deadline);
  const Now received = Now::Read();
  if (!results.ok()) return results.status();
  if (unknown) {
    auto identity = OneRow(results->at(1), 3);
    if (!identity.ok()) return identity.status();
    Identify(*identity);
  }
  auto row = OneRow(results->at(0), 9);
  if (!row.ok()) return row.status();
  if (auto time = ToNumber(row->at(8))) clock_.Add(*time, sent, received);
  Tell(*row, look);
  results->erase(results->begin(), results->begin() + (unknown ? 2 : 1));
  return results;
}

void Session::Tell(const Row& row, SqlLook& look) const {
  look.in_recovery = row[0] == "t";
  look.read_only = row[1] == "on";
  look.system_identifier = system_identifier_;
  look.start_unix_seconds = start_unix_seconds_;
  look.version = version_;
  look.position = ToInteger(row[2]);
  look.received = ToInteger(row[3]);
  look.timeline = look.in_recovery ? ToInt(row[5]) : TimelineOf(row[4]);
  look.receiving_timeline = ToInt(row[6]);
  look.replayed_unix_seconds = ToNumber(row[7]);
  look.clock_offset_seconds = clock_.seconds();
}

absl::StatusOr<std::vector<absl::StatusOr<Rows>>> Session::SeeAnd(
    const std::vector<std::vector<Statement>>& more, const Deadline& deadline, SqlLook& look) {
  auto answers = Ask(more, deadline, look);
  look.answer = connection_.answer();
  if (!answers.ok() && look.answer == Answer::kAnswered) look.answer = Answer::kBroken;
  look.goodbye = connection_.goodbye();
  return answers;
}

absl::Status Session::See(const Deadline& deadline, SqlLook& look) {
  return SeeAnd({}, deadline, look).status();
}
