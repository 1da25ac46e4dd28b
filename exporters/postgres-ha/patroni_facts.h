#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/deadline.h"
#include "common/metric.h"
#include "exporters/postgres-ha/members.h"
#include "exporters/postgres-ha/patroni_against_sql.h"
#include "exporters/postgres-ha/wal_ring.h"

// What Patroni says of the sites of a data set, beyond their members, and where it contradicts SQL.
// The newest word counts, whichever Patroni of the site it came from. What is too old is not shown:
// /cluster after kPatroniFresh, /config and /history after three minutes, /patroni after half a
// one.
class PatroniFacts {
 public:
  // `member`: whose Patroni was asked, "" if that is not known.
  void Step(const MemberId& member, const PatroniLook& look, Instant end);
  // `written`: what the holder of the data set wrote, for the lag of candidates.
  void Show(const DataSetOptions& options, const Members& members, const Roles& roles,
            const WalRing& written, const Now& now, Samples& out) const;

 private:
  template <class T>
  struct Told {
    T what;
    Instant at;
  };
  struct State {
    bool paused = false;
    std::optional<double> scheduled_switchover_unix_seconds;
  };
  struct Site {
    std::optional<Told<State>> state;
    std::optional<Told<PatroniConfig>> config;
    std::optional<Told<std::vector<Promotion>>> history;
  };
  // What was told if it is younger than `limit`, else null.
  template <class T>
  static const T* Young(const std::optional<Told<T>>& told, const Now& now, Duration limit) {
    return told && now.at - told->at < limit ? &told->what : nullptr;
  }
  void ShowSite(const std::string& cluster, const std::string& name, const Site& site,
                const Now& now, Samples& out) const;
  void ShowMember(const std::string& cluster, const MemberId& id, const Members& members,
                  const Roles& roles, const Now& now, Samples& out) const;

  std::map<std::string, Site> sites_;
  std::map<MemberId, Told<double>> last_seen_;
};
