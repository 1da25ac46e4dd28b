#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/deadline.h"
#include "exporters/postgres-ha/evidence.h"

// The story of the leader's lock as etcd told it: what makes the kind of a failover and its phases
// exact. One for each site that watches.
class LockStory {
 public:
  void Step(const DcsLook& look, Instant end);

  // Whether somebody asked for a change of leader within [from, to]; absent when the stream was not
  // there all the time.
  std::optional<bool> Requested(Instant from, Instant to) const;
  // When the lock was released last before `to`, and taken by `member` after that; absent when that
  // was not seen.
  std::optional<Instant> Released(Instant from, Instant to) const;
  std::optional<Instant> Taken(const std::string& member, Instant from, Instant to) const;
  bool connected() const { return connected_; }

 private:
  bool connected_ = false;
};
