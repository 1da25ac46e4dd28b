#pragma once
#include <string>
#include <vector>

#include "exporters/postgres-ha/verdict.h"

// Recorded or invented evidence for the verdict, at times of the test's choosing.

// The origin of all test times; also a wall-clock time, so that the two are easy to compare.
inline constexpr double kOrigin = 1'700'000'000;
inline Instant At(double seconds) { return Instant(FromSeconds(1'000'000 + seconds)); }
inline Now NowAt(double seconds) { return {At(seconds), kOrigin + seconds}; }

// A data set of the static members pg1 and pg2 on-premise and pgc1 in the cloud.
DataSetOptions TwoSites();

// A look at `member` (pgc... is of the cloud) that began at `begin` and took `took` seconds.
Evidence SqlEvidence(const std::string& member, double begin, double took, SqlLook look);
SqlLook Primary(long long position, int timeline = 1, double start = 1);
SqlLook Standby(long long position, int timeline = 1, double start = 1);
SqlLook Failed(Answer answer, bool goodbye = false);

// A recorded timeline (fixtures/timelines/NAME.csv), in the order of ends.
std::vector<Evidence> Timeline(const std::string& name);

// The end of a look in seconds since the origin.
double EndOf(const Evidence& evidence);
