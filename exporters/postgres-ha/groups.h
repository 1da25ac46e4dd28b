#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "common/scrape.h"

// The configuration as groups to watch: one for each data set, with eyes on every member as far as
// they are known, and on the routes, proxies, stores and anchors that are configured. A data set
// that is running already keeps its board.
absl::StatusOr<std::vector<Group>> LoadGroups(Fields& config, const std::vector<Group>& running);
