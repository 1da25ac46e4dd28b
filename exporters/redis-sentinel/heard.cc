#include "exporters/redis-sentinel/heard.h"

#include <algorithm>

using namespace std::chrono_literals;

namespace {

// How long an eye may be late.
constexpr Duration kGrace = 5s;

const Metric kEvents("redis_sentinel_events_total", Type::kCounter,
                     "Events that the Sentinel announced while we listened, in its own words; "
                     "the steps within a failover and words that we do not know are other.",
                     "sentinel", "event");
const Metric kLate("redis_sentinel_late_events_total", Type::kCounter,
                   "Events that came late, in a burst after a cut of the network: they date "
                   "nothing.",
                   "sentinel");
const Metric kSubscribed("redis_sentinel_subscribed", Type::kGauge,
                         "Whether we hear what the Sentinel announces. 0: it refuses, or does not "
                         "answer; failovers are then measured by looks alone.",
                         "sentinel");

// What tells of health, failovers and changes of the configuration.
constexpr std::string_view kKnown[] = {
    "+sdown", "-sdown", "+odown", "-odown", "+new-epoch", "+try-failover", "+vote-for-leader",
    "+elected-leader", "+promoted-slave", "+switch-master", "+config-update-from", "+failover-end",
    "+failover-end-for-timeout", "-failover-abort-not-elected", "-failover-abort-no-good-slave",
    "-failover-abort-slave-timeout", "+role-change", "-role-change", "+convert-to-slave",
    "+fix-slave-config", "+reboot", "+tilt", "-tilt", "+slave", "+sentinel",
    "+sentinel-address-switch", "+sentinel-invalid-addr", "+reset-master", "+monitor", "-monitor",
    "+set", "-script-error", "-script-timeout"};

}  // namespace

void Heard::Step(const EventLook& look) {
  Of& of = of_[look.sentinel];
  const std::string& name = look.event.name;
  bool known = std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown);
  ++(known ? of.events[name] : of.other);
  of.late += look.late;
}

void Heard::Step(const SubscriptionLook& look) { of_[look.sentinel].subscription = look; }

void Heard::KeepOnly(const std::set<std::string>& sentinels) {
  std::erase_if(of_, [&](auto& item) { return !sentinels.count(item.first); });
}

void Heard::Show(const std::set<std::string>& sentinels, Instant now, Samples& out) const {
  const Of nothing;
  for (auto& sentinel : sentinels) {
    auto found = of_.find(sentinel);
    const Of& of = found == of_.end() ? nothing : found->second;
    for (auto event : kKnown) {
      auto count = of.events.find(std::string(event));
      out.Add(kEvents, {sentinel, event}, count == of.events.end() ? 0 : count->second);
    }
    out.Add(kEvents, {sentinel, "other"}, of.other);
    out.Add(kLate, {sentinel}, of.late);
    if (now <= of.subscription.again + kGrace)
      out.Add(kSubscribed, {sentinel}, of.subscription.subscribed);
  }
}
