#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tests/postgres-ha-lab/lab.h"
#include "tests/postgres-ha-lab/page.h"
#include "tests/postgres-ha-lab/process.h"

// A site in the configuration of the exporter under test.
struct SiteConfig {
  std::string name, patroni_url;
  std::string more = {};  // further keys, each as "key: value"
};

// What an exporter is started with. `role` is the lab's role that it logs in as.
struct ExporterConfig {
  std::vector<SiteConfig> sites;
  std::string role = "exporter";
  std::string more = {};                   // further top-level lines
  std::vector<std::string> wrapper = {};   // the command that starts it
  std::vector<std::string> flags = {};
};

// The lab as an operator would describe it: one Patroni URL for each site.
ExporterConfig TwoSites();

// The program under test, on a port of its own. When it ends it must exit with 0 within seconds,
// however sick its targets are.
class Exporter {
 public:
  explicit Exporter(const ExporterConfig& config);
  ~Exporter();
  Page Scrape(const std::string& headers = "") const;
  // Scrapes until `condition` holds; the page, and a failure of the test if it never does.
  Page Await(double seconds, const std::string& what,
             const std::function<bool(const Page&)>& condition) const;
  // All members have answered, and the details of all are there.
  Page AwaitHealthy() const;
  // Five pages now: all complete with 200, and the median within 100 ms.
  Page ExpectSwift() const;
  void Kill() { child_.Signal(9), child_.Await(Deadline::In(std::chrono::seconds(5))); }
  pid_t pid() const { return child_.pid(); }
  int port() const { return port_; }
  std::string Log() const { return child_.Output(); }
  int SessionsTo(const std::string& member) const;  // TCP connections to its PostgreSQL

 private:
  Child child_;
  int port_ = 0;
};

// The state of `member` is `state` and no other one.
testing::AssertionResult InState(const Page& page, const std::string& member,
                                 const std::string& state);
// Everything that a healthy member shows is there.
testing::AssertionResult Complete(const Page& page, const std::string& member);
// Nothing but the verdict shows of it: no detail, no collection that succeeded.
testing::AssertionResult WithoutDetails(const Page& page, const std::string& member);
// Every member but `sick` is complete.
testing::AssertionResult OthersComplete(const Page& page, const std::string& sick);
