#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/json.h"
#include "exporters/pihole/answer_types.h"

// Single values of a Pi-hole's answers, taken with care: they become labels and samples.

inline constexpr std::size_t kMaxKinds = 64;   // of one question: types, upstreams, ...
inline constexpr std::size_t kMaxLabel = 64;   // bytes of a name that comes from outside

// A number that counts something: absent when it is missing, negative or of another type.
std::optional<double> CountIn(JsonView value);
// A count that is negative: FTL's word for a database that it cannot read.
bool CountFailed(JsonView value);
// Unix seconds; absent also when it is 0, which means never.
std::optional<double> TimeIn(JsonView value);
// The text, cut to kMaxLabel bytes between two characters; "" when it is none.
std::string TextIn(JsonView value);
std::string Shortened(std::string_view text);

// Adds `n` to a kind; beyond kMaxKinds kinds to "other".
void AddCount(Counts& counts, std::string_view kind, double n);
// Of an object of counts: {"A": 276, "AAAA": 39}.
Counts CountsIn(JsonView object);

// DataLoss: the answer to `path` is not what it should be. With the API's own words, if it is one
// of its errors ({"error": {"key", "message"}}).
absl::Status NotSuch(std::string_view path, JsonView answer);
