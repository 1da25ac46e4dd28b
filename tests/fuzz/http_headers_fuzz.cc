#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/http_server.h"
#include "common/net.h"

using namespace std::chrono_literals;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Duration timeout = ScrapeTimeout(text, 7s);
  if (timeout <= 0s || timeout > 1h) abort();
  bool named = false;  // whoever gets OpenMetrics or gzip has asked for it
  for (char c : text) named = named || c == 'o' || c == 'O';
  if (WantsOpenMetrics(text) && !named) abort();
  if (AcceptsGzip(text) && text.find_first_of("gG*xX") == text.npos) abort();
  if (auto at = ParseHostPort(text); at.ok() && (at->port < 0 || at->port > 65535)) abort();
  return 0;
}
