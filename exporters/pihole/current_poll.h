#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "exporters/pihole/api_session.h"
#include "exporters/pihole/config.h"

// By when a poll must be over, and by when, if a login is needed, all of it.
struct PollDeadlines {
  Deadline poll, login;
};

// The requests of one poll of version 6, one after the other:
//   fast   /api/info/metrics, stats/summary, dns/blocking, stats/upstreams, history: always
//   slow   /api/info/ftl, auth/sessions, info/messages, lists
//   rare   /api/info/version, info/database, info/sensors, info/system
//   drift  /api/groups, lists, clients, config, and domains if info/ftl told that there are few
//          rules: 20,000 of them stall the Pi-hole's DNS for 0.2 s
// One that is answered badly costs its own part. One that says how the whole Pi-hole is (no answer,
// not let in, a redirect) ends the poll: what was not asked keeps its value and time, and is due.
class CurrentPoll {
 public:
  // `session` must outlive it.
  CurrentPoll(ApiClient& client, ApiSession& session, const std::string& user_agent,
              const PiholesOptions& all);
  // Fills `snapshot`. OK if anything was answered well and nothing said that the whole Pi-hole is
  // unwell; else the last error, and client.state() says which.
  absl::Status Poll(Instant now, const PollDeadlines& deadlines, ApiSnapshot& snapshot);

 private:
  struct Request {
    std::string path;
    Duration interval;
    std::function<absl::Status(Json, ApiSnapshot&)> take;
    std::function<void(ApiSnapshot&)> drop;  // what it told before is not known any more
    Instant due = Instant::min();
  };
  template <class T, class Read>
  void Add(const char* path, Duration interval, Part<T> ApiSnapshot::*part, Read read);
  void AddSensors(Duration interval);
  bool Due(Instant due, Instant now) const { return now + fast_ / 2 >= due; }
  absl::StatusOr<Json> Get(const std::string& path, const PollDeadlines& deadlines,
                           std::size_t max_bytes);
  absl::Status AskOne(Request& request, Instant now, const PollDeadlines& deadlines,
                      ApiSnapshot& snapshot);
  absl::Status AskDrift(const PollDeadlines& deadlines, ApiSnapshot& snapshot);
  bool Ended() const;  // the last answer says how the whole Pi-hole is
  bool FewRules(const ApiSnapshot& snapshot, Instant now) const;

  ApiClient& client_;
  ApiSession& session_;
  const DriftOptions drift_;
  const Duration fast_, drift_interval_;
  std::vector<Request> requests_;
  std::optional<Json> sensors_;  // until the system is asked
  Instant drift_due_ = Instant::min();
};
