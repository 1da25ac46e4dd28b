// Any message may come as the answer to any of the CHAOS questions. Labels stay bounded, and no
// counter is negative.
#include <cstdint>
#include <cstdlib>

#include "exporters/pihole/chaos.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto entry = ParseServersBind(bytes))
    if (entry->sent < 0 || entry->failed < 0 || entry->upstream.size() > 64) std::abort();
  auto message = ParseDnsMessage(bytes);
  if (!message.ok()) return 0;
  DnsAnswer answer;
  answer.message = *std::move(message);
  auto counters = TakeChaosAnswers(std::vector<DnsOutcome>(ChaosQueries().size(), {answer, 1}));
  if (counters.hits && *counters.hits < 0) std::abort();
  if (counters.upstreams && counters.upstreams->size() > 32) std::abort();
  if (counters.version && counters.version->size() > 64) std::abort();
  return 0;
}
