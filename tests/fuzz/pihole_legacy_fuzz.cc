#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporters/pihole/answer_values.h"
#include "exporters/pihole/api_answers.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

bool Sound(std::optional<double> n) { return !n || (std::isfinite(*n) && *n >= 0); }

}  // namespace

// The combined answer of version 5.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto json = Json::Parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!json.ok()) return 0;
  auto read = ReadLegacy(json->view());
  if (!read.ok()) return 0;
  const QuerySummary& summary = read->summary;
  Require(Sound(summary.total) && Sound(summary.blocked) && Sound(summary.gravity_update_unix));
  Require(!summary.gravity_failed || !summary.gravity_domains);
  Require(summary.replies.size() <= kMaxKinds + 1);
  for (auto& [kind, n] : summary.replies) Require(kind.size() <= kMaxLabel && Sound(n));
  Require(Sound(read->replies.cache_size) && read->history.size() <= 1024);
  for (auto& slot : read->history)
    Require(slot.unix_seconds > 0 && Sound(slot.total) && Sound(slot.blocked) && !slot.cached);
  if (!read->version) return 0;
  Require(!read->version->components.empty() && read->version->components.size() <= 3);
  for (auto& c : read->version->components) Require(IsUtf8(c.version) && IsUtf8(c.latest));
  return 0;
}
