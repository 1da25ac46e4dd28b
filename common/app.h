#pragma once
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "common/scrape.h"

// What an exporter tells the core about itself.
struct Exporter {
  std::string name;     // postgres-ha-exporter: program, unit and log name
  std::string summary;  // one line for --help
  int port;             // of the default --web.listen-address

  // Reads the whole configuration (an empty map without --config.file) and returns the groups to
  // watch. `running` are the groups in force, empty at the start: one that goes on under the same
  // name must reuse its judge, so that a reload forgets nothing. Must change nothing when it fails
  // (read everything, ask Finish(), then touch the running judges).
  std::function<absl::StatusOr<std::vector<Group>>(Fields& config,
                                                   const std::vector<Group>& running)>
      load;
};

// Runs an exporter until SIGTERM or SIGINT: flags, configuration, signals, HTTP, reload (SIGHUP,
// and POST /-/reload with --web.enable-lifecycle), facts, drain. Returns the exit code: 0 after a
// signal or a question answered (--help, --version, --check-config, --list-metrics), 1 when it
// cannot start, 2 for a wrong command line. On SIGTERM it says "not ready", finishes the scrapes in
// flight (12 s at most), lets all targets leave after the look in flight, if there is one (20 s at
// most; a second signal ends that at once), and exits without joining threads that may be stuck in a
// system call.
int Main(const Exporter& exporter, int argc, char** argv);
