#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "common/scrape.h"

// The configuration as groups to watch: one for each deployment, with eyes on every Sentinel (its
// answers, its events) and every Redis node as far as they are known. A deployment that is running
// already keeps its board.
absl::StatusOr<std::vector<Group>> LoadDeployments(Fields& config,
                                                   const std::vector<Group>& running);
