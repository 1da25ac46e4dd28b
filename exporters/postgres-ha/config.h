#pragma once
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config.h"
#include "common/http_client.h"
#include "exporters/postgres-ha/connection.h"
#include "exporters/postgres-ha/evidence.h"

// What the configuration says. A data set is one PostgreSQL history: the entries of `clusters` with
// the same name, one for each site. The first is the one that leads while all is well.

struct StaticMember {
  std::string name, host;
  int port = 5432;
};

struct RouteOptions {
  RouteKind kind = RouteKind::kReadWrite;
  std::string host;
  int port = 0;
};

struct HaproxyOptions {
  std::string url;                    // unix:/path/of/stats.sock, or http://host:port/;csv
  std::string rw_proxy, ro_proxy;     // the names of the two proxies
  std::string user, password;         // of the statistics page
};

struct EtcdOptions {
  std::vector<std::string> endpoints; // http://host:port
  bool watch = false;                 // follow the lock and the requests of Patroni as etcd pushes them
  std::string prefix;                 // of the scope's keys: /service/sentinel/
  HttpOptions http;
};

struct SiteOptions {
  std::string name;                   // label target_site
  std::vector<std::string> patroni;   // http://host:port; one is enough
  std::vector<StaticMember> members;
  ConnectionOptions connection;       // without host and port
  HttpOptions http;
  Duration look_interval{}, look_deadline{};
  std::vector<RouteOptions> routes;   // at most one of each kind
  bool read_only_accepts_primary = false;
  Duration route_interval{}, canary_interval{};  // of fresh sessions; canary 0: none
  Duration heartbeat_interval{};        // 0: none
  std::vector<HaproxyOptions> haproxies;
  EtcdOptions etcd;
  std::optional<int> expected_members;  // absent: as many as are known
};

// What is still well, beyond RTO and RPO: alert rules take these from the page.
struct Objectives {
  double replication_lag_seconds = 10;
  double connections_ratio = 0.8;         // of max_connections without the reserved ones
  int application_connections = 20;       // what the pool of one application may open
  double slot_retained_bytes = 2147483648;
  double transaction_seconds = 3600;      // how long one may be open
  double clock_offset_seconds = 0.5;      // of a server against the exporter
};

struct DataSetOptions {
  std::string name;                   // label pg_cluster
  std::vector<SiteOptions> sites;
  Duration forget_after{};
  double rto_objective_seconds = 0, rpo_objective_seconds = 0;
  Objectives objectives;
  std::vector<std::string> anchors;   // host:port that answer as long as our own network works
};

// The longest that a look at a member may take: so long the evidence of the others may be held back.
Duration LongestLookDeadline(const DataSetOptions& options);

// Reads the whole file; `fields` without keys gives the local default: Patroni at
// http://127.0.0.1:8008 and libpq's environment. Errors as Fields::Finish() says them.
absl::StatusOr<std::vector<DataSetOptions>> ReadConfig(Fields& fields);
