#include "exporters/postgres-ha/etcd_answers.h"

#include <charconv>

#include "common/json.h"
#include "exporters/postgres-ha/answer.h"
#include "exporters/postgres-ha/base64.h"
#include "exporters/postgres-ha/patroni_history.h"

namespace {

constexpr std::size_t kMaxText = 256;   // of names and messages
constexpr std::size_t kMaxLooks = 1000; // of one answer

std::string Text(JsonView json) {
  return OneLine(std::string(json.String().value_or("").substr(0, kMaxText)));
}

// "42" or 42; 0 when it is left out.
std::optional<long long> Integer(JsonView json) {
  if (!json.exists()) return 0;
  auto text = json.String();
  if (!text) return json.Integer();
  long long n = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), n);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return n;
}

absl::Status Damaged(const std::string& what) { return absl::DataLossError("etcd: " + what); }

absl::StatusOr<Json> Parse(std::string_view text) {
  auto json = Json::Parse(text);
  if (!json.ok()) return Damaged(std::string(json.status().message()));
  if (!json->view().IsObject()) return Damaged("not a JSON object");
  return json;
}

// The server's own words for an error, by what can be done about it.
absl::Status ServerError(const std::string& message) {
  auto says = [&](const char* words) { return message.find(words) != message.npos; };
  std::string what = "etcd says: " + message;
  if (says("invalid auth token") || says("auth store is old"))
    return absl::UnauthenticatedError(what);
  if (says("permission denied") || says("user name is empty") || says("authentication failed"))
    return absl::PermissionDeniedError(what);
  if (says("authentication is not enabled")) return absl::FailedPreconditionError(what);
  return absl::UnavailableError(what);
}

// The bytes of a base64 string; "" when it is left out.
absl::StatusOr<std::string> Bytes(JsonView json) {
  if (!json.exists()) return "";
  auto bytes = FromBase64(json.String().value_or("?"));
  if (!bytes) return Damaged("a key or value that is not base64");
  return *std::move(bytes);
}

// The key `failover`: {} or {"leader": "pg1", "member": "pg2", "scheduled_at": "..."}.
std::optional<DcsLook> Request(const std::string& value, const Now& now) {
  DcsLook look;
  look.what = DcsLook::What::kRequestCleared;
  if (value.empty()) return look;
  auto json = Json::Parse(value);
  if (!json.ok() || !json->view().IsObject()) return std::nullopt;
  look.name = Text(json->view()["leader"]);
  if (!look.name.empty()) look.what = DcsLook::What::kSwitchover;
  else if (!Text(json->view()["member"]).empty()) look.what = DcsLook::What::kFailover;
  else return look;
  auto scheduled = ParseIsoTime(json->view()["scheduled_at"].String().value_or(""));
  constexpr double kYear = 366 * 86400;
  if (scheduled && *scheduled < now.unix_seconds + kYear) look.not_before = now.AtUnix(*scheduled);
  return look;
}

// A change of one key, or what it holds; nothing if it does not count.
std::optional<DcsLook> Change(std::string_view key, const std::string& value, const Now& now) {
  DcsLook look;
  if (key == "leader") {
    look.what = value.empty() ? DcsLook::What::kLockReleased : DcsLook::What::kLockTaken;
    look.name = value.substr(0, kMaxText);
    return look;
  }
  if (key == "failover") return Request(value, now);
  if (key != "history") return std::nullopt;
  auto history = ParseHistory(value);
  if (!history.ok()) return std::nullopt;
  look.what = DcsLook::What::kHistory;
  look.history = *std::move(history);
  return look;
}

// Adds what a {"key", "value", "mod_revision"} says.
absl::Status Add(JsonView kv, bool deleted, std::string_view prefix, const Now& now,
                 EtcdKeys& keys) {
  auto key = Bytes(kv["key"]), value = Bytes(kv["value"]);
  auto revision = Integer(kv["mod_revision"]);
  if (!key.ok()) return key.status();
  if (!value.ok()) return value.status();
  if (!revision || *revision <= 0) return Damaged("a key without its revision");
  keys.oldest = keys.oldest > 0 ? std::min(keys.oldest, *revision) : *revision;
  keys.newest = std::max(keys.newest, *revision);
  if (!key->starts_with(prefix)) return absl::OkStatus();
  auto look = Change(key->substr(prefix.size()), deleted ? "" : *value, now);
  if (look && keys.looks.size() < kMaxLooks) keys.looks.push_back(*std::move(look));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<EtcdLook> ParseEtcdStatus(std::string_view body) {
  auto json = Parse(body);
  if (!json.ok()) return json.status();
  JsonView status = json->view();
  EtcdLook look;
  look.version = Text(status["version"]);
  if (look.version.empty()) return Damaged("a status without a version");
  look.answered = true;
  // Identities are unsigned and may be too large for us: they are compared as they stand.
  auto leader = status["leader"].exists() ? status["leader"].String() : "0";
  if (!leader) return Damaged("a leader that is no string");
  look.has_leader = *leader != "0";
  look.is_leader = *look.has_leader && status["header"]["member_id"].String() == *leader;
  look.database_bytes = Integer(status["dbSize"]);
  look.database_used_bytes = Integer(status["dbSizeInUse"]);
  look.raft_term = Integer(status["raftTerm"]);
  look.raft_index = Integer(status["raftIndex"]);
  look.raft_applied_index = Integer(status["raftAppliedIndex"]);
  look.alarms = 0;
  for (JsonView error : status["errors"].Items())
    *look.alarms += Text(error).find("alarm:") != std::string::npos;
  return look;
}

absl::StatusOr<bool> ParseEtcdHealth(std::string_view body) {
  auto json = Parse(body);
  if (!json.ok()) return json.status();
  std::string health = Text(json->view()["health"]);
  if (health != "true" && health != "false") return Damaged("no health in the answer");
  return health == "true";
}

absl::StatusOr<std::string> ParseEtcdToken(std::string_view body) {
  auto json = Parse(body);
  if (!json.ok()) return json.status();
  std::string token(json->view()["token"].String().value_or(""));
  // It becomes a header.
  bool printable = token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789+/=_.-") == token.npos;
  if (token.empty() || !printable || token.size() > 8000) return Damaged("no token in the answer");
  return token;
}

absl::Status EtcdError(int http_code, std::string_view body) {
  auto json = Json::Parse(body);
  std::string message = json.ok() ? Text(json->view()["error"]) : "";
  if (!message.empty()) return ServerError(message);
  std::string what = "etcd: answers " + std::to_string(http_code);
  if (http_code == 404) what += ": no JSON gateway? It takes etcd 3.4 or later";
  return http_code >= 500 ? absl::UnavailableError(what) : absl::DataLossError(what);
}

absl::StatusOr<EtcdKeys> ParseEtcdRange(std::string_view body, std::string_view prefix,
                                        const Now& now) {
  auto json = Parse(body);
  if (!json.ok()) return json.status();
  auto revision = Integer(json->view()["header"]["revision"]);
  if (!revision || *revision <= 0) return Damaged("no revision in the answer");
  EtcdKeys found, keys;
  for (JsonView kv : json->view()["kvs"].Items())
    if (auto s = Add(kv, false, prefix, now, found); !s.ok()) return s;
  keys.oldest = keys.newest = *revision;
  keys.looks.resize(1);
  keys.looks[0].what = DcsLook::What::kConnected;
  for (DcsLook& look : found.looks) {
    if (look.what == DcsLook::What::kLockTaken) keys.looks[0].name = look.name;
    else if (look.what != DcsLook::What::kRequestCleared) keys.looks.push_back(std::move(look));
  }
  return keys;
}

absl::StatusOr<EtcdKeys> ParseEtcdWatch(std::string_view line, std::string_view prefix,
                                        const Now& now) {
  auto json = Parse(line);
  if (!json.ok()) return json.status();
  JsonView error = json->view()["error"], result = json->view()["result"];
  if (error.exists()) return ServerError(Text(error["message"]) + Text(error));
  if (!result.IsObject()) return Damaged("neither result nor error");
  if (result["compact_revision"].exists())
    return absl::OutOfRangeError("etcd: what changed meanwhile is compacted");
  if (result["canceled"].Bool().value_or(false))
    return ServerError("watch cancelled: " + Text(result["cancel_reason"]));
  EtcdKeys keys;
  for (JsonView event : result["events"].Items()) {
    bool deleted = event["type"].String() == "DELETE";
    if (auto s = Add(event["kv"], deleted, prefix, now, keys); !s.ok()) return s;
  }
  return keys;
}

absl::StatusOr<long long> ParseEtcdRevision(std::string_view body) {
  auto json = Parse(body);
  if (!json.ok()) return json.status();
  auto kvs = json->view()["kvs"].Items();
  auto revision = kvs.empty() ? 0 : Integer(kvs[0]["mod_revision"]);
  if (!json->view()["header"].IsObject() || !revision) return Damaged("no answer to a range");
  return *revision;
}
