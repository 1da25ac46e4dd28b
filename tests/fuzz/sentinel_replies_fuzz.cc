#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "exporters/redis-sentinel/connection.h"
#include "exporters/redis-sentinel/eligibility.h"
#include "exporters/redis-sentinel/sentinel_event.h"
#include "exporters/redis-sentinel/sentinel_replies.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

constexpr Milliseconds kCentury = std::chrono::hours(24 * 365 * 100);
bool IsAge(Milliseconds age) { return -kCentury <= age && age <= kCentury; }

void CheckInstance(const Instance& i) {
  Require(i.address.port >= 0 && i.address.port <= 65535);
  Require(!i.address.host.empty() || i.address.port == 0);
  Require(IsAge(i.last_ok_ping) && IsAge(i.down_after) && IsAge(i.s_down.value_or(kCentury)));
}

void CheckEligibility(const std::vector<MonitoredReplica>& replicas,
                      const MonitoredMaster& master) {
  for (auto& r : replicas) {
    bool eligible = EligibilityOf(r, master) == Eligibility::kEligible;
    Require((EligibilityName(EligibilityOf(r, master)) == "eligible") == eligible);
  }
}

// The replies in `bytes`, up to the first that is none, as a connection hands them out.
Results Read(std::string_view bytes) {
  RespReader reader(1 << 16);
  Results results;
  if (!reader.Feed(bytes).ok()) return results;
  for (auto next = reader.Next(); next.ok() && *next; next = reader.Next()) {
    if ((*next)->type == Reply::kError) results.push_back(ErrorOf((*next)->text));
    else results.push_back(**std::move(next));
  }
  return results;
}

// A message: the first line is the channel, the rest what was said there.
void CheckEvent(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  SentinelEvent event = ParseSentinelEvent(bytes.substr(0, end), bytes.substr(end));
  Require(event.name == bytes.substr(0, end));
  for (auto& address : {event.address, event.from})
    Require(!address || (!address->host.empty() && address->port >= 0 && address->port <= 65535));
  Require(event.address || (!event.from && event.instance_type.empty()));
  Require(!AnnouncesMaster(event) || event.address);
}

}  // namespace

// Any reply may come where another one was expected.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MonitoredMaster master;
  CheckEvent(std::string_view(reinterpret_cast<const char*>(data), size));
  for (auto& reply : Read(std::string_view(reinterpret_cast<const char*>(data), size))) {
    if (auto masters = ParseMasters(reply); masters.ok()) {
      for (auto& m : *masters) CheckInstance(master = m);
    }
    if (auto replicas = ParseReplicas(reply); replicas.ok()) {
      for (auto& r : *replicas) CheckInstance(r);
      CheckEligibility(*replicas, master);
    }
    if (auto sentinels = ParseSentinels(reply); sentinels.ok()) {
      for (auto& s : *sentinels) CheckInstance(s);
    }
    if (auto check = ParseCkquorum(reply); check.ok())
      Require(check->usable_sentinels >= 0 && reply.ok() == (check->quorum && check->majority));
    if (auto address = ParseMasterAddress(reply); address.ok() && *address)
      Require(!(*address)->host.empty() && (*address)->port <= 65535);
  }
  return 0;
}
