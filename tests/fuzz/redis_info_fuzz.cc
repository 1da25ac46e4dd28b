#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/redis-sentinel/info.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

bool IsId(const std::string& text) { return text.empty() || text.size() == 40; }

}  // namespace

// What is there keeps its limits, and CRLF says the same as LF.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto info = ParseInfo(text);
  if (!info.ok()) return 0;
  Require(IsId(info->run_id) && IsId(info->replication_id) && IsId(info->second_replication_id));
  Require(info->offset_bytes.value_or(0) >= 0 && info->second_offset_bytes.value_or(0) >= 0);
  Require(info->uptime.value_or(std::chrono::seconds(0)) <= std::chrono::hours(24 * 365 * 200));
  if (info->master) Require(info->master->port >= 0 && info->master->port <= 65535);
  for (auto& replica : info->replicas.value_or(std::vector<AttachedReplica>()))
    Require(!replica.address.host.empty() && replica.offset_bytes >= 0);
  for (auto& database : info->databases.value_or(std::vector<Database>()))
    Require(database.number >= 0 && database.keys >= 0);

  if (text.find("\r\r") != text.npos) return 0;
  std::string unix_lines;
  for (std::size_t i = 0; i < size; ++i)
    if (!text.substr(i).starts_with("\r\n")) unix_lines += text[i];
  auto again = ParseInfo(unix_lines);
  Require(again.ok() && again->run_id == info->run_id && again->offset_bytes == info->offset_bytes);
  return 0;
}
