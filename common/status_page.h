#pragma once
#include <string>
#include <vector>

#include "common/deadline.h"
#include "common/scrape.h"

// The page for people: how every service is, what happened last (20 outages, failovers and
// incidents), and a row for each target with its state and the reason, those that fail first. Plain
// HTML without scripts; shows nothing that /metrics does not show. The stories are told by
// service_stories.cc (outages, failovers) and by each exporter (its incidents), with the figures of
// words.h.
struct Status {
  std::vector<Headline> services;
  std::vector<TargetState> targets;
  std::vector<Story> stories;  // newest first
};
std::string StatusPage(const std::string& program, const std::string& version,
                       const std::string& metrics_path, const Status& status, const Now& now);
