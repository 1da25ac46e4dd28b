#pragma once
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/board.h"
#include "exporters/pihole/api_snapshot.h"
#include "exporters/pihole/chaos.h"
#include "exporters/pihole/probe.h"
#include "exporters/pihole/state.h"

// What the eyes post on the board of the Pi-holes.

// One look over DNS: the probes that were due, asked together.
struct DnsLook {
  std::string pihole;
  absl::Status status;  // of the eye: not OK when nothing was answered at all
  std::vector<ProbeSeen> probes;
  std::optional<ChaosCounters> chaos;  // when they were asked for and answered
  int chaos_sent = 0;                  // questions for them, answered or not, as ProbeSeen::sent
};

// One poll of the API. What it could not learn is absent from the snapshot, never old: parts that
// were not due this time are those of an earlier poll, with their time.
struct ApiLook {
  std::string pihole;
  ApiState state = ApiState::kDisabled;
  ApiTraffic traffic;                            // since the last look
  std::shared_ptr<const ApiSnapshot> snapshot;   // never null
};

// The seat that the API at `url` gave us, to be kept over a restart; "" = none.
struct SeatLook {
  std::string pihole, url, sid;
};

struct PiholeEvidence : Look {
  std::variant<DnsLook, ApiLook, SeatLook> seen;
};
