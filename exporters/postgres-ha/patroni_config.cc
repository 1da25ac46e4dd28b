#include "exporters/postgres-ha/patroni_config.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/json.h"
#include "exporters/postgres-ha/answer.h"

namespace {

std::optional<double> NumberOf(JsonView json, double unset) {
  if (!json.exists()) return unset;
  auto number = json.Number();
  if (auto text = json.String()) number = ToNumber(std::string(*text));
  return number && *number >= 0 && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<long long> IntegerOf(JsonView json, long long unset) {
  if (!json.exists()) return unset;
  auto number = json.Integer();
  if (auto text = json.String()) number = ToInteger(std::string(*text));
  return number && *number >= 0 ? number : std::nullopt;
}

std::optional<bool> SwitchOf(JsonView json) {
  if (!json.exists()) return false;
  if (auto number = json.Integer(); number && (*number == 0 || *number == 1)) return *number == 1;
  if (auto value = json.Bool()) return value;
  std::string text(json.String().value_or(""));
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (auto* on : {"on", "true", "yes", "1", "quorum"})
    if (text == on) return true;
  for (auto* off : {"off", "false", "no", "0"})
    if (text == off) return false;
  return std::nullopt;
}

bool Given(JsonView json) {
  return json.exists() && json.String() != "" && json.Integer() != 0 && json.Bool() != false;
}

absl::StatusOr<Json> ParseObject(const char* path, std::string_view body) {
  auto json = Json::Parse(body);
  if (!json.ok())
    return absl::DataLossError(path + (": " + std::string(json.status().message())));
  if (!json->view().IsObject()) return absl::DataLossError(path + std::string(": not an object"));
  return json;
}

}  // namespace

absl::StatusOr<PatroniConfig> ParsePatroniConfig(std::string_view body) {
  auto json = ParseObject("/config", body);
  if (!json.ok()) return json.status();
  JsonView root = json->view(), standby = root["standby_cluster"];
  PatroniConfig config;
  config.ttl_seconds = NumberOf(root["ttl"], 30);
  config.loop_wait_seconds = NumberOf(root["loop_wait"], 10);
  config.retry_timeout_seconds = NumberOf(root["retry_timeout"], 10);
  config.maximum_lag_on_failover_bytes = IntegerOf(root["maximum_lag_on_failover"], 1 << 20);
  config.synchronous_mode = SwitchOf(root["synchronous_mode"]);
  config.standby_cluster =
      Given(standby["host"]) || Given(standby["port"]) || Given(standby["restore_command"]);
  return config;
}

absl::StatusOr<std::optional<double>> ParseLastSeen(std::string_view body) {
  auto json = ParseObject("/patroni", body);
  if (!json.ok()) return json.status();
  auto seen = json->view()["dcs_last_seen"].Number();
  return seen && *seen > 0 ? seen : std::nullopt;
}
