#pragma once
#include "common/metric.h"
#include "exporters/postgres-ha/config.h"
#include "exporters/postgres-ha/members.h"

// What should be, beside what is: the objectives of the configuration, and how many members each
// site should have. Always there, so that alert rules carry no numbers of their own.
void ShowObjectives(const DataSetOptions& options, Samples& out);
// Without a number in the configuration a site should have the members that are known: configured,
// listed by Patroni, or seen within forget_after.
void ShowExpectedMembers(const DataSetOptions& options, const Members& members, Samples& out);
