#include "exporters/redis-sentinel/info.h"

#include <algorithm>
#include <unordered_map>
#include <variant>

#include "exporters/redis-sentinel/answer_text.h"

namespace {

constexpr std::size_t kMaxOfAKind = 1024;  // replicas, databases, kinds of errors
constexpr std::size_t kMaxWordBytes = 64;
constexpr std::size_t kIdDigits = 40;
constexpr long long kMaxSeconds = 1LL << 32;  // a century and more; fits every clock of ours

Info::Number ToNumber(std::string_view text) {
  auto number = ToInteger(text);
  return number && *number >= 0 ? number : std::nullopt;
}

Info::Seconds ToSeconds(std::string_view text) {
  auto number = ToNumber(text);
  if (!number || *number > kMaxSeconds) return {};
  return std::chrono::seconds(*number);
}

Info::Yes Either(std::string_view text, std::string_view yes, std::string_view no) {
  if (text != yes && text != no) return {};
  return text == yes;
}

std::string ToWord(std::string_view text) {
  if (text.size() > kMaxWordBytes || !IsPlain(text)) return "";
  return std::string(text);
}

std::string ToId(std::string_view text) {
  bool hexadecimal = text.find_first_not_of("0123456789abcdef") == text.npos;
  bool none = text.find_first_not_of('0') == text.npos;
  return hexadecimal && !none && text.size() == kIdDigits ? std::string(text) : "";
}

// The value of `name` in "ip=10.0.0.2,port=6379"; "" if it is not there. IPv6 has no comma.
std::string_view Part(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.starts_with(name) && part.substr(name.size()).starts_with('='))
      return part.substr(name.size() + 1);
  }
  return {};
}

std::optional<AttachedReplica> ToReplica(std::string_view text) {
  auto address = ToAddress(Part(text, "ip"), Part(text, "port"));
  auto offset = ToNumber(Part(text, "offset"));
  if (!address || !offset || Part(text, "state").empty()) return {};
  return AttachedReplica{*address, *offset, ToNumber(Part(text, "lag"))};
}

std::optional<Database> ToDatabase(int number, std::string_view text) {
  auto keys = ToNumber(Part(text, "keys"));
  if (!keys) return {};
  return Database{number, *keys};
}

// What is only of use until all lines are read.
struct Draft {
  Info info;
  std::string redis_version, server_name, valkey_version;
  std::string role, master_host, master_port;
  std::vector<AttachedReplica> replicas;
  std::vector<Database> databases;
  std::map<std::string, long long> errors;
  bool replicas_garbled = false, databases_garbled = false, errors_garbled = false;
  bool keyspace = false, errorstats = false;  // the section is there
  bool known = false;                         // anything
};

// Where a line goes, and how it is read.
struct YesNo { Info::Yes Info::*to; };  // 1 or 0
struct OkErr { Info::Yes Info::*to; };  // ok or err
struct Link { Info::Yes Info::*to; };   // up or down
struct Id { std::string Info::*to; };
using Destination = std::variant<Info::Number Info::*, Info::Seconds Info::*, YesNo, OkErr, Link,
                                 Id, std::string Draft::*>;

const std::unordered_map<std::string_view, Destination>& Destinations() {
  static const std::unordered_map<std::string_view, Destination> targets = {
      {"redis_version", &Draft::redis_version},
      {"server_name", &Draft::server_name},
      {"valkey_version", &Draft::valkey_version},
      {"run_id", Id{&Info::run_id}},
      {"uptime_in_seconds", &Info::uptime},
      {"connected_clients", &Info::connected_clients},
      {"maxclients", &Info::max_clients},
      {"blocked_clients", &Info::blocked_clients},
      {"used_memory", &Info::memory_used_bytes},
      {"maxmemory", &Info::memory_max_bytes},
      {"loading", YesNo{&Info::loading}},
      {"async_loading", YesNo{&Info::async_loading}},
      {"loading_eta_seconds", &Info::loading_eta},
      {"rdb_changes_since_last_save", &Info::unsaved_changes},
      {"rdb_last_save_time", &Info::rdb_last_save_unix},
      {"rdb_last_bgsave_status", OkErr{&Info::rdb_ok}},
      {"rdb_last_bgsave_time_sec", &Info::rdb_last_duration},
      {"rdb_bgsave_in_progress", YesNo{&Info::rdb_saving}},
      {"rdb_last_load_keys_loaded", &Info::loaded_keys},
      {"aof_enabled", YesNo{&Info::aof_enabled}},
      {"aof_rewrite_in_progress", YesNo{&Info::aof_rewriting}},
      {"aof_last_write_status", OkErr{&Info::aof_write_ok}},
      {"aof_last_bgrewrite_status", OkErr{&Info::aof_rewrite_ok}},
      {"aof_rewrites_consecutive_failures", &Info::aof_rewrite_failures},
      {"aof_current_size", &Info::aof_size_bytes},
      {"aof_buffer_length", &Info::aof_buffer_bytes},
      {"aof_pending_bio_fsync", &Info::aof_pending_fsyncs},
      {"aof_delayed_fsync", &Info::aof_delayed_fsyncs_total},
      {"total_connections_received", &Info::connections_total},
      {"rejected_connections", &Info::rejected_connections_total},
      {"total_commands_processed", &Info::commands_total},
      {"instantaneous_ops_per_sec", &Info::ops_per_second},
      {"total_net_input_bytes", &Info::net_input_bytes_total},
      {"total_net_output_bytes", &Info::net_output_bytes_total},
      {"sync_full", &Info::full_syncs_total},
      {"sync_partial_ok", &Info::partial_syncs_total},
      {"sync_partial_err", &Info::refused_partial_syncs_total},
      {"evicted_keys", &Info::evicted_keys_total},
      {"expired_keys", &Info::expired_keys_total},
      {"latest_fork_usec", &Info::fork_microseconds},
      {"role", &Draft::role},
      {"master_replid", Id{&Info::replication_id}},
      {"master_replid2", Id{&Info::second_replication_id}},
      {"master_repl_offset", &Info::offset_bytes},
      {"second_repl_offset", &Info::second_offset_bytes},
      {"repl_backlog_size", &Info::backlog_size_bytes},
      {"repl_backlog_histlen", &Info::backlog_bytes},
      {"connected_slaves", &Info::connected_replicas},
      {"master_host", &Draft::master_host},
      {"master_port", &Draft::master_port},
      {"master_link_status", Link{&Info::link_up}},
      {"master_last_io_seconds_ago", &Info::last_io},
      {"master_link_down_since_seconds", &Info::link_down},
      {"master_sync_in_progress", YesNo{&Info::sync_in_progress}},
      {"slave_priority", &Info::replica_priority},
      {"slave_read_only", YesNo{&Info::replica_read_only}},
      {"sentinel_masters", &Info::monitored_masters},
      {"sentinel_tilt", YesNo{&Info::tilt}},
      {"sentinel_tilt_since_seconds", &Info::tilt_for},
      {"sentinel_running_scripts", &Info::running_scripts},
      {"sentinel_scripts_queue_length", &Info::queued_scripts},
      {"sentinel_simulate_failure_flags", &Info::simulated_failures},
  };
  return targets;
}

// Sets a field, unless an earlier line did.
struct Setter {
  Draft& draft;
  std::string_view text;

  template <class Field, class Value>
  static void Once(Field& field, Value value) { if (field == Field()) field = std::move(value); }

  void operator()(Info::Number Info::*to) { Once(draft.info.*to, ToNumber(text)); }
  void operator()(Info::Seconds Info::*to) { Once(draft.info.*to, ToSeconds(text)); }
  void operator()(YesNo flag) { Once(draft.info.*flag.to, Either(text, "1", "0")); }
  void operator()(OkErr status) { Once(draft.info.*status.to, Either(text, "ok", "err")); }
  void operator()(Link link) { Once(draft.info.*link.to, Either(text, "up", "down")); }
  void operator()(Id id) { Once(draft.info.*id.to, ToId(text)); }
  void operator()(std::string Draft::*to) { Once(draft.*to, std::string(text)); }
};

// The number in "slave0" or "db0"; none if `name` is another one.
std::optional<int> NumberAfter(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return {};
  auto number = ToNumber(name.substr(prefix.size()));
  if (!number || *number > INT32_MAX) return {};
  return static_cast<int>(*number);
}

template <class Item>
void Keep(std::vector<Item>& items, std::optional<Item> item, bool& garbled) {
  if (!item || items.size() == kMaxOfAKind) garbled = true;
  else items.push_back(*std::move(item));
}

void KeepError(Draft& draft, std::string_view name, std::string_view text) {
  std::string word = ToWord(name);
  auto count = ToNumber(Part(text, "count"));
  if (word.empty() || !count || draft.errors.size() == kMaxOfAKind) draft.errors_garbled = true;
  else draft.errors.emplace(word, *count);
}

void TakeLine(Draft& draft, std::string_view line) {
  if (line == "# Keyspace") draft.keyspace = draft.known = true;
  if (line == "# Errorstats") draft.errorstats = draft.known = true;
  std::size_t colon = line.find(':');
  if (colon == line.npos) return;
  std::string_view name = line.substr(0, colon), text = line.substr(colon + 1);
  if (auto found = Destinations().find(name); found != Destinations().end()) {
    draft.known = true;
    std::visit(Setter{draft, text}, found->second);
  } else if (NumberAfter("slave", name)) {
    Keep(draft.replicas, ToReplica(text), draft.replicas_garbled);
  } else if (auto number = NumberAfter("db", name)) {
    Keep(draft.databases, ToDatabase(*number, text), draft.databases_garbled);
  } else if (constexpr std::string_view kError = "errorstat_"; name.starts_with(kError)) {
    KeepError(draft, name.substr(kError.size()), text);
  }
}

// Forks keep redis_version, at the version that they are compatible with.
void Name(Draft& draft) {
  Info& info = draft.info;
  info.flavor = ToWord(draft.server_name);
  if (info.flavor.empty() && !draft.redis_version.empty()) info.flavor = "redis";
  info.version = ToWord(info.flavor == "redis" ? draft.redis_version : draft.valkey_version);
}

Info Finish(Draft draft) {
  Name(draft);
  Info& info = draft.info;
  if (draft.role == "master") info.role = Role::kMaster;
  if (draft.role == "slave") info.role = Role::kReplica;
  info.master = ToAddress(draft.master_host, draft.master_port);
  if (info.connected_replicas && !draft.replicas_garbled) info.replicas = std::move(draft.replicas);
  if (draft.keyspace && !draft.databases_garbled) info.databases = std::move(draft.databases);
  if (draft.errorstats && !draft.errors_garbled) info.errors_total = std::move(draft.errors);
  return std::move(info);
}

}  // namespace

absl::StatusOr<Info> ParseInfo(std::string_view text) {
  Draft draft;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    TakeLine(draft, line);
  }
  if (!draft.known) return absl::DataLossError("not an answer to INFO: nothing in it is known");
  return Finish(std::move(draft));
}
