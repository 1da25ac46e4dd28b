// What version 6 answers about itself: FTL, its database, lists, seats, versions and host.
#include "exporters/pihole/answer_values.h"
#include "exporters/pihole/api_answers.h"

namespace {

// {"total", "enabled"}, since FTL 6.3; before that the number of those enabled.
std::optional<FtlAnswer::Rules> RulesIn(JsonView value) {
  FtlAnswer::Rules rules;
  auto enabled = CountIn(value.IsObject() ? value["enabled"] : value);
  if (!enabled) return std::nullopt;
  rules.enabled = *enabled;
  auto total = CountIn(value["total"]);
  if (total && *total >= *enabled) rules.disabled = *total - *enabled;
  return rules;
}

void AddRules(FtlAnswer& ftl, JsonView database) {
  for (auto [kind, counts] : {std::pair("exact", database["domains"]),
                              std::pair("regex", database["regex"])}) {
    for (auto [type, key] : {std::pair("allow", "allowed"), std::pair("deny", "denied")}) {
      auto rules = RulesIn(counts[key]);
      if (!rules) continue;
      rules->type = type;
      rules->kind = kind;
      ftl.rules.push_back(*std::move(rules));
    }
  }
}

// How the last download of a list went, as gravity notes it.
std::string_view ListStatus(JsonView status) {
  switch (status.Integer().value_or(0)) {
    case 1: return "updated";
    case 2: return "unchanged";
    case 3: return "failed_cached";  // an older copy is used
    case 4: return "failed_empty";   // there is none
    default: return "unknown";
  }
}

std::string_view ListType(std::string_view type) {
  return type == "block" || type == "allow" ? type : "other";
}

void AddComponent(VersionAnswer& answer, std::string_view name, JsonView local, JsonView branch,
                  JsonView remote) {
  std::string version = TextIn(local);
  if (version.empty()) return;
  answer.components.push_back({std::string(name), version, TextIn(branch), TextIn(remote)});
}

std::optional<double> Celsius(JsonView sensors) {
  auto degrees = sensors["cpu_temp"].Number();
  std::string unit = TextIn(sensors["unit"]);
  if (!degrees) return std::nullopt;
  if (unit == "C") return *degrees;
  if (unit == "F") return (*degrees - 32) / 1.8;
  if (unit == "K") return *degrees - 273.15;
  return std::nullopt;
}

std::optional<double> KibibytesIn(JsonView value) {
  auto kibibytes = CountIn(value);
  if (!kibibytes) return std::nullopt;
  return *kibibytes * 1024;
}

}  // namespace

absl::StatusOr<FtlAnswer> ReadFtl(JsonView answer) {
  JsonView ftl = answer["ftl"];
  if (!ftl.IsObject()) return NotSuch("/api/info/ftl", answer);
  JsonView database = ftl["database"];
  FtlAnswer read;
  if (auto milliseconds = CountIn(ftl["uptime"])) read.uptime_seconds = *milliseconds / 1000;
  read.privacy_level = CountIn(ftl["privacy_level"]);
  read.groups = CountIn(database["groups"]);
  AddRules(read, database);
  for (const char* key : {"gravity", "groups", "lists", "clients"})
    read.gravity_failed = read.gravity_failed || CountFailed(database[key]);
  return read;
}

absl::StatusOr<MessagesAnswer> ReadMessages(JsonView answer) {
  if (!answer["messages"].IsArray()) return NotSuch("/api/info/messages", answer);
  MessagesAnswer messages;
  for (JsonView message : answer["messages"].Items())
    if (auto type = TextIn(message["type"]); !type.empty()) AddCount(messages.types, type, 1);
  return messages;
}

absl::StatusOr<std::vector<ListAnswer>> ReadLists(JsonView answer) {
  if (!answer["lists"].IsArray()) return NotSuch("/api/lists", answer);
  std::vector<ListAnswer> lists;
  for (JsonView entry : answer["lists"].Items()) {
    auto type = entry["type"].String();
    auto enabled = entry["enabled"].Bool();
    if (!type || !enabled) continue;
    lists.push_back({std::string(ListType(*type)), *enabled,
                     std::string(ListStatus(entry["status"])), TimeIn(entry["date_updated"])});
  }
  return lists;
}

absl::StatusOr<VersionAnswer> ReadVersion(JsonView answer) {
  JsonView version = answer["version"];
  if (!version.IsObject()) return NotSuch("/api/info/version", answer);
  VersionAnswer read;
  for (std::string_view name : {"core", "web", "ftl"}) {
    JsonView component = version[name];
    JsonView local = component["local"];
    AddComponent(read, name, local["version"], local["branch"], component["remote"]["version"]);
  }
  JsonView docker = version["docker"];
  AddComponent(read, "docker", docker["local"], JsonView(), docker["remote"]);
  return read;
}

absl::StatusOr<DatabaseAnswer> ReadDatabase(JsonView answer) {
  if (!answer["size"].exists()) return NotSuch("/api/info/database", answer);
  return DatabaseAnswer{CountIn(answer["size"]), CountIn(answer["queries"]),
                        CountIn(answer["queries_disk"])};
}

absl::StatusOr<SystemAnswer> ReadSystem(JsonView system, JsonView sensors) {
  JsonView host = system["system"];
  if (!host.IsObject() && !sensors["sensors"].IsObject())
    return NotSuch("/api/info/system", system);
  JsonView ram = host["memory"]["ram"];
  SystemAnswer read;
  read.memory_total_bytes = KibibytesIn(ram["total"]);
  read.memory_available_bytes = KibibytesIn(ram["available"]);
  auto load = host["cpu"]["load"]["raw"].Items();
  if (load.size() == 3) {
    read.load1 = CountIn(load[0]);
    read.load5 = CountIn(load[1]);
    read.load15 = CountIn(load[2]);
  }
  read.temperature_celsius = Celsius(sensors["sensors"]);
  return read;
}

absl::StatusOr<SeatsAnswer> ReadSeats(JsonView answer, std::string_view user_agent) {
  if (!answer["sessions"].IsArray()) return NotSuch("/api/auth/sessions", answer);
  SeatsAnswer seats;
  std::vector<JsonView> ours;
  std::optional<JsonView> current;
  for (JsonView seat : answer["sessions"].Items()) {
    auto valid = seat["valid"].Bool();
    if (!valid) continue;
    ++(*valid ? seats.valid : seats.expired);
    if (seat["current_session"].Bool().value_or(false)) {
      current = seat;
    } else if (!user_agent.empty() && seat["user_agent"].String() == user_agent) {
      ours.push_back(seat);
    }
  }
  if (!current) return seats;  // then one of ours may be in use
  for (JsonView seat : ours) {
    auto id = seat["id"].Integer();
    const bool from_here = seat["remote_addr"].String() == (*current)["remote_addr"].String();
    if (from_here && id && *id >= 0 && *id < 10'000) seats.orphans.push_back(static_cast<int>(*id));
  }
  return seats;
}

absl::StatusOr<double> ReadSeatsMax(JsonView config) {
  auto most = CountIn(config["config"]["webserver"]["api"]["max_sessions"]);
  if (!most) return NotSuch("/api/config", config);
  return *most;
}
