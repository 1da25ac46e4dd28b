#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/deadline.h"
#include "common/metric.h"

// One line of a group's past, for the status page.
struct Story {
  double unix_seconds;
  std::string text;
};

// A service as it is now, for the status page.
struct Headline {
  std::string service, scope;
  std::optional<bool> up;        // absent: unknown
  std::string holder;            // who holds the active role; "" if nobody or if there is none
  double down_unix_seconds = 0;  // when the open outage began; 0 without one
  bool split_brain = false;
};

enum class Pace { kCalm, kFast };

// What a post may set in motion, called without any lock held. Set once, before the first post.
struct Hooks {
  std::function<void()> poke = [] {};     // all eyes look now: the pace changed, or something else
  std::function<void()> refresh = [] {};  // the set of targets changed
  std::function<void(std::string)> save = [](std::string) {};  // new facts, for the disk
};

// The side of a board that the core sees: what a group says at a scrape.
class Judge {
 public:
  virtual ~Judge() = default;
  virtual void SetHooks(Hooks hooks) = 0;
  virtual void Show(const Now& now, Samples& out) = 0;
  virtual std::vector<Headline> Headlines(const Now& now) = 0;
  virtual std::vector<Story> Stories() = 0;
  // Takes the facts of an earlier process back, before the first post. Damaged ones are an error
  // and change nothing.
  virtual absl::Status Restore(const std::string& facts, const Now& now) = 0;
};
