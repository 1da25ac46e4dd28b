#include "exporters/postgres-ha/details.h"

#include "exporters/postgres-ha/details_sessions.h"

namespace {

const Metric kMaxConnections("postgres_ha_max_connections", Type::kGauge,
                             "The server's max_connections.");
const Metric kReservedConnections("postgres_ha_reserved_connections", Type::kGauge,
                                  "Of max_connections, those that only superusers can have.");
const Metric kSynchronousCommit("postgres_ha_synchronous_commit_info", Type::kInfo,
                                "The settings that decide what a commit waits for.",
                                "synchronous_commit", "synchronous_standby_names", "fsync",
                                "wal_level");
const Metric kWalKeep("postgres_ha_wal_keep_bytes", Type::kGauge,
                      "How much WAL is kept for standbys without a slot (wal_keep_size).");
const Metric kSlotKeep("postgres_ha_slot_wal_keep_limit_bytes", Type::kGauge,
                       "How much WAL a slot may hold back (max_slot_wal_keep_size). Absent: no limit.");
const Metric kReplayPaused("postgres_ha_replay_paused", Type::kGauge,
                           "Whether replay on this standby is paused by hand.");
const Metric kSenderState("postgres_ha_replication_sender_state", Type::kStateSet,
                          "What this server's sender to a standby does.", "standby", "state");
const Metric kSyncState("postgres_ha_replication_sync_state", Type::kStateSet,
                        "Whether commits wait for the standby.", "standby", "state");
const Metric kSenderLag("postgres_ha_replication_sender_lag_bytes", Type::kGauge,
                        "WAL that the standby has not yet sent, written, flushed or replayed.",
                        "standby", "stage");
const Metric kSenderReply("postgres_ha_replication_reply_timestamp_seconds", Type::kGauge,
                          "When the standby last reported.", "standby");
const Metric kReceiverState("postgres_ha_replication_receiver_streaming", Type::kGauge,
                            "Whether this standby's receiver is streaming.");
const Metric kReceiverMessage("postgres_ha_replication_receiver_last_message_timestamp_seconds",
                              Type::kGauge, "When this standby last heard from its upstream.");
const Metric kSlotActive("postgres_ha_slot_active", Type::kGauge,
                         "Whether somebody streams from the slot.", "slot");
const Metric kSlotRetained("postgres_ha_slot_retained_bytes", Type::kGauge,
                           "WAL that the slot holds back.", "slot");
const Metric kSlotSafe("postgres_ha_slot_safe_bytes", Type::kGauge,
                       "WAL that may still be written before the slot is lost. Absent: no limit.",
                       "slot");
const Metric kSlotLost("postgres_ha_slot_lost", Type::kGauge,
                       "Whether WAL that the slot needs is gone.", "slot");
const Metric kArchived("postgres_ha_archiver_archived_total", Type::kCounter,
                       "WAL files archived since the server's statistics began.");
const Metric kArchiveFailed("postgres_ha_archiver_failed_total", Type::kCounter,
                            "Attempts to archive a WAL file that failed.");
const Metric kArchivedTime("postgres_ha_archiver_last_success_timestamp_seconds", Type::kGauge,
                           "When a WAL file was last archived.");
const Metric kArchiveFailedTime("postgres_ha_archiver_last_failure_timestamp_seconds",
                                Type::kGauge, "When archiving last failed.");
const Metric kArchiving("postgres_ha_archiver_enabled", Type::kGauge,
                        "Whether the server archives its WAL.");
const Metric kPrepared("postgres_ha_oldest_prepared_transaction_start_timestamp_seconds",
                       Type::kGauge,
                       "When the oldest transaction that waits for COMMIT PREPARED was prepared. "
                       "Absent: none waits.");

// Group 1: settings and what else every role may read.
constexpr Statement kSettings = {
    "settings",
    "select current_setting('max_connections')::int,"
    " current_setting('superuser_reserved_connections')::int,"
    " current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),"
    " current_setting('fsync'), current_setting('wal_level'),"
    " pg_size_bytes(current_setting('wal_keep_size')),"
    " case current_setting('max_slot_wal_keep_size') when '-1' then null"
    "   else pg_size_bytes(current_setting('max_slot_wal_keep_size')) end,"
    " current_setting('archive_mode') <> 'off',"
    " case when pg_is_in_recovery() then pg_is_wal_replay_paused() end,"
    " pg_has_role(current_user, 'pg_monitor', 'usage'),"
    " (select extract(epoch from min(prepared)) from pg_prepared_xacts)"};
// Group 2: views. Other sessions' columns are null without pg_monitor.
constexpr Statement kArchiver = {"archiver",
                                 "select archived_count, failed_count,"
                                 " extract(epoch from last_archived_time),"
                                 " extract(epoch from last_failed_time) from pg_stat_archiver"};
constexpr Statement kReceiver = {"receiver",
                                 "select status = 'streaming',"
                                 " extract(epoch from last_msg_receipt_time)"
                                 " from pg_stat_wal_receiver"};
constexpr Statement kReplication = {
    "replication",
    "select application_name, state, sync_state,"
    " pg_wal_lsn_diff(here, sent_lsn), pg_wal_lsn_diff(here, write_lsn),"
    " pg_wal_lsn_diff(here, flush_lsn), pg_wal_lsn_diff(here, replay_lsn),"
    " extract(epoch from reply_time)"
    " from pg_stat_replication, (select case when pg_is_in_recovery()"
    "   then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end as here offset 0) as own"
    " where state <> 'backup' order by 1 limit 50"};
// Patroni keeps inactive copies of its slots on standbys: only the primary's mean anything.
constexpr Statement kSlots = {
    "slots",
    "select slot_name, active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), safe_wal_size,"
    " wal_status = 'lost' from pg_replication_slots where not temporary order by 1 limit 50"};

using Field = std::optional<std::string>;

void AddIf(const Metric<0>& metric, const Field& field, Samples& out) {
  if (auto number = ToNumber(field)) out.Add(metric, *number);
}
void AddIf(const Metric<1>& metric, std::string_view label, const Field& field, Samples& out) {
  if (auto number = ToNumber(field)) out.Add(metric, {label}, *number);
}

void ShowSettings(const Row& row, Samples& out) {
  AddIf(kMaxConnections, row[0], out);
  AddIf(kReservedConnections, row[1], out);
  out.Add(kSynchronousCommit,
          {row[2].value_or(""), row[3].value_or(""), row[4].value_or(""), row[5].value_or("")}, 1);
  AddIf(kWalKeep, row[6], out);
  AddIf(kSlotKeep, row[7], out);
  out.Add(kArchiving, row[8] == "t");
  if (row[9]) out.Add(kReplayPaused, row[9] == "t");
  AddIf(kPrepared, row[11], out);
}

void ShowArchiver(const Row& row, Samples& out) {
  AddIf(kArchived, row[0], out);
  AddIf(kArchiveFailed, row[1], out);
  AddIf(kArchivedTime, row[2], out);
  AddIf(kArchiveFailedTime, row[3], out);
}

void ShowReplication(const Rows& rows, Samples& out) {
  constexpr std::string_view kStages[] = {"sent", "write", "flush", "replay"};
  std::string previous;
  for (auto& row : rows.rows) {
    std::string standby = row[0].value_or("");
    if (standby == previous) continue;  // two senders of one name would be one series twice
    previous = standby;
    out.AddState(kSenderState, {standby, ""}, {"startup", "catchup", "streaming", "stopping"},
                 row[1].value_or(""));
    out.AddState(kSyncState, {standby, ""}, {"async", "potential", "sync", "quorum"},
                 row[2].value_or(""));
    for (std::size_t stage = 0; stage < 4; ++stage)
      if (auto bytes = ToNumber(row[3 + stage]))
        out.Add(kSenderLag, {standby, kStages[stage]}, *bytes);
    AddIf(kSenderReply, standby, row[7], out);
  }
}

void ShowSlots(const Rows& rows, Samples& out) {
  for (auto& row : rows.rows) {
    std::string slot = row[0].value_or("");
    out.Add(kSlotActive, {slot}, row[1] == "t");
    AddIf(kSlotRetained, slot, row[2], out);
    AddIf(kSlotSafe, slot, row[3], out);
    out.Add(kSlotLost, {slot}, row[4] == "t");
  }
}

void ShowReceiver(const Rows& rows, Samples& out) {
  bool streaming = !rows.rows.empty() && rows.rows[0][0] == "t";
  out.Add(kReceiverState, streaming);
  if (!rows.rows.empty()) AddIf(kReceiverMessage, rows.rows[0][1], out);
}

}  // namespace

std::vector<std::vector<Statement>> DetailStatements(bool standby) {
  return {{kSettings}, {SessionsStatement(), kArchiver, kReplication, standby ? kReceiver : kSlots}};
}

absl::Status ShowDetails(const std::vector<absl::StatusOr<Rows>>& answers, bool standby,
                         Samples& out) {
  absl::Status first_error;
  auto rows = [&](std::size_t i, std::size_t columns) -> const Rows* {
    auto& answer = answers.at(i);
    if (answer.ok() && (answer->rows.empty() || answer->rows[0].size() == columns)) return &*answer;
    first_error.Update(answer.ok() ? absl::DataLossError("details of an unexpected shape")
                                   : answer.status());
    return nullptr;
  };
  auto* settings = rows(0, 12);
  bool monitor = settings && settings->rows.size() == 1 && settings->rows[0][10] == "t";
  if (settings && settings->rows.size() == 1) ShowSettings(settings->rows[0], out);
  auto* sessions = rows(1, 4);
  auto* archiver = rows(2, 4);
  if (archiver && archiver->rows.size() == 1) ShowArchiver(archiver->rows[0], out);
  auto* replication = rows(3, 8);
  auto* last = rows(4, standby ? 2 : 5);
  if (last && !standby) ShowSlots(*last, out);
  if (!monitor) {
    first_error.Update(
        absl::PermissionDeniedError("replication and sessions are hidden: grant pg_monitor"));
    return first_error;
  }
  if (sessions) ShowSessions(*sessions, out);
  if (replication) ShowReplication(*replication, out);
  if (last && standby) ShowReceiver(*last, out);
  return first_error;
}
