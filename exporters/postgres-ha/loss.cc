#include "exporters/postgres-ha/loss.h"

#include <algorithm>

namespace {

// Beyond twice its busiest pace: a page or two in full, as after a checkpoint.
constexpr long long kMoreBytes = 16 << 10;

Instant Middle(Instant a, Instant b) { return a + (b - a) / 2; }

double Positive(Duration d) { return std::max(0.0, Seconds(d)); }

// When the old leader stopped, best estimate: an eye that loses its session looks again at once.
Instant Stopped(const FormerLeader& d) {
  return d.silent ? Middle(d.last_end, d.stopped_begin) : d.stopped_begin;
}

// How many bytes it wrote after it was last seen: best estimate, and at most.
std::pair<double, double> Unseen(const FormerLeader& d) {
  double rate = d.written.WritesUntilLast() ? d.written.BytesPerSecond() : 0;
  double most = 2 * d.written.BusiestBytesPerSecond() * Positive(d.stopped_end - d.last_begin);
  return {rate * Positive(Stopped(d) - Middle(d.last_begin, d.last_end)), most + kMoreBytes};
}

void SetBytes(const FormerLeader& d, Range fork, long long position, Loss& loss) {
  auto [unseen, at_most] = Unseen(d);
  auto beyond = [&](long long at, double more) {
    return std::max(0.0, static_cast<double>(position - at) + more);
  };
  auto empty = [&](long long at) { return static_cast<double>(d.written.EmptyBeyond(at)); };
  loss.low_bytes = beyond(fork.high, -empty(fork.high));
  loss.bytes = position > fork.middle() ? beyond(fork.middle(), unseen - empty(fork.middle())) : 0;
  loss.high_bytes = beyond(fork.low, at_most);
}

void SetSeconds(const FormerLeader& d, Range fork, Loss& loss) {
  // Positions were read some time within their looks.
  Duration slack = d.last_end - d.last_begin;
  auto last = d.written.LastAdvance();
  Instant last_write = d.written.WritesUntilLast() || !last ? Stopped(d)
                                                            : Middle(last->first, last->second);
  loss.low_seconds = loss.seconds = 0;
  if (auto passed = d.written.Passed(fork.high); passed && last)
    loss.low_seconds = Positive(last->first - passed->second - slack);
  if (auto passed = d.written.Passed(fork.middle()))
    loss.seconds = Positive(last_write - Middle(passed->first, passed->second));
  // What was lost first was written with the last look at the earliest, if no look saw more.
  auto earliest = d.written.Passed(fork.low);
  double high = Positive(d.stopped_end - (earliest ? earliest->first - slack : d.last_begin));
  loss.seconds = std::clamp(*loss.seconds, *loss.low_seconds, std::max(*loss.low_seconds, high));
  // Unless nobody watched when the first lost byte was written.
  if (!d.written.BeginsBeyond(fork.low) || d.whole) loss.high_seconds = high;
}

}  // namespace

void TimelineEnds::Saw(int timeline, Range end) {
  seen_[timeline] = end;
  learnt_.erase(timeline);
}

void TimelineEnds::Learn(const std::vector<Promotion>& history) {
  for (auto& line : history) {
    auto seen = seen_.find(line.ended_timeline);
    long long at = line.switch_position;
    if (seen == seen_.end() || (seen->second.low <= at && at <= seen->second.high))
      learnt_[line.ended_timeline] = {at, at};
  }
}

std::optional<Range> TimelineEnds::Of(int timeline) const {
  if (auto found = learnt_.find(timeline); found != learnt_.end()) return found->second;
  if (auto found = seen_.find(timeline); found != seen_.end()) return found->second;
  return std::nullopt;
}

Loss LossOf(const FormerLeader& d, Range fork) {
  Loss loss;
  auto position = d.written.last_position();
  if (!position) return loss;
  if (d.goodbye && *position <= fork.high) {
    loss.seconds = loss.low_seconds = loss.high_seconds = 0;
    loss.bytes = loss.low_bytes = loss.high_bytes = 0;
    return loss;
  }
  SetBytes(d, fork, *position, loss);
  SetSeconds(d, fork, loss);
  return loss;
}
