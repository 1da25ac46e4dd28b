#pragma once
#include <map>
#include <optional>
#include <vector>

#include "common/loss.h"
#include "exporters/postgres-ha/evidence.h"
#include "exporters/postgres-ha/wal_ring.h"

// What a change of leader cost in data. Everything that the old leader wrote beyond the position
// where its history and that of the new one part is lost.

// A position of the WAL that is known to lie within bounds.
struct Range {
  long long low = 0, high = 0;
  bool exact() const { return low == high; }
  long long middle() const { return low + (high - low) / 2; }
};

// Where each timeline ended: from looks at the member that began the next one (its last position as
// a standby, its first as a primary), made exact by /history. A timeline's number may be used twice,
// when a promotion was undone: the newest wins.
class TimelineEnds {
 public:
  void Saw(int timeline, Range end);
  // Narrows what looks have bounded; an end that contradicts them is of another attempt and ignored.
  void Learn(const std::vector<Promotion>& history);
  std::optional<Range> Of(int timeline) const;

 private:
  std::map<int, Range> seen_, learnt_;
};

// What was seen of a leader that is no longer one.
struct FormerLeader {
  WalRing written;          // what it wrote
  Instant last_begin, last_end;   // of the last look that found it writable
  Instant stopped_begin, stopped_end;  // of the first one that did not
  bool silent = false;      // that one was not answered at all: it stopped somewhere in between
  bool whole = false;       // `written` holds all of its time as a leader
  bool goodbye = false;     // it was told to stop, and sent its standbys what they lacked
};

// Lost are the commits between `fork`, the position where the histories part, and the end of the old
// leader's WAL. How far that had come after it was last seen is bounded by twice its busiest pace; of
// seconds no such guess is needed. After a goodbye nothing is lost unless positions prove it.
Loss LossOf(const FormerLeader& leader, Range fork);
