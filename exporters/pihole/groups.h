#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "common/scrape.h"

// The configuration as one group to watch: for each Pi-hole an eye over DNS and, unless it is off,
// one on its API. Both only look; a scrape shows what they posted and waits for neither.
absl::StatusOr<std::vector<Group>> LoadPiholes(Fields& config, const std::vector<Group>& running);
