#pragma once
#include <memory>
#include <optional>

#include "exporters/pihole/current_poll.h"
#include "exporters/pihole/evidence.h"
#include "exporters/pihole/legacy_poll.h"

// Asks one Pi-hole's API, whatever its version: version 6 answers /api/info/login, version 5 has
// only /admin/api.php. Over one connection to one port: a second one is never tried. While we are
// not let in, /api/info/login still tells whether it is alive.
class ApiPoll {
 public:
  ApiPoll(const PiholeOptions& pihole, const PiholesOptions& all, SessionMeans means);
  // How long a poll may take: a login alone takes a slow Pi-hole 10 s.
  static Duration LookDeadline(const ApiOptions& options);

  struct Result {
    absl::Status status;
    ApiLook look;
  };
  Result Poll(const Deadline& deadline);
  void Leave(const Deadline& deadline);

 private:
  absl::Status FindVersion(const Deadline& deadline);
  absl::Status PollCurrent(const Deadline& deadline);
  absl::Status AskIfAlive(const absl::Status& denied, const Deadline& deadline);

  const std::string name_;
  const ApiOptions options_;
  const std::function<Instant()> clock_;
  ApiClient client_;
  ApiSession session_;
  CurrentPoll current_;
  LegacyPoll legacy_;
  std::optional<ApiMode> mode_;  // kV6 or kV5, once known
  ApiSnapshot snapshot_;
};
