#pragma once
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "common/dns.h"
#include "common/http_client.h"
#include "exporters/pihole/probe.h"

// What the configuration says: the Pi-holes, what each is asked over DNS, and how its API is read.

enum class ApiMode {
  kAuto,    // found by asking: v6 answers /api/info/login, v5 does not have it
  kV6,
  kV5,      // /admin/api.php
  kOff,     // DNS alone
};

struct ApiOptions {
  ApiMode mode = ApiMode::kAuto;
  // "http://10.0.0.2", "https://pihole2.lan:443": one scheme and one port. Pi-hole's web server can
  // stop for good when two of its ports are asked at once: a second one is never tried.
  std::string url;
  std::string password, password_file;  // v6: password or app password; the file is read again
  std::string token, token_file;        // v5: sha256(sha256(password)), WEBPASSWORD
  std::string host_header;              // "" = that of the URL; v5 wants a name it knows: pi.hole
  std::string ca_file;                  // TLS: Pi-hole's own CA, read again when it changes
  std::string server_name;              // in its certificate, "" = the host of the URL
  bool skip_verification = false;       // take any certificate
  Duration timeout{};                   // of one request
};

struct PiholeOptions {
  std::string name;  // label `pihole`, and the scope
  DnsServer dns;
  ApiOptions api;
};

// How often what is asked; three times as long it counts as known.
struct PollIntervals {
  Duration dns{};    // the probes that have no interval of their own, while all is well
  Duration chaos{};  // the counters over DNS; 0: never
  Duration fast{};   // of the API: counters, blocking, upstreams
  Duration slow{};   // database, seats, messages, lists
  Duration rare{};   // versions, system
  Duration drift{};  // groups, lists, rules, clients, settings; 0: never
};

struct DriftOptions {
  std::string reference;          // a Pi-hole's name; the first one if not given
  std::vector<std::string> components;  // of kDriftComponents; others are not compared. {}: all
  int max_domain_rules = 0;       // /api/domains stalls DNS: with more rules it is not asked for
  bool include_comments = false;
  bool Compares(std::string_view component) const;
};

// What is still well; shown as metrics, so that rules carry no numbers of their own.
struct PiholeObjectives {
  double rto_seconds = 0;                 // of ha_*
  double gravity_age_seconds = 0;         // how old the lists may be
  double blocking_off_seconds = 0;        // how long blocking may be off
  double drift_seconds = 0;               // how long they may differ: some intervals of the sync
  double seats_ratio = 0;                 // of the API's seats in use
};

struct PiholesOptions {
  std::vector<PiholeOptions> piholes;
  std::vector<ProbeOptions> probes;  // the same for all
  PollIntervals intervals;
  DriftOptions drift;
  PiholeObjectives objectives;
};

// Reads the whole file; `fields` without keys gives the local default: a Pi-hole on this host, DNS
// at 127.0.0.1:53, API at http://127.0.0.1 without a password. Errors as Fields::Finish() says
// them. A Pi-hole may not be called "all": that is the scope of all of them together.
absl::StatusOr<PiholesOptions> ReadPiholes(Fields& fields);
