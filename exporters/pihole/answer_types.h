#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporters/pihole/state.h"

// What a Pi-hole's API told, the same for version 6 and version 5. Every value is optional by
// itself: a version that does not have a field lacks that series and no other. Negative counts mean
// "unknown" (-1) or "the database failed" (-2) and never stand here as numbers.

// By type, status, ...; at most 64 kinds.
using Counts = std::vector<std::pair<std::string, double>>;

struct ReplyCounters {  // since FTL started
  std::optional<double> local, forwarded, optimized, unanswered, authoritative;
  std::optional<double> cache_size, cache_inserted, cache_evicted;
  // Entries now: record type, those valid, those stale.
  struct Content { std::string type; double valid = 0, stale = 0; };
  std::vector<Content> cache_content;
};

struct QuerySummary {  // over the window that FTL keeps, 24 h; no counters
  std::optional<double> total, blocked, forwarded, cached, unique_domains;
  std::optional<double> frequency;  // questions per second
  std::optional<double> clients_active, clients_known;
  Counts types, statuses, replies;
  std::optional<double> gravity_domains;
  bool gravity_failed = false;  // the count is negative: the database cannot be read
  std::optional<double> gravity_update_unix;
};

struct BlockingAnswer {
  Blocking blocking = Blocking::kUnknown;
  std::optional<double> timer_seconds;  // until it changes back, when the answer came
};

struct UpstreamAnswer {
  std::string upstream;  // "10.0.0.1#53"; pseudo entries (cache, blocklist) are left out
  double queries = 0;    // over the window
  std::optional<double> response_seconds;
};

struct HistorySlot {  // ten minutes
  long long unix_seconds = 0;  // of its centre
  double total = 0, blocked = 0;
  std::optional<double> cached, forwarded;  // version 5 does not tell them apart
};

struct FtlAnswer {
  std::optional<double> uptime_seconds, privacy_level, groups;
  struct Rules {
    std::string type, kind;  // allow, deny; exact, regex
    double enabled = 0;
    std::optional<double> disabled;  // FTL 6.2 and older do not tell
  };
  std::vector<Rules> rules;
  bool gravity_failed = false;
};

struct SeatsAnswer {
  double valid = 0, expired = 0;
  std::vector<int> orphans;  // ids of seats, see ReadSeats
};

struct MessagesAnswer { Counts types; };

struct ListAnswer {
  std::string type;    // block, allow
  bool enabled = false;
  std::string status;  // unknown, updated, unchanged, failed_cached, failed_empty
  std::optional<double> update_unix;
};

struct VersionAnswer {
  // core, web, ftl, docker; docker has no branch
  struct Component { std::string component, version, branch, latest; };
  std::vector<Component> components;
};

struct DatabaseAnswer { std::optional<double> bytes, queries_memory, queries_disk; };

struct SystemAnswer {
  std::optional<double> memory_total_bytes, memory_available_bytes, load1, load5, load15;
  std::optional<double> temperature_celsius;
};
