#include "exporters/redis-sentinel/eligibility.h"

#include <cstddef>

const std::vector<std::string_view> kIneligibleReasons = {
    "down", "disconnected", "no_ping", "priority_zero", "info_old", "link_down"};

std::string_view EligibilityName(Eligibility eligibility) {
  if (eligibility == Eligibility::kEligible) return "eligible";
  return kIneligibleReasons[static_cast<std::size_t>(eligibility) - 1];
}

namespace {

constexpr Milliseconds kPingPeriod = std::chrono::seconds(1);
constexpr Milliseconds kInfoPeriod = std::chrono::seconds(10);

// A Sentinel keeps the time of the last INFO, 0 if there was none, and shows an age of 0 then: what
// it lacks too until the first INFO is the run id.
bool InfoIsOld(const MonitoredReplica& replica, bool master_down) {
  return replica.run_id.empty() ||
         replica.info_age > (master_down ? 5 * kPingPeriod : 3 * kInfoPeriod);
}

}  // namespace

Eligibility EligibilityOf(const MonitoredReplica& replica, const MonitoredMaster& master) {
  bool master_down = master.flags.s_down;
  auto down = master_down ? master.s_down.value_or(Milliseconds::zero()) : Milliseconds::zero();
  if (replica.flags.s_down || replica.flags.o_down) return Eligibility::kDown;
  if (replica.flags.disconnected) return Eligibility::kDisconnected;
  if (replica.last_ok_ping > 5 * kPingPeriod) return Eligibility::kNoPing;
  if (replica.priority == 0) return Eligibility::kPriorityZero;
  if (InfoIsOld(replica, master_down)) return Eligibility::kInfoOld;
  if (replica.link_down > down + 10 * master.down_after) return Eligibility::kLinkDown;
  return Eligibility::kEligible;
}
