#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/deadline.h"
#include "tests/postgres-ha-lab/page.h"
#include "tests/postgres-ha-lab/process.h"

// The real servers: one lab for the whole program, see tests/lab/redis. It is started before the
// first test, and ends with this process whatever happens.
class RedisLab {
 public:
  static RedisLab& The();

  const std::string& directory() const { return directory_; }  // for files of the tests
  std::string operator[](const std::string& key) const;        // of lab.env, without LAB_
  int Port(const std::string& server) const;                   // r1 to r3, s1 to s3
  std::string Address(const std::string& server) const;        // as it announces itself

  // Runs the script with the lab as its second word and returns what it says; a failure of the test
  // when it fails.
  std::string Do(const std::string& verb, const std::vector<std::string>& words = {}) const;
  // As the configuration names it: with rediss:// where there is TLS.
  std::string Url(const std::string& server) const;
  // A command as admin.
  std::string Cli(const std::string& server, std::vector<std::string> words) const;
  std::string Master() const;                 // r1 to r3
  std::vector<std::string> Replicas() const;  // the two others

  // With `tls` nobody is let in without a certificate.
  bool Start(bool tls = false);
  void End();

 private:
  std::string directory_, where_;
  std::map<std::string, std::string> values_;
};

// Asks again and again until `condition` holds. Says what was waited for if it never does.
testing::AssertionResult Eventually(double seconds, const std::string& what,
                                    const std::function<bool()>& condition);

// A fault that ends with its scope, so that a failed assertion leaves no sick server behind.
class RedisFault {
 public:
  RedisFault(const std::string& begin, const std::string& end, const std::string& server);
  ~RedisFault() { End(); }
  RedisFault(const RedisFault&) = delete;
  void End();

 private:
  std::string end_, server_;
};

// The program under test, on a port of its own, told of one Sentinel and logged in with the rights
// that the documentation asks for. When it ends it must exit with 0 within seconds.
class RedisExporter {
 public:
  // `more`: further keys of the deployment, a line each; `wrapper`: what starts the program.
  explicit RedisExporter(const std::string& sentinel = "s1",
                         const std::vector<std::string>& more = {},
                         const std::vector<std::string>& wrapper = {});
  ~RedisExporter();
  pid_t pid() const { return child_.pid(); }
  Page Scrape() const;
  // A page, after five of which most came within 100 ms.
  Page ExpectSwift() const;
  // Scrapes until `condition` holds; the page, and a failure of the test if it never does.
  Page Await(double seconds, const std::string& what,
             const std::function<bool(const Page&)>& condition) const;
  // Everything is found and answers, and the verdict knows the master.
  Page AwaitHealthy() const;
  int ConnectionsTo(const std::string& server) const;

 private:
  Child child_;
  int port_ = 0;
};

// The labels of the service's ha_* metrics, with one more.
Labels Scope(const Labels& more = {});
// Whether the target of that kind answered at the scrape.
bool Succeeds(const Page& page, const std::string& kind, const std::string& server);

// Every test begins with a healthy lab.
class RedisLabTest : public testing::Test {
 protected:
  void SetUp() override { lab.Do("wait"); }
  RedisLab& lab = RedisLab::The();
};
