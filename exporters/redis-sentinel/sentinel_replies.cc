#include "exporters/redis-sentinel/sentinel_replies.h"

#include <algorithm>
#include <climits>
#include <utility>

#include "exporters/redis-sentinel/answer_text.h"

const std::vector<std::string_view> kFailoverStates = {
    "none",           "wait_start",    "select_slave", "send_slaveof_noone",
    "wait_promotion", "reconf_slaves", "update_config"};

namespace {

constexpr Milliseconds kCentury = std::chrono::hours(24 * 365 * 100);

absl::Status NotSentinel(const std::string& why) {
  return absl::DataLossError("not such an answer of a Sentinel: " + why);
}

// The flat names and values of one instance. Remembers what is missing, so that the fields are read
// one after the other and the outcome is asked for at the end.
class InstanceFields {
 public:
  explicit InstanceFields(const Reply& reply) : items_(reply.items) {
    bool texts = std::all_of(items_.begin(), items_.end(),
                             [](const Reply& item) { return item.type == Reply::kString; });
    if (reply.type != Reply::kArray || items_.size() % 2 != 0 || !texts)
      status_ = NotSentinel("an instance is not a list of names and values");
  }

  const std::string* Find(std::string_view name) const {
    if (!status_.ok()) return nullptr;
    for (std::size_t i = 0; i < items_.size(); i += 2)
      if (items_[i].text == name) return &items_[i + 1].text;
    return nullptr;
  }
  std::string Text(const char* name) {
    auto* text = Find(name);
    if (text == nullptr) Fail(name);
    return text == nullptr ? "" : *text;
  }
  long long Integer(const char* name, long long low = LLONG_MIN, long long high = LLONG_MAX) {
    auto number = ToInteger(Text(name));
    if (!number || *number < low || *number > high) Fail(name);
    return status_.ok() ? *number : 0;
  }
  int Count(const char* name) { return static_cast<int>(Integer(name, 0, INT_MAX)); }
  Milliseconds Age(const char* name) {
    return Milliseconds(std::clamp<long long>(Integer(name), -kCentury.count(), kCentury.count()));
  }
  std::optional<Milliseconds> AgeIfAny(const char* name) {
    if (Find(name) == nullptr) return {};
    return Age(name);
  }
  HostPort Address(const char* host, const char* port) {
    std::string name = Text(host);
    Integer(port, 0, 65535);
    if (name.empty()) return {"", 0};
    auto address = ToAddress(name, Text(port));
    if (!address) Fail(host);
    return address.value_or(HostPort{"", 0});
  }
  const absl::Status& status() const { return status_; }

 private:
  void Fail(const std::string& name) {
    if (status_.ok()) status_ = NotSentinel("no readable " + name);
  }

  const std::vector<Reply>& items_;
  absl::Status status_;
};

InstanceFlags ToFlags(std::string_view text) {
  static const std::pair<std::string_view, bool InstanceFlags::*> kFlags[] = {
      {"s_down", &InstanceFlags::s_down},
      {"o_down", &InstanceFlags::o_down},
      {"disconnected", &InstanceFlags::disconnected},
      {"failover_in_progress", &InstanceFlags::failover_in_progress},
      {"force_failover", &InstanceFlags::force_failover},
  };
  InstanceFlags flags;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    for (auto [name, flag] : kFlags)
      if (word == name) flags.*flag = true;
  }
  return flags;
}

void Read(InstanceFields& fields, Instance& instance) {
  instance.name = fields.Text("name");
  instance.address = fields.Address("ip", "port");
  instance.run_id = fields.Text("runid");
  instance.flags = ToFlags(fields.Text("flags"));
  auto pending = fields.Age("last-ping-sent");
  if (pending != Milliseconds::zero()) instance.pending_ping = pending;
  instance.last_ok_ping = fields.Age("last-ok-ping-reply");
  instance.down_after = fields.Age("down-after-milliseconds");
  instance.s_down = fields.AgeIfAny("s-down-time");
  instance.o_down = fields.AgeIfAny("o-down-time");
}

void Read(InstanceFields& fields, MonitoredMaster& master) {
  Read(fields, static_cast<Instance&>(master));
  master.info_age = fields.Age("info-refresh");
  master.config_epoch = fields.Integer("config-epoch");
  master.replicas = fields.Count("num-slaves");
  master.other_sentinels = fields.Count("num-other-sentinels");
  master.quorum = fields.Count("quorum");
  master.parallel_syncs = fields.Count("parallel-syncs");
  master.failover_timeout = fields.Age("failover-timeout");
  if (auto* state = fields.Find("failover-state")) master.failover_state = *state;
}

void Read(InstanceFields& fields, MonitoredReplica& replica) {
  Read(fields, static_cast<Instance&>(replica));
  replica.info_age = fields.Age("info-refresh");
  replica.link_down = fields.Age("master-link-down-time");
  replica.priority = static_cast<int>(fields.Integer("slave-priority", INT_MIN, INT_MAX));
}

void Read(InstanceFields& fields, MonitoredSentinel& sentinel) {
  Read(fields, static_cast<Instance&>(sentinel));
  sentinel.hello_age = fields.Age("last-hello-message");
}

template <class Kind>
absl::StatusOr<std::vector<Kind>> ParseInstances(const absl::StatusOr<Reply>& reply) {
  if (!reply.ok()) return reply.status();
  if (reply->type != Reply::kArray) return NotSentinel("no list of instances");
  std::vector<Kind> instances;
  for (const Reply& item : reply->items) {
    InstanceFields fields(item);
    Read(fields, instances.emplace_back());
    if (!fields.status().ok()) return fields.status();
  }
  return instances;
}

}  // namespace

absl::StatusOr<std::vector<MonitoredMaster>> ParseMasters(const absl::StatusOr<Reply>& reply) {
  return ParseInstances<MonitoredMaster>(reply);
}

absl::StatusOr<std::vector<MonitoredReplica>> ParseReplicas(const absl::StatusOr<Reply>& reply) {
  return ParseInstances<MonitoredReplica>(reply);
}

absl::StatusOr<std::vector<MonitoredSentinel>> ParseSentinels(const absl::StatusOr<Reply>& reply) {
  return ParseInstances<MonitoredSentinel>(reply);
}

// "OK 3 usable Sentinels. ..." or the error "NOQUORUM 1 usable Sentinels. Not enough available
// Sentinels to reach the specified quorum for this master. Not enough available Sentinels to reach
// the majority and authorize a failover".
absl::StatusOr<QuorumCheck> ParseCkquorum(const absl::StatusOr<Reply>& reply) {
  std::string text(reply.ok() ? reply->text : std::string(reply.status().message()));
  bool ok = reply.ok() && text.starts_with("OK ");
  bool denied = !reply.ok() && text.starts_with("NOQUORUM ");
  if (!reply.ok() && !denied) return reply.status();
  std::string_view rest(text);
  rest.remove_prefix(std::min(rest.size(), rest.find(' ') + 1));
  auto usable = ToInteger(rest.substr(0, rest.find(' ')));
  if ((!ok && !denied) || !usable || *usable < 0 || *usable > INT_MAX)
    return NotSentinel("no verdict on the quorum");
  QuorumCheck check{static_cast<int>(*usable), ok, ok};
  if (denied) {
    check.quorum = rest.find("specified quorum") == rest.npos;
    check.majority = rest.find("majority") == rest.npos;
  }
  if (denied && check.quorum && check.majority) return NotSentinel("NOQUORUM without its reason");
  return check;
}

absl::StatusOr<std::optional<HostPort>> ParseMasterAddress(const absl::StatusOr<Reply>& reply) {
  if (!reply.ok()) return reply.status();
  if (reply->type == Reply::kNil) return std::optional<HostPort>();
  if (reply->type != Reply::kArray || reply->items.size() != 2)
    return NotSentinel("no address of a master");
  if (reply->items[0].type == Reply::kString && reply->items[0].text.empty())
    return std::optional<HostPort>();
  auto address = ToAddress(reply->items[0].text, reply->items[1].text);
  if (!address) return NotSentinel("no readable address of a master");
  return address;
}
