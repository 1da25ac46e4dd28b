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
  if (mark.offset_bytes <= *fork_) {
    if (!oldest_ || oldest_->rdb_last_save_unix != mark.rdb_last_save_unix) oldest_ = mark;
    before_ = mark;
  } else if (!after_) after_ = mark;
  else if (mark.unsaved_changes > last_->unsaved_changes) {
    if (!first_rise_) first_rise_ = mark.end;
    last_rise_ = last_->begin;
  }
  last_ = mark;
}

// A save, or another restart, begins the count anew.
void Departure::CameBack(const WriteMark& mark) {
  if (returned_) {
    bool goes_on = mark.rdb_last_save_unix == returned_->rdb_last_save_unix &&
                   mark.unsaved_changes >= returned_->unsaved_changes;
    double more = static_cast<double>(mark.unsaved_changes.value_or(0) -
                                      (goes_on ? returned_->unsaved_changes.value_or(0) : 0));
    if (more > 0) {
      returned_writes_ += more;
      returned_rise_ = returned_rise_.value_or(mark.end);
      returned_seconds_ = std::max(0.0, Seconds(returned_->begin - *returned_rise_));
    }
  }
  returned_ = mark;
}

bool Departure::Answered(const Info& info, Instant begin, Instant end) {
  if (!info.role) return false;
  silent_ = false;
  const bool master = info.role == Role::kMaster;
  WriteMark mark{begin, end, info.offset_bytes.value_or(0), info.unsaved_changes,
                 info.rdb_last_save_unix};
  if (!over_ && master && info.replication_id == written_.replication_id) {
    gone_.reset();
    if (!fork_) Remember(info, begin, end, written_);
    else if (info.offset_bytes) Take(mark);
    return false;
  }
  const bool ended = !over_ || (returned_ && !master);
  over_ = true;
  if (!gone_) gone_ = end;
  if (!master) returned_.reset();
  else if (!info.loading.value_or(false)) CameBack(mark);
  return ended;
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
  loss.low_seconds = std::max(*loss.low_seconds, returned_seconds_);
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
    return returned_writes_ > 0 ? std::optional(Writes{returned_writes_, {}, {}}) : std::nullopt;
  auto since = [&](const WriteMark& mark) {
    return std::max(0.0, static_cast<double>(*last_->unsaved_changes - *mark.unsaved_changes)) +
           returned_writes_;
  };
  Writes writes;
  writes.low = returned_writes_;
  if (!after_) {
    if (exact()) writes.best = writes.high = 0;
    return writes;
  }
  if (!after_->unsaved_changes) return std::nullopt;
  writes.low = since(*after_);
  if (exact()) writes.high = since(*before_);
  const double most = std::max(writes.low, since(*before_));
  writes.best = std::clamp(since(*before_) - KeptSince(*before_), writes.low, most);
  return writes;
}

// By what a write took of the stream until then. Around the fork it took more: while a master is
// frozen the Sentinels' hellos pile up, and are written at once.
double Departure::KeptSince(const WriteMark& mark) const {
  auto pace = [](const WriteMark& from, const WriteMark& to) {
    return static_cast<double>(*to.unsaved_changes - *from.unsaved_changes) /
           static_cast<double>(std::max(1LL, to.offset_bytes - from.offset_bytes));
  };
  double writes_per_byte = oldest_->unsaved_changes ? pace(*oldest_, mark) : 0;
  if (writes_per_byte <= 0) writes_per_byte = pace(mark, *after_);
  return writes_per_byte * static_cast<double>(*fork_ - mark.offset_bytes);
}
