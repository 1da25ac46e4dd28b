// What version 5 answers: one object in which everything lies side by side. Empty maps are arrays.
#include <charconv>

#include "exporters/pihole/answer_values.h"
#include "exporters/pihole/api_answers.h"

namespace {

constexpr std::size_t kMaxSlots = 1024;
constexpr std::string_view kPath = "/admin/api.php";

QuerySummary SummaryIn(JsonView answer) {
  QuerySummary summary;
  summary.total = CountIn(answer["dns_queries_today"]);
  summary.blocked = CountIn(answer["ads_blocked_today"]);
  summary.forwarded = CountIn(answer["queries_forwarded"]);
  summary.cached = CountIn(answer["queries_cached"]);
  summary.unique_domains = CountIn(answer["unique_domains"]);
  summary.clients_active = CountIn(answer["unique_clients"]);
  summary.clients_known = CountIn(answer["clients_ever_seen"]);
  summary.gravity_domains = CountIn(answer["domains_being_blocked"]);
  summary.gravity_failed = CountFailed(answer["domains_being_blocked"]);
  summary.gravity_update_unix = TimeIn(answer["gravity_last_updated"]["absolute"]);
  constexpr std::string_view kReply = "reply_";
  for (auto& [key, value] : answer.Members())
    if (auto n = CountIn(value); n && key.starts_with(kReply))
      AddCount(summary.replies, key.substr(kReply.size()), *n);
  return summary;
}

ReplyCounters CacheIn(JsonView cache) {
  ReplyCounters counters;
  counters.cache_size = CountIn(cache["cache-size"]);
  counters.cache_inserted = CountIn(cache["cache-inserted"]);
  counters.cache_evicted = CountIn(cache["cache-live-freed"]);
  return counters;
}

// {"1795286100": 5, ...} of all queries, and of those that were blocked.
std::vector<HistorySlot> HistoryIn(JsonView total, JsonView blocked) {
  std::vector<HistorySlot> history;
  for (auto& [key, value] : total.Members()) {
    HistorySlot slot;
    auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), slot.unix_seconds);
    auto all = CountIn(value), stopped = CountIn(blocked[key]);
    bool time = error == std::errc() && end == key.data() + key.size() && slot.unix_seconds > 0;
    if (!time || !all || !stopped || history.size() >= kMaxSlots) continue;
    slot.total = *all;
    slot.blocked = *stopped;
    history.push_back(slot);
  }
  return history;
}

std::optional<VersionAnswer> VersionIn(JsonView answer) {
  VersionAnswer version;
  for (auto [name, key] : {std::pair("core", "core"), std::pair("web", "web"),
                           std::pair("ftl", "FTL")}) {
    auto text = [&, of = std::string(key)](const char* what) { return TextIn(answer[of + what]); };
    std::string installed = text("_current");
    if (installed.empty()) continue;
    version.components.push_back({name, installed, text("_branch"), text("_latest")});
  }
  if (version.components.empty()) return std::nullopt;
  return version;
}

BlockingAnswer BlockingIn(JsonView answer) {
  std::string status = TextIn(answer["status"]);
  if (status == "enabled") return {Blocking::kEnabled, {}};
  if (status == "disabled") return {Blocking::kDisabled, {}};
  return {};
}

}  // namespace

absl::StatusOr<LegacyAnswer> ReadLegacy(JsonView answer) {
  auto denied = absl::UnauthenticatedError(std::string(kPath) + ": the token is refused");
  if (answer.IsArray() && answer.Items().empty()) return denied;
  if (answer["FTLnotrunning"].Bool().value_or(false))
    return absl::UnavailableError(std::string(kPath) + ": the Pi-hole says: FTL is not running");
  LegacyAnswer read;
  read.version = VersionIn(answer);
  if (!answer["dns_queries_today"].exists() && !answer["status"].exists())
    // Versions are told to everybody.
    return read.version ? denied : NotSuch(kPath, answer);
  read.summary = SummaryIn(answer);
  read.blocking = BlockingIn(answer);
  read.replies = CacheIn(answer["cacheinfo"]);
  read.history = HistoryIn(answer["domains_over_time"], answer["ads_over_time"]);
  return read;
}
