#pragma once
#include <deque>
#include <optional>
#include <string>

#include "common/deadline.h"
#include "exporters/postgres-ha/evidence.h"

// The story of the leader's lock as etcd told it: what makes the kind of a failover and its phases
// exact. One for each site that watches. It remembers the last 64 events.
class LockStory {
 public:
  void Step(const DcsLook& look, Instant end);

  // Whether a change of leader within [from, to] was asked for: a request was waiting when the lock
  // was released or taken, or is still waiting at `to`. One that was scheduled counts from then on,
  // one that was withdrawn before the lock moved does not. False is only said when the lock was
  // seen moving and the stream was there all the time; absent else.
  std::optional<bool> Requested(Instant from, Instant to) const;
  // When the lock was last released within [from, to]; and when `member` first took it after that,
  // or last took it if it was not released. Absent when that was not seen as it happened.
  std::optional<Instant> Released(Instant from, Instant to) const;
  std::optional<Instant> Taken(const std::string& member, Instant from, Instant to) const;

  bool connected() const { return until_ == Instant::max(); }
  const std::string& holder() const { return holder_; }  // as last heard; "" when nobody holds it

 private:
  struct Event {
    DcsLook::What what;
    std::string name;
    Instant at;
    std::optional<Instant> not_before;
    bool late;
  };
  std::deque<Event> events_;
  std::string holder_;
  // The last time in which nothing was missed.
  Instant since_ = Instant::min(), until_ = Instant::min();
};
