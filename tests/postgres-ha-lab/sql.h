#pragma once
#include <memory>
#include <optional>
#include <string>

// A plain blocking PostgreSQL session of the test's own: independent of the code under test.
class Session {
 public:
  struct Login {
    int port = 0;
    std::string user, password, database = "postgres";
  };
  explicit Session(const Login& login);
  ~Session();
  bool open() const;
  std::string error() const;
  // The first field of the first row, "" if there is none; nothing when the statement failed.
  std::optional<std::string> Ask(const std::string& statement);

 private:
  struct Libpq;
  std::unique_ptr<Libpq> pq_;
};
