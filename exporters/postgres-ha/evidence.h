#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/board.h"
#include "exporters/postgres-ha/answer.h"
#include "exporters/postgres-ha/patroni_look.h"

// What the eyes of a data set post on its board.

// A member is known by the site it belongs to and its name in Patroni (or in the configuration).
struct MemberId {
  std::string site, name;
  auto operator<=>(const MemberId&) const = default;
};

// One look at a member by SQL.
struct SqlLook {
  Answer answer = Answer::kTimeout;
  bool goodbye = false;  // the session ended because the server was told to stop
  // The rest is known when answer is kAnswered.
  bool in_recovery = false, read_only = false;  // read_only: default_transaction_read_only is on
  std::string system_identifier;
  double start_unix_seconds = 0;        // of the postmaster
  int version = 0;                      // server_version_num
  std::optional<long long> position;    // bytes of WAL: written on a primary, replayed on a standby
  std::optional<long long> received;    // a standby's
  std::optional<int> timeline;          // of a standby it may be minutes old, but for the next one
  std::optional<int> receiving_timeline;  // a standby's, while it streams and we may see it
  std::optional<double> replayed_unix_seconds;  // commit time of the last replayed transaction
  std::optional<double> clock_offset_seconds;   // the server's clock minus ours, see ClockOffset
  bool Writable() const { return answer == Answer::kAnswered && !in_recovery && !read_only; }
};

// One look at an anchor: something outside that shows whether our own network works.
struct AnchorLook {
  bool reached = false;
};

// One session through a route of the evidence's site. `landed` is the server it landed on, or how it
// did not get to one.
enum class RouteKind { kReadWrite, kReadOnly };
struct RouteLook {
  RouteKind route = RouteKind::kReadWrite;
  bool fresh = false;  // a new session; else the one that is kept open
  SqlLook landed;
};

// A new session to a member, beside the one that is kept: what a client meets that connects now.
struct CanaryLook {
  Answer answer = Answer::kTimeout;
  double seconds = 0;  // from connect to the answer to a query, or waited so far
};

// A commit on a member that takes writes.
struct HeartbeatLook {
  bool committed = false;
  double seconds = 0;
};

// One look at a HAProxy: its servers (not its front and back ends).
struct HaproxyServer {
  std::string proxy, server;
  std::string status;              // UP, DOWN, "UP 2/3", MAINT, "no check", ...; DRAIN if weight is 0
  bool up = false;                 // takes sessions
  std::string check_status;        // L7OK, L4CON, ...; "" without checks
  std::string address;             // host:port, where it says so
  std::optional<double> sessions, session_limit, queue;
  std::optional<double> connections_total, connection_errors_total, check_failures_total;
  std::optional<double> last_change_seconds;  // how long ago its status changed, in whole seconds
};
struct HaproxyLook {
  std::string name;                // the configured URL
  bool answered = false;
  std::vector<HaproxyServer> servers;
};

// One look at a member of etcd.
struct EtcdLook {
  std::string endpoint;            // host:port
  bool answered = false;           // the rest is known, as far as it was said
  std::optional<bool> healthy;     // /health: a quorum let it commit
  std::optional<bool> has_leader, is_leader;
  std::optional<long long> database_bytes, database_used_bytes, raft_term, raft_index,
      raft_applied_index;
  std::optional<int> alarms;       // of the whole etcd
  std::string version;
};

// What etcd pushed about a scope, each at `end`.
struct DcsLook {
  enum class What {
    kConnected,        // the stream is there: what follows is complete; `name` holds the lock
    kLost,             // it ended: events may be missed
    kLockTaken,        // `name` took the leader's lock
    kLockReleased,     // deleted or expired
    kSwitchover,       // asked for by somebody, away from leader `name`
    kFailover,         // asked for without naming a leader
    kRequestCleared,
    kHistory,          // `history` is the new one
  };
  What what = What::kLost;
  std::string name;
  std::vector<Promotion> history;
  std::optional<Instant> not_before;  // kSwitchover, kFailover: scheduled for then
  bool resumed = false;               // kConnected: from where it was lost, so that nothing is missed
  bool late = false;                  // happened before `end`, while the stream was away
};

struct Evidence : Look {
  MemberId member;  // name is "" where the site is all that is known
  std::variant<SqlLook, PatroniLook, AnchorLook, RouteLook, CanaryLook, HeartbeatLook, HaproxyLook,
               EtcdLook, DcsLook>
      seen;
};
