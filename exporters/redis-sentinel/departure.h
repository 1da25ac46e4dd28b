#pragma once
#include <optional>

#include "common/loss.h"
#include "exporters/redis-sentinel/write_mark.h"

// A master after another one took over: what it wrote that its successor does not have. The
// successor's second_replication_id and second_repl_offset say up to where it has its
// predecessor's history; what is beyond is lost, whoever wrote it: also an idle master writes some
// 200 B/s of PING and Sentinels' hellos, so bytes alone do not mean that a client lost something.
//
// While the old master answers as a master the figures are exact as of its last look, and grow. Once
// it follows its successor, or is silent, what it wrote after that look is known to nobody: only low
// bounds remain, but of the time also a high one, if it was seen to follow or its port closed. Time
// is that between the first and the last lost write; its low bound needs the count of changes.
//
// One that was killed comes back as a new process and is a master again until it is demoted: what
// clients with a fixed address write to it then is lost, too. It has no replica and counts no bytes,
// only changes, of which those before the first look at it are unknown.
class Departure {
 public:
  // Writes acknowledged and lost, by rdb_changes_since_last_save. Absent if a save intervened.
  struct Writes {
    double low = 0;
    std::optional<double> best, high;
  };

  Departure(std::string node, WriteMarks written);

  const std::string& node() const { return node_; }
  // A look at the successor. Returns whether it tells the fork for the first time.
  bool Succeeded(const Info& successor);
  // A look at the old master that answers. Returns whether something came to an end: it is no longer
  // the master that it was, or no longer the one that came back.
  bool Answered(const Info& info, Instant begin, Instant end);
  // A look at the old master that failed; `refused`: since when nothing listens there.
  void Failed(std::optional<Instant> refused);

  bool known() const { return fork_.has_value(); }
  // Whether the old master answers and is one still: the figures are as of its last look.
  bool exact() const { return !over_ && !silent_; }
  // Whether it came back as a master, and is one.
  bool returned() const { return returned_ && !silent_; }
  bool growing() const { return !over_ || returned(); }
  // Changes that it took since it came back, at least.
  double returned_writes() const { return returned_writes_; }
  // Once the fork is known.
  Loss loss() const;
  std::optional<Writes> writes() const;

 private:
  void Take(const WriteMark& mark);
  void CameBack(const WriteMark& mark);
  double KeptSince(const WriteMark& mark) const;  // writes from then to the fork

  std::string node_;
  WriteMarks written_;                 // until the fork is known
  std::optional<long long> fork_;      // the successor has everything up to here
  std::optional<WriteMark> before_, after_, last_;  // around the fork, and the newest
  std::optional<WriteMark> oldest_;    // since the same save as before_
  // Beyond the fork: by when changes were seen to grow, and after when they grew last.
  std::optional<Instant> first_rise_, last_rise_;
  std::optional<Instant> gone_;        // it wrote nothing after that
  bool silent_ = false, over_ = false;
  std::optional<WriteMark> returned_;  // the newest look at it as a master that came back
  std::optional<Instant> returned_rise_;
  double returned_writes_ = 0, returned_seconds_ = 0;
};
