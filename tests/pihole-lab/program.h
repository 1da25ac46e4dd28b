#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "tests/common/testing/files.h"
#include "tests/pihole/fake_pihole.h"
#include "tests/postgres-ha-lab/page.h"
#include "tests/postgres-ha-lab/process.h"

// pihole-exporter itself, on a port of its own, with a configuration and a state directory that
// outlive its process. It never outlives the test.
class PiholeProgram {
 public:
  // Without a state directory it listens on the same port after each start.
  explicit PiholeProgram(const std::string& yaml, bool with_state = true);
  void Start();
  void Terminate();  // SIGTERM: it must exit with 0 within seconds
  void Reload(const std::string& yaml);  // SIGHUP, and waits until that is in force
  void Kill();       // SIGKILL
  Page Scrape() const;
  // Scrapes until `condition` holds; the page, and a failure of the test if it never does.
  Page Await(double seconds, const std::string& what,
             const std::function<bool(const Page&)>& condition) const;
  std::string Log() const { return child_->Output(); }
  std::string StateFiles() const;  // all that stands in its state directory
  pid_t pid() const { return child_->pid(); }

 private:
  TemporaryDirectory directory_;
  int starts_ = 0, port_ = 0;  // 0: any
  const bool with_state_;
  std::unique_ptr<Child> child_;
};

// One entry of `piholes` for a fake.
std::string EntryOf(const std::string& name, const FakePihole& fake,
                    const std::string& password = "secret");

// Series of `pihole` on the page, without values: "pihole_dns_up,pihole=pi".
std::set<std::string> SeriesOf(const Page& page, const std::string& pihole);

// Asks again and again until `condition` holds; false if it never does.
bool Eventually(double seconds, const std::function<bool()>& condition);
