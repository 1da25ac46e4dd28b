#include "exporters/redis-sentinel/departure.h"

#include <algorithm>

Departure::Departure(std::string node, WriteMarks written)
    : node_(std::move(node)), written_(std::move(written)) {}

bool Departure::Succeeded(const Info& successor) {
  if (fork_ || !successor.second_offset_bytes || written_.replication_id.empty() ||
      successor.second_replication_id != written_.replication_id)
    return false;
  fork_ = *successor.second_offset_bytes - 1;
  for (auto& mark : written_.marks) Take(mark);
  written_.marks.clear();
  return true;
}

void Departure::Take(const WriteMark& mark) {
  if (mark.offset_bytes <= *fork_) before_ = mark;
  else if (!after_) after_ = mark;
  else if (mark.unsaved_changes > last_->unsaved_changes) {
    if (!first_rise_) first_rise_ = mark.end;
    last_rise_ = last_->begin;
  }
  last_ = mark;
}

bool Departure::Answered(const Info& info, Instant begin, Instant end) {
  if (over_ || !info.role) return over_;
  if (info.role == Role::kMaster && info.replication_id == written_.replication_id) {
    silent_ = false;
    gone_.reset();
    if (!fork_) Remember(info, begin, end, written_);
    else if (info.offset_bytes)
      Take({begin, end, *info.offset_bytes, info.unsaved_changes, info.rdb_last_save_unix});
    return false;
  }
  over_ = true;
  if (!gone_) gone_ = end;
  return true;
}

void Departure::Failed(std::optional<Instant> refused) {
  silent_ = true;
  if (refused && !gone_) gone_ = refused;
}

Loss Departure::loss() const {
  Loss loss;
  if (!fork_ || !last_) return loss;
  double bytes = std::max(0.0, static_cast<double>(last_->offset_bytes - *fork_));
  loss.low_bytes = bytes;
  if (exact()) loss.bytes = loss.high_bytes = bytes;
  auto lost = writes();
  loss.low_seconds = 0;
  if (lost && first_rise_) loss.low_seconds = std::max(0.0, Seconds(*last_rise_ - *first_rise_));
  // Until when it may have written what the successor lacks, and since when.
  std::optional<Instant> until = gone_;
  if (exact()) until = last_->end;
  std::optional<Instant> since;
  if (before_) since = before_->begin;
  if (lost && lost->high == 0.0 && exact()) since = until;
  if (until && since) loss.high_seconds = std::max(*loss.low_seconds, Seconds(*until - *since));
  if (loss.high_seconds) loss.seconds = (*loss.low_seconds + *loss.high_seconds) / 2;
  return loss;
}

std::optional<Departure::Writes> Departure::writes() const {
  if (!last_ || !before_ || !last_->unsaved_changes || !before_->unsaved_changes ||
      last_->rdb_last_save_unix != before_->rdb_last_save_unix)
    return std::nullopt;
  auto since = [&](const WriteMark& mark) {
    return std::max(0.0, static_cast<double>(*last_->unsaved_changes - *mark.unsaved_changes));
  };
  Writes writes;
  if (!after_) {
    if (exact()) writes.best = writes.high = 0;
    return writes;
  }
  if (!after_->unsaved_changes) return std::nullopt;
  writes.low = since(*after_);
  if (exact()) writes.high = since(*before_);
  double share = static_cast<double>(*fork_ - before_->offset_bytes) /
                 static_cast<double>(after_->offset_bytes - before_->offset_bytes);
  writes.best = since(*before_) + share * (since(*after_) - since(*before_));
  return writes;
}
