#pragma once
#include "common/deadline.h"
#include "common/outage.h"

// Moments and attempts in plain seconds, for tests of what never reads a clock.
inline Instant At(double seconds) { return Instant() + FromSeconds(seconds); }
inline double Since0(Instant t) { return Seconds(t - Instant()); }
inline Attempt Ok(double begin, double end) { return {Result::kOk, At(begin), At(end)}; }
inline Attempt Fail(double begin, double end) { return {Result::kFail, At(begin), At(end)}; }
inline Attempt Void(double begin, double end) { return {Result::kVoid, At(begin), At(end)}; }
