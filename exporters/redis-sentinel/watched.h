#pragma once
#include <optional>
#include <string>

#include "common/outage.h"
#include "exporters/redis-sentinel/change_figures.h"
#include "exporters/redis-sentinel/dataset_watch.h"
#include "exporters/redis-sentinel/disagreement.h"
#include "exporters/redis-sentinel/evidence.h"
#include "exporters/redis-sentinel/failover_phases.h"
#include "exporters/redis-sentinel/write_mark.h"
#include "exporters/redis-sentinel/write_pace.h"

// What a replication set keeps of its nodes and of the Sentinels that watch it.

struct WatchedNode {
  std::optional<NodeLook> last;             // the newest look
  Instant begin = Instant(), end = Instant();
  Instant answered = Instant();             // end of the newest look that was answered
  Instant listed = Instant();               // by a Sentinel, last
  Result result = Result::kVoid;            // whether it takes writes, by the newest look
  std::string run_id;                       // by the newest answer
  std::optional<Instant> refused;           // nothing listens there since, at the latest
  WriteMarks marks;                         // of the last looks that found it a master
  std::optional<Instant> master_since;      // end of the first look in a row that found it one
  bool silent = false;                      // it has not answered since
  long long clients = 0;                    // connected, by the newest answer
  WritePace pace;                           // while it is a master
  DatasetWatch dataset;
};

struct SentinelView {
  MasterView said;
  Instant begin = Instant(), end = Instant();
  Instant other_begin = Instant();  // of the last look that found it sending clients elsewhere
  bool answered = false;            // the newest look at the Sentinel
  bool tilt = false;
};

// The master as those Sentinels saw it that found it down.
struct CutOff {
  std::optional<Instant> last_ok;           // the earliest last answer
  std::optional<Instant> first_unanswered;  // the latest first ping without one
};

// The newest configuration by which the master in force was named. Kept over a restart: a newer one
// of the same master after nobody watched means that it was replaced and took over again.
struct LastTold {
  std::string master;          // "": another one took over since, and its number was not told yet
  long long config_epoch = 0;  // grows with every change of master, and with nothing else
  Instant at = Instant();
  int revision = 0;  // grows with the first two
};

// What the last change of master took and cost.
struct LastChange {
  std::optional<double> unreachable_low, unreachable_high;  // seconds, of a failover
  FailoverPhases phases;
  Instant loss_told = Instant();  // last
  std::optional<ChangeFigures> restored;  // of a change that an earlier process saw
};
