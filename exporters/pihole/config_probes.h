#pragma once
#include <vector>

#include "common/config.h"
#include "exporters/pihole/probe.h"

// Reads `probes`: those of the list and no others, or without it the default ones. What is
// mandatory has no interval of its own: it is asked at every look, so that each look tells whether
// a Pi-hole works. A list needs a mandatory one for an address and one for an ad: "up" means that a
// Pi-hole resolves and blocks, which nobody can tell without asking both.
std::vector<ProbeOptions> ReadProbes(Fields& fields, Duration interval);
