#pragma once
#include <optional>

// What was lost: the best estimate, and bounds. Absent is what nobody can know.
struct Loss {
  std::optional<double> seconds = {}, low_seconds = {}, high_seconds = {};  // of work
  std::optional<double> bytes = {}, low_bytes = {}, high_bytes = {};        // of the log
};
