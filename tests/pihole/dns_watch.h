#pragma once
// The eye on one Pi-hole over DNS, with a board of its own.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "common/config.h"
#include "exporters/pihole/dns_eye.h"
#include "tests/pihole/fake_pihole.h"

struct DnsWatch {
  // `dns` as in the configuration; `more`: other keys of it.
  explicit DnsWatch(const std::string& dns, const std::string& more = "") {
    Fields fields = Fields::FromText(
        "test.yml", "piholes: [{name: pi, dns: \"" + dns + "\"}]\n" + more);
    auto read = ReadPiholes(fields);
    EXPECT_TRUE(read.ok()) << read.status();
    options = *std::move(read);
    Open();
  }
  explicit DnsWatch(const FakePihole& fake, const std::string& more = "")
      : DnsWatch("127.0.0.1:" + std::to_string(fake.dns_port()), more) {}
  // Begins anew, with `options`.
  void Open() {
    board = std::make_shared<PiholesBoard>(Piholes(options));
    eye = std::make_unique<DnsEye>(board, options.piholes[0], options);
  }

  Deadline LookDeadline() const { return Deadline::In(DnsLookDeadline(options.probes)); }
  Next Look() { return eye->Look(LookDeadline()); }
  // What a look asks at that second of the test's own clock, without posting it.
  DnsLook Ask(double seconds) { return eye->Ask(LookDeadline(), Second(seconds)); }
  Duration Pause(double seconds) const { return eye->Pause(Second(seconds)); }
  static Instant Second(double seconds) { return Instant(FromSeconds(1000 + seconds)); }
  std::string Page() const {
    Samples out;
    board->Show(Now::Read(), out);
    return RenderPage({&out}, Format::kText);
  }
  // The word for it on the page; "" if there is none.
  std::string State() const {
    const std::string page = Page();
    for (auto state : kPiholeStates)
      if (page.find("state=\"" + std::string(state) + "\"} 1\n") != page.npos)
        return std::string(state);
    return "";
  }

  PiholesOptions options;
  std::shared_ptr<PiholesBoard> board;
  std::unique_ptr<DnsEye> eye;
};
