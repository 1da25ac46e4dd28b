#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exporters/postgres-ha/config.h"
#include "exporters/postgres-ha/evidence.h"
#include "exporters/postgres-ha/wal_ring.h"

// The name of the eye on a member's PostgreSQL: the verdict waits for the evidence of these.
inline std::string PostgresEyeName(const MemberId& id) {
  return "postgres " + id.site + "/" + id.name;
}

// Everything known about one member of a data set.
struct Member {
  // Where it is: from the configuration or from Patroni.
  std::string host, api_url;
  int port = 0;
  bool configured = false;
  Instant present = Instant();  // last listed by Patroni, or answering by SQL

  // What the eye by SQL saw last, and in which state the member was for how long.
  std::optional<SqlLook> sql;
  Instant begin = Instant(), end = Instant();
  std::map<std::string, double> state_seconds;
  bool was_writable = false;         // ever: from then on it could hold the role, whatever its site
  bool goodbye = false;              // it was told to stop since it was last writable
  Instant writable_begin = Instant(), writable_until = Instant();  // its last writable look
  Instant stopped_by = Instant(), stopped_end = Instant();  // the first look after it that was not
  bool stopped_silent = false;          // that one was not answered
  // The newest facts by SQL; they stay when it no longer answers.
  std::string system_identifier;
  double start_unix_seconds = 0;
  std::optional<long long> replayed, received;  // while it is a standby
  // The timeline of its WAL up to this position, as surely known: from its receiver or as a primary.
  int wal_timeline = 0;
  long long wal_position = -1;
  // What it wrote while another one was the holder, since it began to: lost when it gives way.
  WalRing rival;
  int rival_timeline = 0;
  bool rival_whole = false;  // it was seen before it began

  // What Patroni says of it, and its own Patroni.
  std::optional<PatroniMember> patroni;
  Instant patroni_listed = Instant();
  bool patroni_proven = false;       // its own Patroni answered once, so its address is right
  std::optional<bool> patroni_alive;
  Instant patroni_asked = Instant();
};

using Members = std::map<MemberId, Member>;

// Who answers by SQL now, and whether it takes writes; nobody else is in it.
using Roles = std::map<MemberId, bool>;

// The timeline that the member's WAL is of, if it is sure; pg_control_checkpoint is not.
std::optional<int> SureTimeline(const Member& member);

// The state of a member as a word of the closed set kMemberStates.
extern const std::vector<std::string_view> kMemberStates;
std::string_view StateOf(const SqlLook& look);

// Brings the members of the site up to date with what its Patroni lists: new ones appear, moved ones
// change their address. Nobody disappears because a list lacks them: a frozen member is missing after
// its ttl, and after an outage of the store the list is empty. Returns whether addresses changed.
bool Discover(Members& members, const std::string& site, const PatroniLook& look, Instant at);

// Drops members that are not configured, not listed and not reachable for `forget_after`.
bool Forget(Members& members, Instant now, Duration forget_after);

// The name of a member for the page: its own, or site/name where two sites share it.
std::string LabelOf(const Members& members, const MemberId& id);
