#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/deadline.h"
#include "common/judge.h"
#include "common/metric.h"

// What a look answers: how it went, and when to look again: at `at`, or as soon as `fd` has
// `events`, or when the board pokes.
struct Next {
  absl::Status status;
  Instant at = Instant::max();
  int fd = -1;
  short events = 0;
};

// The eye on one target. Everything runs in the target's own thread, one call at a time, so that an
// eye needs no lock for what it owns. The constructor does no I/O.
class Collector {
 public:
  virtual ~Collector() = default;
  // Adds the target's samples to `out`. Returns by `deadline`, keeping what it has. The default has
  // nothing to add and says OK. Only one that fails may close the descriptor that the last look
  // waits for: a look follows it at once.
  virtual absl::Status Collect(const Deadline& deadline, Samples& out);
  // Looks at the target and posts what it saw on its board. Returns by `deadline`. The default says
  // Unimplemented: it never looks.
  virtual Next Look(const Deadline& deadline);
  // The last call: the target was removed from the set, or the program ends. For what others should
  // not have to wait out, as a seat that is given back. Returns by `deadline`. The default does
  // nothing.
  virtual void Leave(const Deadline& deadline);
};

struct Target {
  std::string name;         // unique for its kind in the whole program; label `target`
  std::string kind;         // label `collector`: postgres, patroni, ...
  std::string labels;       // of all its samples, rendered by RenderLabels
  std::string fingerprint;  // all configuration the collector was made from, for Scraper::Set
  bool collects = true;     // false: it only looks, and no scrape waits for it
  Duration look_deadline = std::chrono::milliseconds(500);
  std::unique_ptr<Collector> collector;
};

// Targets that are judged together: a PostgreSQL data set, a Redis master, the Pi-holes, a site.
struct Group {
  std::string name;
  std::shared_ptr<Judge> judge;                  // may be null: nothing to judge
  std::function<std::vector<Target>()> targets;  // as known now; asked again after Hooks::refresh
};

// The board of the group `name` that runs already, which a reload goes on with; null if none does.
template <class B>
std::shared_ptr<B> RunningBoard(const std::vector<Group>& running, const std::string& name) {
  for (auto& group : running)
    if (group.name == name) return std::dynamic_pointer_cast<B>(group.judge);
  return nullptr;
}

// How a target fares, for the status page.
struct TargetState {
  std::string kind, name;
  bool known = false, ok = false, doubted = false;
  std::string error;                     // of the last look or collection; "" when ok
  double last_success_unix_seconds = 0;  // 0: never
};

// Runs every target in a thread of its own, lets it look, and renders pages. A target that hangs
// holds its one thread and nothing else. Thread-safe.
class Scraper {
 public:
  // `self` adds the exporter's own metrics to every page, when all targets are in.
  explicit Scraper(std::function<void(Samples&)> self = nullptr);
  ~Scraper();  // waits for the calls under way; their deadlines bound that

  // The set of targets is one call, whoever knows better: start, reload, discovery. Targets whose
  // group, kind, name and fingerprint are unchanged keep thread, connection and state (the new
  // collector is dropped); others start; those that are gone leave after their current call. One
  // that takes the place of another of its kind and name waits until that has left. Of two with one
  // kind and name the first counts. Not for two threads at once.
  void Set(const std::vector<Group>& groups);

  // Ends all targets: each leaves after its current call, all at the same time. Returns when they
  // have, or at `deadline`, and whether they have: one that does not return from a call by the
  // call's deadline is not waited for. Nothing is collected afterwards. It may be called again, to
  // wait longer. For the thread that calls Set().
  bool Leave(const Deadline& deadline);

  // The page with what was collected by `deadline`. A request that comes within a second of another
  // one that is still waiting shares its collection. A target whose last look or collection got no
  // answer is doubted: asked every time, but waited for 50 ms, or not at all while its eye is busy.
  // One that does not return from a call is not waited for either.
  std::string Scrape(const Deadline& deadline, Format format);

  // Ends the sleep of all eyes of a group: they look at once.
  void Poke(const std::string& group);

  std::vector<TargetState> States() const;
  std::vector<Headline> Headlines(const Now& now) const;  // of all judges
  std::vector<Story> Stories() const;  // of all judges, newest first
  bool ready() const;                  // the first look at every target is over
  int rounds() const;                  // collections made so far
  int shared() const;                  // scrapes that joined the collection of another one

 private:
  struct State;
  std::unique_ptr<State> state_;
};
