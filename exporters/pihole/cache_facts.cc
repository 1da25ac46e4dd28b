#include "exporters/pihole/cache_facts.h"

namespace {

const Metric kSize("pihole_dns_cache_size", Type::kGauge, "Names that the cache has room for.",
                   "pihole");
const Metric kInserted("pihole_dns_cache_inserted_total", Type::kCounter,
                       "Names put into the cache since FTL started.", "pihole");
const Metric kEvicted("pihole_dns_cache_evicted_total", Type::kCounter,
                      "Names that were dropped before their time: the cache is too small.",
                      "pihole");

std::optional<double> Number(const std::optional<long long>& n) {
  return n ? std::optional(static_cast<double>(*n)) : std::nullopt;
}

}  // namespace

void CacheFacts::Step(const Part<ReplyCounters>& api) {
  if (!api.value || !api.value->cache_inserted || (told_ && api.at <= *told_)) return;
  last_ = {api.value->cache_size, api.value->cache_inserted, api.value->cache_evicted};
  told_ = api.at;
  interval_ = api.interval;
}

void CacheFacts::Step(const ChaosCounters& chaos, Instant end, Duration interval,
                      const Part<ReplyCounters>& api) {
  auto* replies = api.Fresh(end);
  if ((replies && replies->cache_inserted) || (told_ && end <= *told_)) return;
  last_ = {Number(chaos.cache_size), Number(chaos.insertions), Number(chaos.evictions)};
  told_ = end;
  interval_ = interval;
}

void CacheFacts::Show(const std::string& pihole, const Now& now, Samples& out) const {
  if (!told_ || now.at - *told_ > 3 * interval_) return;
  if (last_.size) out.Add(kSize, {pihole}, *last_.size);
  if (last_.inserted) out.Add(kInserted, {pihole}, *last_.inserted);
  if (last_.evicted) out.Add(kEvicted, {pihole}, *last_.evicted);
}
