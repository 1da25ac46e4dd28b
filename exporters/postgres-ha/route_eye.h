#pragma once
#include <memory>
#include <string>

#include "common/scrape.h"
#include "exporters/postgres-ha/session.h"
#include "exporters/postgres-ha/verdict.h"

// An eye on a route: where does the port for writing (or reading) really lead? Two for each route,
// with one connection each: one keeps its session and looks every 250 ms, as a client with a pool
// would; the other opens a new session, as a client that connects now: every 5 s, every 250 ms while
// anything is suspect, every 50 ms for the first ten seconds in which it lands wrong now and then, and
// every second through a failure that lasts.
//
// A new session that is not answered is waited for through the following looks, but for two seconds
// only, unlike a member's: behind a route there may long be another server that would answer.
class RouteEye : public Collector {
 public:
  RouteEye(std::shared_ptr<DataSetBoard> board, const SiteOptions& site, const RouteOptions& route,
           bool fresh);
  Next Look(const Deadline& deadline) override;

 private:
  Duration Pause(bool fast) const;
  void Note(const SqlLook& landed);
  void LetGo(const SqlLook& landed);

  const std::shared_ptr<DataSetBoard> board_;
  const RouteKind kind_;
  const bool fresh_, accepts_primary_;
  const MemberId site_;
  const std::string eye_;
  const Duration interval_;
  Session session_;
  int right_in_a_row_ = kRouteRise;
  absl::Status status_;
  Instant begin_ = Instant(), wrong_since_ = Instant::max();  // wrong: landed, but not right
};
