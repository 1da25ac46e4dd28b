#pragma once
#include <map>
#include <string>

#include "exporters/redis-sentinel/evidence.h"

// For how long Sentinels sent clients to different masters. They are not looked at together, so
// that two looks which name different nodes prove nothing: between them all may have changed their
// minds. Proven is the time in which two Sentinels were each found to name another one before and
// after it, by looks no further apart than kViewPatience. It is counted with the look that proves
// it.
class Disagreement {
 public:
  // A look at a Sentinel that told where it sends clients, in the order of ends.
  void Named(const std::string& sentinel, const std::string& node, Instant begin, Instant end);
  void Show(const std::string& master_name, Samples& out) const;

 private:
  struct Run {              // of looks that named the same node
    std::string node;
    Instant first, last;    // end of the first look, begin of the last one
  };
  std::map<std::string, Run> runs_;  // by Sentinel, of now
  Instant counted_until_ = Instant::min();
  double seconds_ = 0;
};
