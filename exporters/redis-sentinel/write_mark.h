#pragma once
#include <deque>
#include <string>

#include "common/deadline.h"
#include "exporters/redis-sentinel/info.h"

// How far a master had written when it was looked at.
struct WriteMark {
  Instant begin, end;
  long long offset_bytes = 0;
  Info::Number unsaved_changes, rdb_last_save_unix;
};

// Of one incarnation of its data; the newest last.
struct WriteMarks {
  std::string replication_id;
  std::deque<WriteMark> marks;
};

constexpr std::size_t kMarksKept = 64;

// Another replication id begins anew; the newest kMarksKept are kept.
inline void Remember(const Info& info, Instant begin, Instant end, WriteMarks& all) {
  if (!info.offset_bytes) return;
  if (info.replication_id != all.replication_id) all = {info.replication_id, {}};
  all.marks.push_back(
      {begin, end, *info.offset_bytes, info.unsaved_changes, info.rdb_last_save_unix});
  if (all.marks.size() > kMarksKept) all.marks.pop_front();
}
