#include "exporters/pihole/version_order.h"

namespace {

TEST(VersionOrder, ByNumbers) {
  struct { const char *a, *b; std::optional<bool> newer; } cases[] = {
      {"v6.4.1", "v6.4.1", false},
      {"v6.4.2", "v6.4.1", true},
      {"v6.4.1", "v6.4.2", false},
      {"v6.10", "v6.9.9", true},
      {"v6.4", "v6.4.0", false},
      {"v6.4.0", "v6.4", false},
      {"2025.10.1", "2025.03.0", true},
      {"v6.4.1", "v6.4.1-dirty", false},
      {"v6.4.1", "vDev-1a2b3c4", {}},
      {"", "v6.4.1", {}},
      {"v6.4.1", "nightly", {}},
      {"v-6", "v6", {}},
      {"v99999999999999", "v6", {}},
  };
  for (auto& c : cases) EXPECT_EQ(IsNewer(c.a, c.b), c.newer) << c.a << " " << c.b;
}

}  // namespace
