#pragma once
#include <memory>
#include <optional>

#include "exporters/pihole/current_poll.h"
#include "exporters/pihole/evidence.h"
#include "exporters/pihole/legacy_poll.h"

// Asks one Pi-hole's API, whatever its version: version 6 answers /api/info/login, version 5 has
// only /admin/api.php. Over one connection to one port: a second one is never tried. While no login
// may be tried, /api/info/login tells whether it is alive, and whether its DNS engine is: if not,
// blocking is Blocking::kFailure, as /api/dns/blocking would say. So the state of the look is that
// of the failed login only as long as it is alive; it is kBadResponse if a login got no answer.
class ApiPoll {
 public:
  ApiPoll(const PiholeOptions& pihole, const PiholesOptions& all, SessionMeans means);
  // How long a poll may take, Target::look_deadline of its eye: a login alone takes a slow Pi-hole
  // 10 s, and over a slow link a poll takes some timeouts of a request. No scrape waits for either.
  static Duration LookDeadline(const ApiOptions& options);

  struct Result {
    absl::Status status;
    ApiLook look;
    ItemTexts texts;  // see CurrentPoll::TakeTexts()
  };
  Result Poll(const Deadline& deadline);
  void Leave(const Deadline& deadline);

 private:
  absl::Status FindVersion(const Deadline& deadline);
  absl::Status PollCurrent(const Deadline& deadline);
  absl::Status AskIfAlive(const absl::Status& denied, const Deadline& deadline);

  const std::string name_;
  const ApiOptions options_;
  const Duration fast_;
  const std::function<Instant()> clock_;
  ApiClient client_;
  ApiSession session_;
  CurrentPoll current_;
  LegacyPoll legacy_;
  std::optional<ApiMode> mode_;  // kV6 or kV5, once known
  ApiSnapshot snapshot_;
};
