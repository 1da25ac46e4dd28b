#pragma once
#include <map>
#include <optional>
#include <string>

#include "common/json.h"
#include "common/metric.h"

// What is known of the last change of master beside its FailoverFact: shown, and kept over a
// restart. Absent: unknown.
struct ChangeFigures {
  // Acknowledged writes that the new master does not have.
  std::optional<double> lost_writes, lost_low_writes, lost_high_writes;
  // For how long the Sentinels had not reached the old one; of a failover.
  std::optional<double> unreachable_low_seconds, unreachable_high_seconds;
  std::map<std::string, double> phase_seconds;  // by kFailoverPhases
};

void ShowChange(const ChangeFigures& figures, const std::string& master_name, Samples& out);

// As a JSON object, and back: what is missing there, or makes no sense, is unknown.
std::string ToJson(const ChangeFigures& figures);
ChangeFigures ReadChange(JsonView json);
