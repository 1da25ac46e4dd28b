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

// The status of a server as up, going_down ("UP 2/3"), down, going_up ("DOWN 1/2"), maint, drain,
// nolb or no_check; "" if it is none of them.
std::string_view HaproxyStateOf(std::string_view status);
