#include "tests/postgres-ha-lab/sql.h"

#include <libpq-fe.h>

struct Session::Libpq {
  PGconn* conn = nullptr;
  ~Libpq() { PQfinish(conn); }
};

Session::Session(const Login& login) : pq_(std::make_unique<Libpq>()) {
  std::string port = std::to_string(login.port);
  const char* keys[] = {"host",     "port",   "user",            "password",
                        "dbname",   "application_name", "connect_timeout", nullptr};
  const char* values[] = {"127.0.0.1",           port.c_str(), login.user.c_str(),
                          login.password.c_str(), login.database.c_str(), "test", "2", nullptr};
  pq_->conn = PQconnectdbParams(keys, values, 0);
}

Session::~Session() = default;

bool Session::open() const { return PQstatus(pq_->conn) == CONNECTION_OK; }
std::string Session::error() const { return PQerrorMessage(pq_->conn); }

std::optional<std::string> Session::Ask(const std::string& statement) {
  PGresult* result = PQexec(pq_->conn, statement.c_str());
  std::optional<std::string> answer;
  ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK) answer = "";
  if (status == PGRES_TUPLES_OK) answer = PQntuples(result) ? PQgetvalue(result, 0, 0) : "";
  PQclear(result);
  return answer;
}
