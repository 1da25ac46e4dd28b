#pragma once
#include <string>
#include <vector>

#include "common/deadline.h"
#include "common/scrape.h"

// The page for people: one row per target with its state and the reason, and the last outages and
// failovers. Plain HTML without scripts; shows nothing that /metrics does not show.
std::string StatusPage(const std::string& program, const std::string& version,
                       const std::string& metrics_path, const std::vector<TargetState>& targets,
                       const std::vector<Story>& stories, const Now& now);
