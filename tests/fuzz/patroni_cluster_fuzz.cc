#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "exporters/postgres-ha/answer.h"
#include "exporters/postgres-ha/patroni_against_sql.h"
#include "exporters/postgres-ha/patroni_cluster.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto look = ParseCluster(text);
  if (look.ok()) {
    if (look->members.size() > 64) std::abort();
    for (auto& member : look->members) {
      if (member.name.empty() || member.port < 0 || member.port > 65535) std::abort();
      RoleDisagrees(member, true);
    }
  }
  HostPortOf(text);
  ConnectFailure(std::string(text));
  OneLine(std::string(text));
  ToNumber(std::string(text));
  return 0;
}
