#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/deadline.h"
#include "exporters/pihole/answer_types.h"
#include "exporters/pihole/drift.h"

// An answer with the time it came and the interval after which the next is due.
template <class T>
struct Part {
  std::shared_ptr<const T> value;  // null: never had, or the last request for it failed
  Instant at = Instant();
  Duration interval{};
  // The value, if it is not older than three intervals.
  const T* Fresh(Instant now) const {
    return value && now - at <= 3 * interval ? value.get() : nullptr;
  }
};

struct ApiSnapshot {
  Part<ReplyCounters> replies;
  Part<QuerySummary> summary;
  Part<BlockingAnswer> blocking;
  Part<std::vector<UpstreamAnswer>> upstreams;
  Part<std::vector<HistorySlot>> history;
  Part<FtlAnswer> ftl;
  Part<SeatsAnswer> seats;
  Part<double> seats_max;
  Part<MessagesAnswer> messages;
  Part<std::vector<ListAnswer>> lists;
  Part<VersionAnswer> version;
  Part<DatabaseAnswer> database;
  Part<SystemAnswer> system;
  Part<ConfigItems> config;  // for drift
  // Version 6: whether the last request for a path was answered as it should be.
  std::map<std::string, Part<bool>> paths;
};

// What the client did since the last look.
struct ApiTraffic {
  std::map<int, double> requests;             // by HTTP code; 0: no answer
  std::map<ApiState, double> errors;          // those without an answer, by why
  std::map<std::string_view, double> logins;  // by result: ok, refused, no_answer
  std::vector<double> seconds;                // of answered requests
};

// The names of the parts, label `part` of pihole_api_part_timestamp_seconds, with their times.
std::vector<std::pair<std::string_view, Instant>> FreshParts(const ApiSnapshot& snapshot,
                                                             Instant now);
