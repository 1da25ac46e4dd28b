#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/json.h"
#include "tests/common/testing/files.h"
#include "tests/postgres-ha-lab/process.h"

// A fake Pi-hole on loopback, see tests/lab/fake-pihole: its API, its DNS and a control port, over
// which it is told how to behave and says what clients did. It never outlives the test. A password
// costs no time here unless "login_seconds" says so.
class FakePihole {
 public:
  // `switches`: JSON, see tests/lab/fake_pihole/switches.py. `tls`: it listens on https, too.
  explicit FakePihole(const std::string& switches = "{}", bool tls = false);

  int http_port() const { return http_port_; }
  int https_port() const { return https_port_; }  // 0 without TLS
  int dns_port() const { return dns_port_; }
  std::string Url() const;      // of its API: https if it has that
  std::string ca_file() const;  // of its certificate, whose name is pi.hole
  pid_t pid() const { return process_->pid(); }

  // Puts it into a named state, as "upstream-dead"; "normal" ends every other one.
  void Become(const std::string& state);
  // Changes switches: {"faults": {"/api/history": "half"}}. In force when this returns.
  void Tell(const std::string& switches);
  // What clients did; see there. A name that was never counted is 0: Count({"logins", "wrong"}).
  Json Counts() const;
  long long Count(const std::vector<std::string>& path) const;
  void ResetCounts();  // seats stay

  // As systemctl stop, as kill -9, as kill -STOP. Start() after either of the first two listens on
  // the same ports. Only after a clean end it still knows the seats that it gave away.
  void Stop();
  void Kill();
  void Freeze();
  void Thaw();
  void Start();

 private:
  void ReadPorts();
  std::string Ask(const std::string& path, const std::string* json = nullptr) const;

  TemporaryDirectory directory_;
  std::string switches_;
  bool tls_;
  int http_port_ = 0, https_port_ = 0, dns_port_ = 0, control_port_ = 0, starts_ = 0;
  std::unique_ptr<Child> process_;
};
