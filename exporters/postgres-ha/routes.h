#pragma once
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "common/service.h"
#include "exporters/postgres-ha/config.h"
#include "exporters/postgres-ha/evidence.h"

// A new session lands on either server while HAProxy still takes two for good: this many must land
// right in a row before the route counts as mended.
constexpr int kRouteRise = 10;

// The judgement on the routes of a data set: does a new session through the port for writing land
// where writes are taken, and through the port for reading on a standby? They are the services
// postgres_rw and postgres_ro. One route that lands right proves the service; it fails when all
// routes of the site that leads do. Only new sessions prove anything: the kept ones date the start of
// a failure, and show what clients with a pool see.
class Routes {
 public:
  explicit Routes(const DataSetOptions& options) { Configure(options); }
  void Configure(const DataSetOptions& options);

  // `landed_on`: where the session landed, as the data set knows it: the label of the member, "other" for a server
  // of the data set that it does not know, "foreign" for one of another data set, "" for none, or as
  // long as not all members are known.
  // `leading`: the site of the holder. Returns whether it is a moment to look more closely.
  bool Step(const Evidence& evidence, const RouteLook& look, const std::string& landed_on,
            const std::string& leading, const Now& now);
  void Show(const std::vector<std::string>& members, const Now& now, Samples& out) const;

  // postgres_rw and postgres_ro, those that have a route.
  std::vector<Service*> services();
  std::vector<const Service*> services() const;
  const Service* service(RouteKind kind) const;  // null without such a route
  int facts_revision() const;

 private:
  using Key = std::tuple<std::string, RouteKind, bool>;  // site, route, fresh
  struct Watched {
    std::string state;                      // of the last look, "" before it
    bool right = false;
    Instant end = Instant();
    double seconds = 0;                     // that the last look took
    std::map<std::string, double> state_seconds;
    std::map<std::string, double> sessions; // by where they landed
  };
  struct Judged {
    Service service;
    Sweep sweep;
  };
  std::string StateOf(const std::string& site, const RouteLook& look,
                      const std::string& landed_on) const;
  void Account(Watched& watched, const std::string& state, const Evidence& evidence) const;
  std::set<std::string> Candidates(RouteKind kind, const std::string& leading) const;

  DataSetOptions options_;
  std::map<Key, Watched> watched_;
  std::map<RouteKind, Judged> judged_;
};

// Whether a session that got an answer landed where the route should lead: for writing where writes
// are taken, for reading on a standby, or on any member where the site says so (`accepts_primary`).
bool LandsRight(RouteKind kind, bool accepts_primary, const SqlLook& landed);

// The name of the eye on a route in its evidence; `fresh`: the one that opens new sessions.
std::string RouteEyeName(const std::string& site, RouteKind kind, bool fresh);
