#include "exporters/pihole/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "tests/common/config_files.h"

namespace {

using namespace std::chrono_literals;

absl::StatusOr<PiholesOptions> Read(const std::string& text) {
  Fields fields = Fields::FromText("c.yml", text);
  return ReadPiholes(fields);
}

std::string TextOf(const std::string& file) {
  std::ifstream in(SOURCE_DIR "/" + file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file with a password, as set-ups have one.
std::string PasswordFile() {
  std::string file = testing::TempDir() + "pihole_config_password";
  std::ofstream(file) << "from the file\n";
  setenv("PIHOLE_PASSWORD_FILE", file.c_str(), 1);
  return file;
}

TEST(PiholeConfig, WithoutAFileIsThePiholeOnThisHost) {
  auto all = Read("");
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->piholes.size(), 1u);
  const PiholeOptions& o = all->piholes[0];
  EXPECT_EQ(o.name, "pihole");
  EXPECT_EQ(o.dns.host, "127.0.0.1");
  EXPECT_EQ(o.dns.port, 53);
  EXPECT_EQ(o.api.mode, ApiMode::kAuto);
  EXPECT_EQ(o.api.url, "http://127.0.0.1");
  EXPECT_EQ(o.api.password + o.api.password_file + o.api.token + o.api.token_file, "");
  EXPECT_FALSE(o.api.skip_verification);
  EXPECT_EQ(o.api.timeout, 2s);
  std::vector<std::string> names;
  for (auto& probe : all->probes) names.push_back(probe.name);
  EXPECT_THAT(names, testing::ElementsAre("resolve", "blocked", "blocked_aaaa", "local",
                                          "uncached", "tcp"));
  EXPECT_EQ(all->intervals.dns, 15s);
  EXPECT_EQ(all->intervals.chaos, 60s);
  EXPECT_EQ(all->intervals.fast, 15s);
  EXPECT_EQ(all->intervals.slow, 60s);
  EXPECT_EQ(all->intervals.rare, 5min);
  EXPECT_EQ(all->intervals.drift, 5min);
  EXPECT_EQ(all->drift.reference, "pihole");
  EXPECT_EQ(all->drift.max_domain_rules, 2000);
  EXPECT_FALSE(all->drift.include_comments);
  EXPECT_EQ(all->objectives.rto_seconds, 300);
  EXPECT_EQ(all->objectives.gravity_age_seconds, 8 * 86400);
  EXPECT_EQ(all->objectives.blocking_off_seconds, 900);
  EXPECT_EQ(all->objectives.drift_seconds, 2700);
  EXPECT_EQ(all->objectives.seats_ratio, 0.75);
}

TEST(PiholeConfig, EveryKeyCounts) {
  const std::string file = PasswordFile();
  auto all = Read(TextOf("tests/config/pihole/everything.good.yml"));
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->piholes.size(), 4u);
  const PiholeOptions &one = all->piholes[0], &two = all->piholes[1];
  EXPECT_EQ(one.api.mode, ApiMode::kV6);
  EXPECT_EQ(one.api.url, "https://10.0.0.2:443");
  EXPECT_EQ(one.api.password_file, file);
  EXPECT_EQ(one.api.password, "");  // the session reads the file
  EXPECT_EQ(one.api.host_header, "pi.hole");
  EXPECT_EQ(one.api.ca_file, "/etc/sentinel/pihole1.pem");
  EXPECT_EQ(one.api.server_name, "pi.hole");
  EXPECT_TRUE(one.api.skip_verification);
  EXPECT_EQ(one.api.timeout, 3s);
  EXPECT_EQ(two.dns.host, "2001:db8::2");
  EXPECT_EQ(two.dns.port, 5353);
  EXPECT_EQ(two.api.mode, ApiMode::kV5);
  EXPECT_EQ(two.api.token, "secret");
  EXPECT_EQ(all->piholes[2].dns.host, "dns3.example.org");
  EXPECT_EQ(all->piholes[2].api.mode, ApiMode::kOff);
  EXPECT_EQ(all->piholes[3].dns.host, "2001:db8::4");
  EXPECT_EQ(all->piholes[3].dns.port, 53);
  EXPECT_EQ(all->piholes[3].api.password, "secret");
  EXPECT_EQ(all->piholes[3].api.token_file, file);
  EXPECT_EQ(all->intervals.dns, 30s);
  EXPECT_EQ(all->intervals.chaos, 2min);
  EXPECT_EQ(all->intervals.fast, 20s);
  EXPECT_EQ(all->intervals.slow, 90s);
  EXPECT_EQ(all->intervals.rare, 10min);
  EXPECT_EQ(all->intervals.drift, 15min);
  EXPECT_EQ(all->drift.reference, "pihole2");
  EXPECT_TRUE(all->drift.Compares("lists"));
  EXPECT_FALSE(all->drift.Compares("upstreams"));
  EXPECT_EQ(all->drift.max_domain_rules, 500);
  EXPECT_TRUE(all->drift.include_comments);
  EXPECT_EQ(all->objectives.rto_seconds, 120);
  EXPECT_EQ(all->objectives.gravity_age_seconds, 10 * 86400);
  EXPECT_EQ(all->objectives.blocking_off_seconds, 300);
  EXPECT_EQ(all->objectives.drift_seconds, 3600);
  EXPECT_EQ(all->objectives.seats_ratio, 0.5);
}

TEST(PiholeConfig, ProbesOfTheList) {
  PasswordFile();
  auto all = Read(TextOf("tests/config/pihole/everything.good.yml"));
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->probes.size(), 7u);
  const ProbeOptions &resolve = all->probes[0], &blocked = all->probes[1], &nas = all->probes[3];
  EXPECT_EQ(resolve.query, "example.org");
  EXPECT_TRUE(resolve.mandatory);
  EXPECT_EQ(resolve.type, DnsType::kA);
  EXPECT_EQ(resolve.expect, ProbeExpectation::kAddress);
  EXPECT_EQ(resolve.interval, 30s);
  EXPECT_EQ(resolve.timeout, 1s);
  EXPECT_EQ(blocked.type, DnsType::kAaaa);
  EXPECT_EQ(blocked.expect, ProbeExpectation::kBlocked);
  EXPECT_FALSE(blocked.blocked_as);
  EXPECT_EQ(all->probes[2].address, "10.0.0.8");
  EXPECT_FALSE(all->probes[2].blocked_as);
  EXPECT_EQ(all->probes[5].blocked_as, ProbeOutcome::kNxdomain);
  EXPECT_EQ(all->probes[5].address, "");
  EXPECT_FALSE(nas.mandatory);
  EXPECT_EQ(nas.address, "10.0.0.9");
  EXPECT_EQ(nas.interval, 1min);
  EXPECT_EQ(nas.timeout, 500ms);
  EXPECT_EQ(all->probes[4].expect, ProbeExpectation::kAnswer);
  EXPECT_TRUE(IsUncached(all->probes[4]));
  EXPECT_EQ(all->probes[6].expect, ProbeExpectation::kNxdomain);
  EXPECT_EQ(all->probes[6].transport, DnsTransport::kTcp);
  EXPECT_EQ(all->probes[6].timeout, 2s);
}

const ReadsConfig kReads = [](Fields& fields) { return ReadPiholes(fields).status(); };

TEST(PiholeConfig, GoodAndBadFiles) {
  PasswordFile();
  ExpectGoodAndBadFiles("pihole", kReads);
}

TEST(PiholeConfig, TheExampleIsReadAndNamesEveryKey) {
  PasswordFile();
  ExpectExampleNamesEveryKey("pihole", kReads, 26);
}

}  // namespace
