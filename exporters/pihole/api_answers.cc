#include "exporters/pihole/api_answers.h"

#include "exporters/pihole/answer_values.h"

namespace {

constexpr std::size_t kMaxSlots = 1024;  // of the history: FTL has 145

// "10.0.0.1#53". Pseudo entries have no port.
std::string UpstreamName(JsonView entry) {
  auto port = entry["port"].Integer();
  std::string ip = TextIn(entry["ip"]);
  if (!port || *port <= 0 || *port > 65535 || ip.empty()) return "";
  return ip + "#" + std::to_string(*port);
}

void AddUpstream(std::vector<UpstreamAnswer>& upstreams, UpstreamAnswer added) {
  for (auto& known : upstreams)
    if (known.upstream == added.upstream) return;
  if (upstreams.size() < kMaxKinds) upstreams.push_back(std::move(added));
}

void AddContent(ReplyCounters& counters, JsonView entry) {
  ReplyCounters::Content content{TextIn(entry["name"]), 0, 0};
  auto valid = CountIn(entry["count"]["valid"]), stale = CountIn(entry["count"]["stale"]);
  if (content.type.empty() || (!valid && !stale)) return;
  bool full = counters.cache_content.size() >= kMaxKinds;
  if (full) content.type = "other";
  for (auto& known : counters.cache_content) {
    if (known.type != content.type) continue;
    known.valid += valid.value_or(0);
    known.stale += stale.value_or(0);
    return;
  }
  content.valid = valid.value_or(0);
  content.stale = stale.value_or(0);
  counters.cache_content.push_back(std::move(content));
}

Blocking BlockingNamed(std::string_view name) {
  if (name == "enabled") return Blocking::kEnabled;
  if (name == "disabled") return Blocking::kDisabled;
  if (name == "failure") return Blocking::kFailure;
  return Blocking::kUnknown;
}

}  // namespace

absl::StatusOr<ReplyCounters> ReadReplyCounters(JsonView answer) {
  JsonView dns = answer["metrics"]["dns"];
  if (!dns.IsObject()) return NotSuch("/api/info/metrics", answer);
  JsonView replies = dns["replies"], cache = dns["cache"];
  ReplyCounters counters;
  counters.local = CountIn(replies["local"]);
  counters.forwarded = CountIn(replies["forwarded"]);
  counters.optimized = CountIn(replies["optimized"]);
  counters.unanswered = CountIn(replies["unanswered"]);
  counters.authoritative = CountIn(replies["auth"]);
  counters.cache_size = CountIn(cache["size"]);
  counters.cache_inserted = CountIn(cache["inserted"]);
  counters.cache_evicted = CountIn(cache["evicted"]);
  for (JsonView entry : cache["content"].Items()) AddContent(counters, entry);
  return counters;
}

absl::StatusOr<QuerySummary> ReadQuerySummary(JsonView answer) {
  JsonView queries = answer["queries"], clients = answer["clients"], gravity = answer["gravity"];
  if (!queries.IsObject()) return NotSuch("/api/stats/summary", answer);
  QuerySummary summary;
  summary.total = CountIn(queries["total"]);
  summary.blocked = CountIn(queries["blocked"]);
  summary.forwarded = CountIn(queries["forwarded"]);
  summary.cached = CountIn(queries["cached"]);
  summary.unique_domains = CountIn(queries["unique_domains"]);
  summary.frequency = CountIn(queries["frequency"]);
  summary.types = CountsIn(queries["types"]);
  summary.statuses = CountsIn(queries["status"]);
  summary.replies = CountsIn(queries["replies"]);
  summary.clients_active = CountIn(clients["active"]);
  summary.clients_known = CountIn(clients["total"]);
  summary.gravity_domains = CountIn(gravity["domains_being_blocked"]);
  summary.gravity_failed = CountFailed(gravity["domains_being_blocked"]);
  summary.gravity_update_unix = TimeIn(gravity["last_update"]);
  return summary;
}

absl::StatusOr<BlockingAnswer> ReadBlocking(JsonView answer) {
  auto word = answer["blocking"].String();
  if (!word) return NotSuch("/api/dns/blocking", answer);
  return BlockingAnswer{BlockingNamed(*word), CountIn(answer["timer"])};
}

absl::StatusOr<std::vector<UpstreamAnswer>> ReadUpstreams(JsonView answer) {
  if (!answer["upstreams"].IsArray()) return NotSuch("/api/stats/upstreams", answer);
  std::vector<UpstreamAnswer> upstreams;
  for (JsonView entry : answer["upstreams"].Items()) {
    UpstreamAnswer upstream{UpstreamName(entry), 0, {}};
    auto queries = CountIn(entry["count"]);
    if (upstream.upstream.empty() || !queries) continue;
    upstream.queries = *queries;
    // 0: FTL has measured nothing since it was started.
    auto seconds = CountIn(entry["statistics"]["response"]);
    if (seconds && *seconds > 0) upstream.response_seconds = seconds;
    AddUpstream(upstreams, std::move(upstream));
  }
  return upstreams;
}

absl::StatusOr<std::vector<HistorySlot>> ReadHistory(JsonView answer) {
  if (!answer["history"].IsArray()) return NotSuch("/api/history", answer);
  std::vector<HistorySlot> history;
  for (JsonView entry : answer["history"].Items()) {
    auto time = entry["timestamp"].Integer();
    auto total = CountIn(entry["total"]), blocked = CountIn(entry["blocked"]);
    if (!time || *time <= 0 || !total || !blocked || history.size() >= kMaxSlots) continue;
    history.push_back({*time, *total, *blocked, CountIn(entry["cached"]),
                       CountIn(entry["forwarded"])});
  }
  return history;
}
