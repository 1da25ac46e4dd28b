#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporters/postgres-ha/base64.h"
#include "exporters/postgres-ha/etcd_answers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const Now now{Instant(std::chrono::hours(1)), 1795390000};
  (void)ParseEtcdStatus(text).ok();
  (void)ParseEtcdHealth(text).ok();
  (void)ParseEtcdToken(text).ok();
  (void)ParseEtcdRevision(text).ok();
  if (EtcdError(400, text).ok()) std::abort();
  auto range = ParseEtcdRange(text, "/service/sentinel/", now);
  if (range.ok() && range->looks.at(0).what != DcsLook::What::kConnected) std::abort();
  auto watch = ParseEtcdWatch(text, "/service/sentinel/", now);
  if (watch.ok() && (watch->looks.size() > 1000 || watch->oldest > watch->newest)) std::abort();
  auto bytes = FromBase64(text);
  if (bytes && ToBase64(*bytes).size() != text.size()) std::abort();
  return 0;
}
