#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/guarded.h"
#include "common/net.h"
#include "common/round.h"
#include "common/scrape.h"

// Inside of the Scraper: one target's thread.

// What is known of a target's health; survives as long as its thread.
struct Health {
  bool settled = false;           // the first look is over
  bool known = false;             // it was asked, by a look or a collection
  absl::Status look, collection;  // the last of each
  double look_seconds = 0;
  double last_success_unix_seconds = 0;
  double dropped = 0;
  std::map<std::string_view, double> failures;  // by reason
  bool logged_failing = false;
  double last_logged = 0;

  bool Blind() const;    // looks get no answer
  bool Doubted() const;  // looks or collections get no answer
};

// The closed set of reasons: timeout, unreachable, denied, protocol, internal.
std::string_view Reason(const absl::Status& status);

class Worker {
 public:
  // Does nothing before `predecessor`, which may be null and was told to stop, has ended.
  Worker(Target target, std::string group, std::shared_ptr<Worker> predecessor = nullptr);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();  // ends the thread after its current call and joins it
  void Poke();
  void Stop();  // asks the thread to leave and end; does not wait
  bool ended();
  // Waits until it has ended, `deadline` at most, and not for one whose call is overdue. Returns
  // ended().
  bool AwaitEnd(const Deadline& deadline);
  // Hands the target a round: it collects as soon as it is free, once for all rounds that it was
  // handed meanwhile. One that nobody waits for any more gives way to the new one.
  void Offer(const std::shared_ptr<Round>& round, std::size_t index);
  // The exporter's own metrics about this target; `slot` is its part of the page.
  void Report(Samples& self, const Round::Slot& slot);
  TargetState state();
  bool ready();  // its first look is over, or long overdue

  const Target target;  // without its collector
  const std::string group;

 private:
  struct Errand {
    std::shared_ptr<Round> round;
    std::size_t index;
  };
  struct Inbox {
    std::vector<Errand> errands;
    bool poked = false;
    std::optional<Instant> stopped;     // when it was asked to
    std::optional<Instant> busy_until;  // the deadline of the call under way
    bool Overdue() const { return busy_until && *busy_until < Clock::now(); }
    Instant EndsBy() const;  // if it keeps its deadlines
  };
  void Run(std::shared_ptr<Worker> predecessor);
  void Leave();
  bool Sleep(const Next& next);  // whether to go on
  bool DueForLook(const Next& next);
  Next LookOnce();
  bool CollectOnce(const std::vector<Errand>& errands);  // false: the collection failed
  void Note(const absl::Status& status, bool is_look, double seconds, int dropped);
  bool Overdue();

  std::unique_ptr<Collector> collector_;  // of the thread: made before it, destroyed by it
  Socket wake_;                           // eventfd
  Guarded<Inbox> inbox_;
  Guarded<Health> health_;
  Guarded<bool> ended_{false};
  bool fd_ready_ = false;  // the worker's own
  std::thread thread_;     // last: it uses the rest
};
