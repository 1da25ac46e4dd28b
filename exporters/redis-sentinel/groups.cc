#include "exporters/redis-sentinel/groups.h"

#include <functional>

#include "exporters/redis-sentinel/config.h"
#include "exporters/redis-sentinel/deployment.h"
#include "exporters/redis-sentinel/events_eye.h"
#include "exporters/redis-sentinel/node_eye.h"
#include "exporters/redis-sentinel/sentinel_eye.h"
#include "exporters/redis-sentinel/write_canary_eye.h"

namespace {

using BoardPointer = std::shared_ptr<DeploymentBoard>;

std::string Number(long long number) { return std::to_string(number) + '\0'; }

// All that a connection is made from, without spelling a password out. What is in password_file is
// the connection's business.
std::string Fingerprint(const RedisConnectionOptions& o) {
  std::string out = o.stream.host + '\0' + Number(o.stream.port) + o.user + '\0' + o.password_file +
                    '\0' + std::to_string(std::hash<std::string>()(o.password)) + '\0';
  if (!o.stream.tls) return out;
  const TlsOptions& tls = *o.stream.tls;
  for (auto* part : {&tls.ca_file, &tls.cert_file, &tls.key_file, &tls.server_name})
    out += *part + '\0';
  return out + Number(static_cast<int>(tls.verify));
}

Target MakeTarget(const DeploymentOptions& o, std::string kind, std::string_view label,
                  const std::string& name, const RedisConnectionOptions& connection,
                  std::unique_ptr<Collector> collector) {
  Target t;
  t.kind = std::move(kind);
  t.name = o.name + "/" + name;
  t.labels = RenderLabels({{label, name}});
  t.fingerprint = Fingerprint(connection) + Number(o.look_interval.count()) +
                  Number(o.look_deadline.count());
  t.look_deadline = o.look_deadline;
  t.collector = std::move(collector);
  return t;
}

RedisConnectionOptions At(RedisConnectionOptions connection, const HostPort& dialled) {
  connection.stream.host = dialled.host;
  connection.stream.port = dialled.port;
  return connection;
}

// A seed is dialled as it is configured, every other Sentinel through the map.
absl::StatusOr<RedisConnectionOptions> ToSentinel(const DeploymentOptions& o,
                                                  const std::string& name) {
  for (auto& seed : o.sentinels) {
    if (ToText({seed.host, seed.port}) != name) continue;
    auto connection = At(o.sentinel, {seed.host, seed.port});
    if (seed.tls && !connection.stream.tls) connection.stream.tls = TlsOptions();
    return connection;
  }
  auto announced = ParseHostPort(name);
  if (!announced.ok()) return announced.status();
  return At(o.sentinel, o.address_map.Dialled(*announced));
}

void AddSentinel(const BoardPointer& board, const DeploymentOptions& o, const std::string& name,
                 std::vector<Target>& targets) {
  auto connection = ToSentinel(o, name);
  if (!connection.ok()) return;
  targets.push_back(
      MakeTarget(o, "sentinel", "sentinel", name, *connection,
                 std::make_unique<SentinelEye>(board, name, *connection, o.look_deadline)));
  Target events = MakeTarget(o, "sentinel_events", "sentinel", name, *connection,
                             std::make_unique<EventsEye>(board, name, *connection));
  events.collects = false;
  targets.push_back(std::move(events));
}

void AddNode(const BoardPointer& board, const DeploymentOptions& o, const std::string& name,
             const RedisConnectionOptions& login, std::vector<Target>& targets) {
  auto announced = ParseHostPort(name);
  if (!announced.ok()) return;
  auto connection = At(login, o.address_map.Dialled(*announced));
  targets.push_back(MakeTarget(o, "redis", "node", name, connection,
                               std::make_unique<NodeEye>(board, name, connection, o.look_interval,
                                                         o.look_deadline)));
}

void AddCanary(const BoardPointer& board, const DeploymentOptions& o, const std::string& master,
               std::vector<Target>& targets) {
  const RedisConnectionOptions& login = NodeLogin(o, master);
  Target t = MakeTarget(o, "redis_canary", "master_name", o.prefix + master, login,
                        std::make_unique<WriteCanaryEye>(board, master, login, o.canary));
  t.fingerprint += o.canary.key + '\0' + Number(o.canary.interval.count());
  targets.push_back(std::move(t));
}

std::vector<Target> TargetsOf(const BoardPointer& board) {
  return board->With([&](const Deployment& d) {
    std::vector<Target> targets;
    for (auto& name : d.sentinels()) AddSentinel(board, d.options(), name, targets);
    if (d.options().canary.interval > Duration::zero())
      for (auto& [name, set] : d.sets()) AddCanary(board, d.options(), name, targets);
    if (!d.options().redis_nodes) return targets;
    for (auto& name : d.nodes())
      AddNode(board, d.options(), name, NodeLogin(d.options(), d.MasterOf(name)), targets);
    return targets;
  });
}

}  // namespace

absl::StatusOr<std::vector<Group>> LoadDeployments(Fields& config,
                                                   const std::vector<Group>& running) {
  auto all = ReadDeployments(config);
  if (!all.ok()) return all.status();
  std::vector<Group> groups;
  for (auto& options : *all) {
    std::string name = options.name;
    auto board = RunningBoard<DeploymentBoard>(running, name);
    if (board) board->With([&](Deployment& d) { d.Configure(std::move(options)); });
    else board = std::make_shared<DeploymentBoard>(Deployment(std::move(options)));
    groups.push_back({name, board, [board] { return TargetsOf(board); }});
  }
  return groups;
}
