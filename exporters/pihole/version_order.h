#pragma once
#include <optional>
#include <string_view>

// Whether version `a` is newer than `b`, by their numbers: "v6.4.1", "2025.03.0", "v6.4.1-dirty".
// What follows the numbers does not count. None if one of both has no numbers ("vDev-1a2b3c4").
std::optional<bool> IsNewer(std::string_view a, std::string_view b);
