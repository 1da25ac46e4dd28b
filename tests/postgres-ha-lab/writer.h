#pragma once
#include <atomic>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "common/deadline.h"
#include "common/guarded.h"
#include "tests/postgres-ha-lab/sql.h"

// The truth: writes a row into app.rows every 20 ms, on every member that takes one, and remembers
// when it was taken. Each member has its own thread and session.
class Writer {
 public:
  struct Row {
    long long n;         // app.rows.n
    Instant begin, end;  // the commit lies between
    std::string member;
  };
  // How to log in as the application, by member.
  explicit Writer(const std::map<std::string, Session::Login>& members);
  ~Writer();
  void Stop();
  std::vector<Row> rows();

  // The longest time without a row after `since`, from the end of one commit to that of the next.
  struct Gap {
    Row before, after;
    double seconds() const { return Seconds(after.end - before.end); }
  };
  std::optional<Gap> LongestGap(Instant since);
  bool HasRowAfter(Instant since);

 private:
  void Write(const std::string& member, const Session::Login& login);
  std::atomic<bool> stop_ = false;
  std::atomic<long long> next_ = 1;
  Guarded<std::vector<Row>> rows_;
  std::vector<std::thread> threads_;
};
