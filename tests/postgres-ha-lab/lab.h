#pragma once
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "common/deadline.h"
#include "tests/postgres-ha-lab/process.h"
#include "tests/postgres-ha-lab/sql.h"

// The real servers: one lab for the whole program, see tests/lab/postgres-ha. It is started before
// the first test, and ends with this process whatever happens. That it starts is a test of its own:
// without it everything fails.
class Lab {
 public:
  static Lab& The();

  const std::string& directory() const { return directory_; }  // for files of the tests
  std::string operator[](const std::string& key) const;        // of lab.env, without LAB_
  std::string Key(const std::string& member, const std::string& key) const;  // PG1_PORT
  int Port(const std::string& member) const;
  std::string PatroniUrl(const std::string& member) const { return Key(member, "PATRONI_URL"); }
  int PatroniPort(const std::string& member) const;
  std::string Password(const std::string& role) const;  // exporter, bare, app, superuser

  // Runs a script of tests/lab with the lab as its second word; says so when it fails.
  bool Do(const std::string& script, const std::string& verb,
          const std::vector<std::string>& words = {}) const;
  // As superuser; "" and a failure of the test when it does not work.
  std::string Sql(const std::string& member, const std::string& statement,
                  const std::string& database = "postgres") const;
  Session::Login LoginOf(const std::string& member, const std::string& role,
                         const std::string& database = "postgres") const;
  std::map<std::string, Session::Login> Writers() const;  // the application, on every member

  std::string Leader() const;   // on-premise, by SQL
  std::string Replica() const;  // the other one
  // Waits until the leader leads, and both others stream from it and are told so by Patroni.
  void AwaitHealthy() const;

  bool Start();
  void End();

 private:
  bool Healthy() const;
  std::string directory_, where_;
  std::map<std::string, std::string> values_;
};

// The file of tests/lab.
std::string LabTool(const std::string& name);

// Asks again and again until `condition` holds. Says what was waited for if it never does.
template <class F>
testing::AssertionResult Eventually(double seconds, const std::string& what, F condition) {
  Deadline deadline = Deadline::In(FromSeconds(seconds));
  while (!condition()) {
    if (deadline.Over())
      return testing::AssertionFailure() << "not within " << seconds << " s: " << what;
    deadline.AtMost(std::chrono::milliseconds(20)).Wait(-1, 0);
  }
  return testing::AssertionSuccess();
}

// A fault that ends with its scope, so that a failed assertion leaves no sick server behind.
class Fault {
 public:
  Fault(const std::string& begin, const std::string& end, const std::string& member,
        const std::string& part = "");
  ~Fault() { End(); }
  Fault(const Fault&) = delete;
  void End();

 private:
  std::string end_, member_, part_;
};
inline Fault Frozen(const std::string& member, const std::string& part = "all") {
  return {"stop", "cont", member, part};
}
inline Fault Killed(const std::string& member) { return {"kill", "start", member}; }

// A tool of tests/lab that prints its port once it listens.
class Tool {
 public:
  Tool(const std::string& name, std::vector<std::string> words);
  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  Child child_;
  int port_ = 0;
};

// Every test begins with a healthy lab.
class LabTest : public testing::Test {
 protected:
  void SetUp() override { lab.AwaitHealthy(); }
  Lab& lab = Lab::The();
};
