#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporters/pihole/api_session.h"
#include "exporters/pihole/config.h"

struct PollDeadlines {
  Deadline begin;  // after it no request is begun but the first
  Deadline end;    // of all of it, with a login if one is needed
};

// The requests of one poll of version 6, one after the other:
//   fast   /api/info/metrics, stats/summary, dns/blocking, stats/upstreams, history: always
//   slow   /api/info/ftl, auth/sessions, info/messages, lists
//   rare   /api/info/version, info/database, info/sensors, info/system
//   drift  /api/groups, lists, clients, config, and domains if they are compared and info/ftl told
//          that there are few rules of each kind: 20,000 of them stall the Pi-hole's DNS for 0.2 s.
//          They are asked in a row: what the ids of groups in one mean is told by another.
// First comes what would first be too old to be shown. Over a slow link a poll does not come to all
// of them: the rest keeps value and time, is due, and has its turn in the next polls. A request
// that was begun has its whole timeout.
//
// One that is answered badly costs its own part; so does one without an answer, when others of the
// same poll have one. What says how the whole Pi-hole is (nothing is answered, not let in, a
// redirect) ends the poll: what it knew stays, with its time.
class CurrentPoll {
 public:
  // `session` must outlive it.
  CurrentPoll(ApiClient& client, ApiSession& session, const std::string& user_agent,
              const PiholesOptions& all);
  // Fills `snapshot`. OK if anything was answered well and nothing said that the whole Pi-hole is
  // unwell; else the last error, and client.state() says which.
  absl::Status Poll(Instant now, const PollDeadlines& deadlines, ApiSnapshot& snapshot);
  // What the settings were, if the last poll read them and the log wants to know; once.
  ItemTexts TakeTexts() { return std::exchange(texts_, {}); }

 private:
  struct Request {
    Duration interval;
    std::function<absl::Status(const Deadline& end, ApiSnapshot& snapshot)> ask;
    Instant due = Instant::min(), tried = Instant::min();
  };
  template <class T, class Read>
  void Add(const char* path, Duration interval, Part<T> ApiSnapshot::*part, Read read);
  void AddSensors(Duration interval);
  std::vector<Request*> DueAt(Instant now);
  absl::StatusOr<Json> Get(const std::string& path, const Deadline& end, std::size_t max_bytes);
  absl::Status AskDrift(const Deadline& end, ApiSnapshot& snapshot);
  bool FewRules(const ApiSnapshot& snapshot, Instant now) const;

  ApiClient& client_;
  ApiSession& session_;
  const DriftOptions drift_;
  const Duration fast_, drift_interval_;
  std::vector<Request> requests_;
  std::optional<Json> sensors_;  // until the system is asked
  ItemTexts texts_;
  // Of the poll under way.
  bool good_ = false;     // something was answered well
  bool silence_ = false;  // the last request got no answer
  bool ended_ = false;    // the last answer says how the whole Pi-hole is
};
