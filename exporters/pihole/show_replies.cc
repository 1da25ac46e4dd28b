// What FTL answered since it started, what is in its cache, and its upstreams.
#include "exporters/pihole/show_details.h"

namespace {

const Metric kReplies("pihole_dns_replies_total", Type::kCounter,
                      "Answers since FTL started, by where they came from: local, forwarded, "
                      "optimized (stale from the cache), unanswered, auth.",
                      "pihole", "source");
const Metric kEntries("pihole_dns_cache_entries", Type::kGauge,
                      "Names in the cache, by the type of record.", "pihole", "type", "state");
const Metric kUpstream("pihole_upstream_queries", Type::kGauge,
                       "Questions of the last day that went to the upstream.", "pihole",
                       "upstream");
const Metric kResponse("pihole_upstream_response_seconds", Type::kGauge,
                       "How long the upstream takes to answer, in the mean.", "pihole",
                       "upstream");

}  // namespace

void ShowReplies(const std::string& pihole, const ApiSnapshot& api, const Now& now, Samples& out) {
  if (auto* upstreams = api.upstreams.Fresh(now.at)) {
    for (auto& u : *upstreams) {
      out.Add(kUpstream, {pihole, u.upstream}, u.queries);
      if (u.response_seconds) out.Add(kResponse, {pihole, u.upstream}, *u.response_seconds);
    }
  }
  auto* replies = api.replies.Fresh(now.at);
  if (replies == nullptr) return;
  auto add = [&](std::string_view source, const std::optional<double>& n) {
    if (n) out.Add(kReplies, {pihole, source}, *n);
  };
  add("local", replies->local);
  add("forwarded", replies->forwarded);
  add("optimized", replies->optimized);
  add("unanswered", replies->unanswered);
  add("auth", replies->authoritative);
  for (auto& content : replies->cache_content) {
    out.Add(kEntries, {pihole, content.type, "valid"}, content.valid);
    out.Add(kEntries, {pihole, content.type, "stale"}, content.stale);
  }
}
