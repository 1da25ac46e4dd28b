#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/json.h"
#include "exporters/pihole/answer_types.h"

// What version 6 of the API answers (FTL 6.0 and later; https://docs.pi-hole.net/api/, and
// /api/docs of each Pi-hole), one function for each path. DataLoss when
// the answer is not of its shape at all; a field that is missing or of another type is absent. What
// is counted by kind is bounded: beyond 64 kinds the rest is "other".

absl::StatusOr<ReplyCounters> ReadReplyCounters(JsonView answer);        // /api/info/metrics
absl::StatusOr<QuerySummary> ReadQuerySummary(JsonView answer);          // /api/stats/summary
absl::StatusOr<BlockingAnswer> ReadBlocking(JsonView answer);            // /api/dns/blocking
// /api/stats/upstreams
absl::StatusOr<std::vector<UpstreamAnswer>> ReadUpstreams(JsonView answer);
absl::StatusOr<std::vector<HistorySlot>> ReadHistory(JsonView answer);   // /api/history
absl::StatusOr<FtlAnswer> ReadFtl(JsonView answer);                      // /api/info/ftl
absl::StatusOr<MessagesAnswer> ReadMessages(JsonView answer);            // /api/info/messages
absl::StatusOr<std::vector<ListAnswer>> ReadLists(JsonView answer);      // /api/lists
absl::StatusOr<VersionAnswer> ReadVersion(JsonView answer);              // /api/info/version
absl::StatusOr<DatabaseAnswer> ReadDatabase(JsonView answer);            // /api/info/database
// /api/info/system and /api/info/sensors; memory comes in KiB, temperature in C, F or K.
absl::StatusOr<SystemAnswer> ReadSystem(JsonView system, JsonView sensors);
// /api/auth/sessions. Orphans are seats of ours that a killed process left: those with exactly our
// `user_agent`, which names this exporter's installation, and taken from the same address as the
// current one, which is none.
absl::StatusOr<SeatsAnswer> ReadSeats(JsonView answer, std::string_view user_agent);
absl::StatusOr<double> ReadSeatsMax(JsonView config);                    // /api/config

// Version 5: the one combined answer of /admin/api.php to kLegacyQuery. An empty array is what it
// answers to a wrong token: Unauthenticated. {"FTLnotrunning":true}: Unavailable. Upstreams and
// types it tells in per cent only: they are not asked for.
struct LegacyAnswer {
  QuerySummary summary;
  BlockingAnswer blocking;
  ReplyCounters replies;
  std::vector<HistorySlot> history;  // total and blocked only
  std::optional<VersionAnswer> version;
};
absl::StatusOr<LegacyAnswer> ReadLegacy(JsonView answer);
inline constexpr std::string_view kLegacyQuery =
    "summaryRaw&overTimeData10mins&getCacheInfo&versions";
