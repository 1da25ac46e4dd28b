#include "exporters/postgres-ha/patroni_cluster.h"

#include "common/json.h"
#include "exporters/postgres-ha/patroni_history.h"

namespace {

constexpr std::size_t kMaxMembers = 64;

std::string Text(JsonView json) { return std::string(json.String().value_or("")); }

// Since Patroni 3.2 a priority of 0 or less means the same, where nofailover does not say
// otherwise.
bool NoFailover(JsonView tags) {
  if (auto nofailover = tags["nofailover"].Bool()) return *nofailover;
  return tags["failover_priority"].Integer().value_or(1) <= 0;
}

PatroniMember ToMember(JsonView json) {
  PatroniMember m;
  m.name = Text(json["name"]);
  m.role = Text(json["role"]);
  if (m.role == "master" || m.role == "primary") m.role = "leader";
  m.state = Text(json["state"]);
  m.host = Text(json["host"]);
  m.api_url = Text(json["api_url"]);
  auto port = json["port"].Integer();
  if (port && *port > 0 && *port < 65536) m.port = static_cast<int>(*port);
  auto timeline = json["timeline"].Integer();
  if (timeline && *timeline > 0 && *timeline < (1LL << 31))
    m.timeline = static_cast<int>(*timeline);
  m.pending_restart = json["pending_restart"].Bool().value_or(false);
  m.nofailover = NoFailover(json["tags"]);
  return m;
}

}  // namespace

absl::StatusOr<PatroniLook> ParseCluster(std::string_view body) {
  auto json = Json::Parse(body);
  if (!json.ok()) return absl::DataLossError("/cluster: " + std::string(json.status().message()));
  JsonView members = json->view()["members"];
  if (!members.IsArray()) return absl::DataLossError("/cluster: no list of members");
  PatroniLook look;
  look.alive = look.has_cluster = true;
  look.paused = json->view()["pause"].Bool().value_or(false);
  look.scheduled_switchover_unix_seconds =
      ParseIsoTime(json->view()["scheduled_switchover"]["at"].String().value_or(""));
  for (JsonView item : members.Items()) {
    PatroniMember member = ToMember(item);
    if (!member.name.empty() && look.members.size() < kMaxMembers)
      look.members.push_back(std::move(member));
  }
  return look;
}

std::string HostPortOf(std::string_view url) {
  bool tls = url.starts_with("https://");
  if (auto scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  auto colon = url.rfind(':');
  bool has_port = colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos;
  return std::string(url) + (has_port ? "" : tls ? ":443" : ":80");
}
