#pragma once
#include <vector>

#include "common/config.h"
#include "exporters/pihole/probe.h"

// Reads `probes`: those of the list and no others, or without it the default ones. What is
// mandatory has no interval of its own: it is asked at every look, so that each look tells whether
// a Pi-hole works.
std::vector<ProbeOptions> ReadProbes(Fields& fields, Duration interval);
