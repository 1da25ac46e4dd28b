#pragma once
#include <optional>
#include <string>

#include "common/deadline.h"
#include "exporters/postgres-ha/members.h"
#include "exporters/postgres-ha/wal_ring.h"

// What Patroni says of the members, held against what SQL says.

// How old what Patroni says may be: three of its intervals, and its look deadline.
constexpr Duration kPatroniFresh = std::chrono::seconds(8);

// Whether a Patroni listed the member within that time.
bool Listed(const Member& member, const Now& now);

// How many members of the site Patroni could promote now (in a standby cluster: make its new
// standby leader): not the leader, listed as running, without the tag nofailover, answering by SQL
// as a standby, and no more than maximum_lag_on_failover behind; with synchronous mode only
// synchronous standbys. The lag is that of received WAL against what was `written` by the time of
// the look at the standby, so at least this much; Patroni itself goes by the leader's position of
// up to loop_wait ago and is that much more lenient. In a standby cluster neither lag nor
// synchronous mode counts. `config` is null while unknown. Absent when one member's part in it is
// not known.
std::optional<int> FailoverCandidates(const Members& members, const Roles& roles,
                                      const std::string& site, const PatroniConfig* config,
                                      const WalRing& written, const Now& now);

// Whether Patroni says that its PostgreSQL runs: running, streaming, in archive recovery.
bool Runs(const PatroniMember& said);

// Whether Patroni's role for a member is not the one that SQL shows: a leader that takes no writes,
// or anything else that does. Absent when Patroni does not say that it runs.
std::optional<bool> RoleDisagrees(const PatroniMember& said, bool writable);
