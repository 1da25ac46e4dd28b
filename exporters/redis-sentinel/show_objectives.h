#pragma once
#include <string>

#include "common/metric.h"
#include "exporters/redis-sentinel/config.h"

// What should be, beside what is: the objectives of the configuration, how the data is to be kept,
// and how many Sentinels and replicas there should be. Always there, so that alert rules carry no
// numbers of their own; the last two only if they are configured.
void ShowRedisObjectives(const DeploymentOptions& options, const std::string& master_name,
                         Samples& out);
