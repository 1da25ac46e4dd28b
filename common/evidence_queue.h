#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "common/deadline.h"

// What every piece of evidence starts with: whose it is and when the look began and ended.
struct Look {
  std::string eye;
  Instant begin, end;
};

// Puts the evidence of many eyes into the order of its ends, whatever the order of arrival:
// evidence is held back until every look that began before its end has been added too, or is over
// its deadline. Evidence that comes later still is taken to have ended when the newest that was
// taken did: a look may always be thought longer, bounds only widen. Not thread-safe.
template <class Evidence>  // derived from Look
class EvidenceQueue {
 public:
  // `eye` looks from `begin` to `deadline` at most.
  void Expect(const std::string& eye, Instant begin, Instant deadline) {
    in_flight_[eye] = {begin, deadline};
  }
  void Add(Evidence evidence) {
    in_flight_.erase(evidence.eye);
    evidence.end = std::max(evidence.end, taken_until_);
    auto earlier = [](const Evidence& a, const Evidence& b) {
      return std::tie(a.end, a.begin, a.eye) < std::tie(b.end, b.begin, b.eye);
    };
    auto place = std::upper_bound(waiting_.begin(), waiting_.end(), evidence, earlier);
    waiting_.insert(place, std::move(evidence));
  }
  // Calls take(evidence) for all whose turn has come at `now`.
  template <class F>
  void Take(Instant now, F&& take) {
    Instant watermark = now;
    for (auto& [eye, look] : in_flight_)
      if (now < look.over) watermark = std::min(watermark, look.begin);
    auto ripe = waiting_.begin();
    for (; ripe != waiting_.end() && ripe->end <= watermark; ++ripe) {
      taken_until_ = ripe->end;
      take(*ripe);
    }
    waiting_.erase(waiting_.begin(), ripe);
  }

 private:
  struct InFlight {
    Instant begin, over;
  };
  std::vector<Evidence> waiting_;  // sorted by end
  std::map<std::string, InFlight> in_flight_;
  Instant taken_until_ = Instant::min();
};
