#pragma once
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "exporters/postgres-ha/evidence.h"

// The servers in HAProxy's statistics, as `show stat` on its socket and ;csv behind the URL of its
// statistics page give them (management guide, "CSV format"). Columns are found by their names, so
// that new ones do not matter; a field that is empty or no number is absent. Of two servers of one
// name in one proxy the first counts, and 256 are taken at most. DataLoss when it is not such an
// answer, or breaks off in the middle of a line; the size of `csv` is the caller's to bound.
absl::StatusOr<std::vector<HaproxyServer>> ParseHaproxyStats(std::string_view csv);

// The status of a server as a word of the closed set kHaproxyStates: "UP 2/3" is going_down,
// "DOWN 1/2" going_up. "" if it is none of them.
extern const std::vector<std::string_view> kHaproxyStates;
std::string_view HaproxyStateOf(std::string_view status);
