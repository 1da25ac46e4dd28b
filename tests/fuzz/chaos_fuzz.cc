// Any message may come as the answer to any of the CHAOS questions. Labels stay bounded, printable
// and different from each other, and no counter is negative.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>

#include "exporters/pihole/chaos.h"

namespace {

void CheckLabel(const std::string& label) {
  auto plain = [](char c) { return c > ' ' && c < '\x7f'; };
  if (label.size() > 64 || !std::all_of(label.begin(), label.end(), plain)) std::abort();
}

void CheckUpstreams(const std::vector<UpstreamCounters>& upstreams) {
  std::set<std::string> labels;
  for (auto& u : upstreams) {
    CheckLabel(u.upstream);
    if (u.sent < 0 || u.failed < 0 || !labels.insert(u.upstream).second) std::abort();
  }
  if (upstreams.size() > 32) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto entry = ParseServersBind(bytes)) CheckUpstreams({*entry});
  auto message = ParseDnsMessage(bytes);
  if (!message.ok()) return 0;
  DnsAnswer answer;
  answer.message = *std::move(message);
  auto counters = TakeChaosAnswers(std::vector<DnsOutcome>(ChaosQueries().size(), {answer, 1}));
  if (counters.hits && *counters.hits < 0) std::abort();
  if (counters.upstreams) CheckUpstreams(*counters.upstreams);
  if (counters.version) CheckLabel(*counters.version);
  return 0;
}
