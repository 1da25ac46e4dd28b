#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "common/scrape.h"

// The configuration as groups to watch: one for each data set, with an eye on every member's
// PostgreSQL and Patroni as far as they are known. A data set that is running already keeps its board.
absl::StatusOr<std::vector<Group>> LoadGroups(Fields& config, const std::vector<Group>& running);
