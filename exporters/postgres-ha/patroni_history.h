#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "exporters/postgres-ha/evidence.h"

// The answer of GET /history, and the key `history` in the store: a list of
//   [timeline that ended, position of the switch, reason, timestamp, new leader]
// where the last two may be missing (a promoted standby cluster inherits lines without them). The
// reason says nothing and is left out. Oldest first; of a long history the last 1,000. DataLoss
// when it is not such a list, or its timelines do not grow. A time that is missing or that we
// cannot read is absent.
absl::StatusOr<std::vector<Promotion>> ParseHistory(std::string_view body);

// A time with its offset as unix seconds: 2026-11-22T17:27:13.738491+00:00, ...:13Z, ...:13+05:30.
// Absent when it is anything else; a time without an offset means nothing to a reader elsewhere.
std::optional<double> ParseIsoTime(std::string_view text);
