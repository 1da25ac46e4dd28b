#pragma once
#include <string>
#include <utility>
#include <vector>

// How to reach a PostgreSQL server, and as whom.
struct ConnectionOptions {
  std::string host;  // name or address; empty: libpq's default (PGHOST, the local socket)
  int port = 0;      // 0: libpq's default
  std::string user, password, database;  // empty: libpq's defaults (PGUSER, ~/.pgpass, ...)
  std::string sslmode, sslrootcert, sslcert, sslkey;
};

// The same as libpq's connection parameters, empty ones left out. `address`: of the host, numeric, so
// that libpq looks up no names; empty for a local socket.
std::vector<std::pair<std::string, std::string>> ConnectionParameters(const ConnectionOptions& options,
                                                                      const std::string& address);
