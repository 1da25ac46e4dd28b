#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/board.h"
#include "exporters/postgres-ha/answer.h"

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
  std::optional<int> timeline;
  std::optional<double> replayed_unix_seconds;  // commit time of the last replayed transaction
  bool Writable() const { return answer == Answer::kAnswered && !in_recovery && !read_only; }
};

// One look at a Patroni by REST.
struct PatroniMember {
  std::string name, role, state, host, api_url;
  int port = 0;
  std::optional<int> timeline;
};
struct PatroniLook {
  bool alive = false;              // /liveness or /cluster answered
  bool has_cluster = false;        // /cluster answered: the rest is known
  std::string asked;               // host:port of the URL that was asked
  std::vector<PatroniMember> members;
  bool paused = false;
};

// One look at an anchor: something outside that shows whether our own network works.
struct AnchorLook {
  bool reached = false;
};

struct Evidence : Look {
  MemberId member;  // of a PatroniLook: name is "" for a URL whose member is not known
  std::variant<SqlLook, PatroniLook, AnchorLook> seen;
};
