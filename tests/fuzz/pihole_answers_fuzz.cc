#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "exporters/pihole/answer_values.h"
#include "exporters/pihole/api_answers.h"
#include "exporters/pihole/drift.h"
#include "exporters/pihole/query_counters.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

bool Sound(std::optional<double> n) { return !n || (std::isfinite(*n) && *n >= 0); }
bool Sound(std::string_view label) { return label.size() <= kMaxLabel && IsUtf8(label); }

// Bounded, and no name twice: a page with two series of one name is lost.
template <class Kinds, class Name>
void RequireKinds(const Kinds& kinds, Name name) {
  Require(kinds.size() <= kMaxKinds + 1);
  std::set<std::string> names;
  for (auto& kind : kinds) Require(names.insert(name(kind)).second);
}

void RequireCounts(const Counts& counts) {
  RequireKinds(counts, [](auto& c) { return c.first; });
  for (auto& [kind, n] : counts) Require(Sound(kind) && Sound(n));
}

void Queries(JsonView answer) {
  if (auto read = ReadReplyCounters(answer); read.ok()) {
    Require(Sound(read->local) && Sound(read->cache_size) && Sound(read->cache_evicted));
    RequireKinds(read->cache_content, [](auto& c) { return c.type; });
  }
  if (auto read = ReadQuerySummary(answer); read.ok()) {
    RequireCounts(read->types);
    RequireCounts(read->statuses);
    RequireCounts(read->replies);
    Require(Sound(read->total) && Sound(read->gravity_domains) && Sound(read->frequency));
    Require(!read->gravity_failed || !read->gravity_domains);
  }
  if (auto read = ReadBlocking(answer); read.ok()) Require(Sound(read->timer_seconds));
  if (auto read = ReadUpstreams(answer); read.ok())
    RequireKinds(*read, [](auto& u) { return u.upstream; });
  QueryCounters counters;
  auto history = ReadHistory(answer);
  if (!history.ok()) return;
  counters.Step(*history);
  counters.Step(*history);
  Require(history->size() <= 1024);
  // The same twice is nothing new.
  if (counters.counted()) Require(counters.counted()->blocked + counters.counted()->other == 0);
}

void System(JsonView answer) {
  if (auto read = ReadFtl(answer); read.ok()) {
    Require(read->rules.size() <= 4 && Sound(read->uptime_seconds));
    for (auto& rules : read->rules) Require(Sound(rules.enabled) && Sound(rules.disabled));
  }
  if (auto read = ReadMessages(answer); read.ok()) RequireCounts(read->types);
  if (auto read = ReadLists(answer); read.ok())
    for (auto& list : *read) Require(Sound(list.update_unix) && Sound(list.status));
  if (auto read = ReadVersion(answer); read.ok())
    for (auto& c : read->components) 
      Require(Sound(c.version) && Sound(c.branch) && Sound(c.latest));
  if (auto read = ReadDatabase(answer); read.ok()) Require(Sound(read->bytes));
  if (auto read = ReadSystem(answer, answer); read.ok()) {
    Require(Sound(read->memory_total_bytes) && Sound(read->load1));
    Require(!read->temperature_celsius || std::isfinite(*read->temperature_celsius));
  }
  if (auto read = ReadSeats(answer, "us"); read.ok())
    Require(static_cast<double>(read->orphans.size()) <= read->valid + read->expired);
  if (auto read = ReadSeatsMax(answer); read.ok()) Require(Sound(*read));
}

}  // namespace

// One text as the answer to every question of version 6, and to all of the drift check.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto json = Json::Parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!json.ok()) return 0;
  JsonView answer = json->view();
  Queries(answer);
  System(answer);
  const DriftAnswers all{answer, answer, answer, answer, answer};
  ConfigItems with = FingerprintsOf(ItemTextsOf(all, true)),
              without = FingerprintsOf(ItemTextsOf(all, false));
  for (auto& [component, items] : with) {
    Require(items.fingerprint < 1ull << 48 && DifferingItems(items, items) == 0);
    Require(component == "comments" || without.at(component).fingerprint == items.fingerprint);
  }
  return 0;
}
