#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>

#include "common/deadline.h"

// From looks to outages with bounds. Nothing here knows what is watched, and nothing reads a clock.

// What one look, or one sweep over all members, proves: the operation works (ok), it does not
// (fail), or nothing, because the fault was our own (void). Likely and unlikely are weaker signs
// that it worked or did not at their begin, of something that usually fails with it or of another
// witness: they move the best estimate of a start, never a bound or the state. They may come late.
enum class Result { kOk, kFail, kVoid, kLikely, kUnlikely };

struct Attempt {
  Result result;
  Instant begin, end;
  // Of an ok: begin of the last look that failed where this one succeeded. Until then, and no longer,
  // it is known to have failed there; max if that goes without saying.
  Instant failed_begin = Instant::max();
  // Of an ok: when it began to work, by a sign that is no proof; max without one.
  Instant likely = Instant::max();
  // Of an ok: it may not be so for everybody yet. The end is sure as where an outage was mixed.
  bool unsure = false;
};

// Turns the looks of a group's members into attempts of the group. One ok look proves the
// operation. A fail takes a sweep: every candidate (a member that could hold the role) has a look
// that began after the sweep began and proved nothing. A void look counts for nothing.
class Sweep {
 public:
  void SetCandidates(std::set<std::string> eyes);
  // Adds a look, in the order of ends; returns the attempt that it completes, if it completes one.
  std::optional<Attempt> Add(const std::string& eye, const Attempt& look);

 private:
  std::set<std::string> candidates_;
  Instant begin_ = Instant::min();          // of the current sweep
  std::map<std::string, Instant> failed_begin_;  // since the last ok look, of all eyes
  std::map<std::string, Attempt> failed_;   // the last failed look of each candidate in it
};

// When the operation stopped and worked again. The start lies in [last_ok, first_fail], the end in
// [last_fail, first_ok], so that the bounds hold whatever happened between two looks, where
//   last_ok    = begin of the last ok attempt before      (absent: nobody looked before)
//   first_fail = end of the first failed attempt
//   last_fail  = begin of the last failed attempt, or failed_begin of the ok one after it: a member
//                that is no candidate may have taken over while the candidates went on failing
//   first_ok   = end of the first ok attempt after        (absent: still open)
// Where ok attempts came between failed ones, one alone may be luck: the end is sure only with the
// end of the last of several in a row (sure_ok).
struct Outage {
  std::optional<Instant> last_ok;
  Instant first_fail, last_fail;
  std::optional<Instant> first_ok;
  std::optional<Instant> likely_ok = {};  // begin of the last likely sign before first_fail
  std::optional<Instant> sure_ok = {};
  bool mixed = false;                     // ok attempts came between failed ones
  std::optional<Instant> likely_fail = {};  // begin of the first unlikely sign
  std::optional<Instant> likely_end = {};   // `likely` of first_ok

  double LowSeconds() const;                  // max(0, last_fail - first_fail)
  std::optional<double> HighSeconds() const;  // first_ok, or sure_ok, - last_ok
  std::optional<double> MidSeconds() const;   // End() - Start(); absent like the high bound
  // The middle of its bounds, moved to likely_ok and likely_fail; first_fail without last_ok.
  Instant Start() const;
  Instant End() const;  // of a closed outage: likely_end, or the middle of its bounds
};

// Watches one operation. `fall` failed attempts in a row declare an outage, `rise` ok ones close
// it: they debounce the state, never the edges.
class OutageWatch {
 public:
  enum class State { kUnknown, kUp, kDown };
  struct Event {
    bool opened = false;          // an outage was declared with this attempt
    std::optional<Outage> closed;
    bool short_failure = false;   // a failure ended before it counted
  };
  // `sure`: how many ok attempts in a row no luck explains, where an outage was mixed.
  OutageWatch(int fall, int rise, int sure = 1) : fall_(fall), rise_(rise), sure_(sure) {}
  void Debounce(int fall, int rise, int sure = 1) { fall_ = fall, rise_ = rise, sure_ = sure; }

  Event Step(const Attempt& attempt);  // attempts in the order of their ends
  State state() const { return state_; }
  const std::optional<Outage>& open() const { return open_; }
  // Continues an outage that an earlier process saw begin.
  void Resume(const Outage& open);

 private:
  void Sign(const Attempt& a);
  Event Ok(const Attempt& a);
  Event Fail(const Attempt& a);

  int fall_, rise_, sure_;
  State state_ = State::kUnknown;
  std::optional<Instant> last_ok_;  // begin of the last ok attempt before the present failure
  std::optional<Instant> likely_ok_;
  std::optional<Outage> failing_;   // failures that are not declared yet
  int failures_ = 0;                // in a row, while not down
  std::optional<Outage> open_;
  int successes_ = 0;               // in a row, while down
};
