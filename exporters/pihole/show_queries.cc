// Blocking, and what clients asked in the window that FTL keeps (a day): gauges, no counters.
#include "exporters/pihole/show_details.h"

namespace {

const Metric kEnabled("pihole_blocking_enabled", Type::kGauge,
                      "Whether blocking is switched on, as the API says; that it works: "
                      "ha_service_up.",
                      "pihole");
const Metric kBlocking("pihole_blocking_state", Type::kStateSet,
                       "What the API says of blocking; failure: the DNS engine failed.", "pihole",
                       "state");
const Metric kEnd("pihole_blocking_end_timestamp_seconds", Type::kGauge,
                  "When blocking changes back by its timer.", "pihole");
const Metric kQueries("pihole_queries", Type::kGauge, "Questions of the last day.", "pihole");
const Metric kBlocked("pihole_queries_blocked", Type::kGauge,
                      "Questions of the last day that were blocked.", "pihole");
const Metric kForwarded("pihole_queries_forwarded", Type::kGauge,
                        "Questions of the last day that went upstream.", "pihole");
const Metric kCached("pihole_queries_cached", Type::kGauge,
                     "Questions of the last day that were answered from the cache.", "pihole");
const Metric kFrequency("pihole_query_frequency", Type::kGauge, "Questions per second now.",
                        "pihole");
const Metric kByType("pihole_queries_by_type", Type::kGauge,
                     "Questions of the last day by the type of record.", "pihole", "type");
const Metric kByStatus("pihole_queries_by_status", Type::kGauge,
                       "Questions of the last day by what became of them.", "pihole", "status");
const Metric kByReply("pihole_queries_by_reply", Type::kGauge,
                      "Questions of the last day by the kind of answer.", "pihole", "reply");
const Metric kActive("pihole_clients_active", Type::kGauge, "Clients of the last day.", "pihole");
const Metric kKnown("pihole_clients_known", Type::kGauge, "Clients that were ever seen.",
                    "pihole");
const Metric kDomains("pihole_domains_known", Type::kGauge,
                      "Different names asked for in the last day.", "pihole");

std::string_view Name(Blocking blocking) {
  switch (blocking) {
    case Blocking::kEnabled: return "enabled";
    case Blocking::kDisabled: return "disabled";
    case Blocking::kFailure: return "failure";
    case Blocking::kUnknown: break;
  }
  return "unknown";
}

void ShowBlocking(const std::string& pihole, const Part<BlockingAnswer>& part, const Now& now,
                  Samples& out) {
  auto* answer = part.Fresh(now.at);
  if (answer == nullptr) return;
  out.AddState(kBlocking, {pihole, ""}, {"enabled", "disabled", "failure", "unknown"},
               Name(answer->blocking));
  if (answer->blocking != Blocking::kUnknown)
    out.Add(kEnabled, {pihole}, answer->blocking == Blocking::kEnabled);
  if (answer->timer_seconds) out.Add(kEnd, {pihole}, now.Unix(part.at) + *answer->timer_seconds);
}

void AddCounts(const Metric<2>& metric, const std::string& pihole, const Counts& counts,
               Samples& out) {
  for (auto& [kind, n] : counts) out.Add(metric, {pihole, kind}, n);
}

}  // namespace

void ShowQueries(const std::string& pihole, const ApiSnapshot& api, const Now& now, Samples& out) {
  ShowBlocking(pihole, api.blocking, now, out);
  auto* summary = api.summary.Fresh(now.at);
  if (summary == nullptr) return;
  auto add = [&](const Metric<1>& metric, const std::optional<double>& value) {
    if (value) out.Add(metric, {pihole}, *value);
  };
  add(kQueries, summary->total);
  add(kBlocked, summary->blocked);
  add(kForwarded, summary->forwarded);
  add(kCached, summary->cached);
  add(kFrequency, summary->frequency);
  add(kActive, summary->clients_active);
  add(kKnown, summary->clients_known);
  add(kDomains, summary->unique_domains);
  AddCounts(kByType, pihole, summary->types, out);
  AddCounts(kByStatus, pihole, summary->statuses, out);
  AddCounts(kByReply, pihole, summary->replies, out);
}
