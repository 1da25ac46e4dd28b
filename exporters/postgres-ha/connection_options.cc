#include "exporters/postgres-ha/connection_options.h"

namespace {

// After this long without an acknowledgement TCP itself gives the way up (milliseconds).
constexpr const char* kTcpUserTimeout = "5000";
// Should we be the one that hangs, the server ends our statements itself.
constexpr const char* kServerOptions =
    "-c statement_timeout=2000 -c lock_timeout=200 -c idle_in_transaction_session_timeout=5000";

}  // namespace

std::vector<std::pair<std::string, std::string>> ConnectionParameters(const ConnectionOptions& o,
                                                                      const std::string& address) {
  std::vector<std::pair<std::string, std::string>> parameters = {
      {"host", o.host},
      {"hostaddr", address},
      {"port", o.port ? std::to_string(o.port) : ""},
      {"user", o.user},
      {"password", o.password},
      {"dbname", o.database},
      {"sslmode", o.sslmode},
      {"sslrootcert", o.sslrootcert},
      {"sslcert", o.sslcert},
      {"sslkey", o.sslkey},
      {"options", kServerOptions},
      {"tcp_user_timeout", kTcpUserTimeout},
      {"gssencmode", "disable"},
      {"application_name", "sentinel_exporter"}};
  std::erase_if(parameters, [](auto& parameter) { return parameter.second.empty(); });
  return parameters;
}
