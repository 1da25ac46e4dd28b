#pragma once
#include <optional>
#include <string>

#include "common/loss.h"

// Figures in the words of the status page.

// "0.25 s", "27.2 s", "4 min 12 s", "5 min", "3 h 5 min", "2 d 4 h".
std::string InWords(double seconds);

// "27.2 s (27.0 s to 27.5 s)"; "at least 27.0 s" where nobody can know more.
std::string InWords(double low_seconds, std::optional<double> mid_seconds,
                    std::optional<double> high_seconds);

// "512 B", "12.4 kB", "3.0 MB": powers of 1,000.
std::string BytesInWords(double bytes);

// What a change of the holder cost, from what is known of it: "nothing was lost", "2.29 s of work
// were lost (1.76 s to 2.42 s), 12.6 kB", "at most 0.23 s of work were lost", "at least 1.76 s of
// work were lost", "what was lost is not known".
std::string InWords(const Loss& lost);
