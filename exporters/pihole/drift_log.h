#pragma once
#include <map>
#include <memory>
#include <string>

#include "exporters/pihole/drift.h"

// Names in the log, at level debug, what `pihole` has and those that it is compared with have not:
// a line for each component that differs, with 20 items at most. What it lacks is said when the
// other one is read. Names of clients and of domains are in it: that is why it is no label, and not
// in the log as it is usually configured.
void LogDrift(const std::string& pihole, const ItemTexts& texts,
              const std::map<std::string, std::shared_ptr<const ConfigItems>>& others);
