#include "tests/postgres-ha-lab/exporter.h"

#include <signal.h>

#include <algorithm>
#include <fstream>

using namespace std::chrono_literals;

namespace {

int next_number = 0;

// The configuration as a file. Passwords stay in the lab's files.
std::string Write(const ExporterConfig& config, const std::string& file) {
  Lab& lab = Lab::The();
  std::ofstream out(file);
  out << "defaults:\n  user: " << lab.Key(config.role, "USER")
      << "\n  password_file: " << lab.Key(config.role, "PASSWORD_FILE") << "\n";
  out << config.more << "clusters:\n";
  for (auto& site : config.sites) {
    out << "  - name: sentinel\n    site: " << site.name << "\n";
    if (!site.patroni_url.empty()) out << "    patroni: [\"" << site.patroni_url << "\"]\n";
    if (!site.more.empty()) out << "    " << site.more << "\n";
  }
  return file;
}

std::vector<std::string> Command(const ExporterConfig& config) {
  std::vector<std::string> command = config.wrapper;
  command.push_back(EXPORTER);
  command.push_back("--web.listen-address=127.0.0.1:0");
  command.push_back("--config.file=" + Write(config, Lab::The().directory() + "/config" +
                                                         std::to_string(next_number) + ".yml"));
  command.insert(command.end(), config.flags.begin(), config.flags.end());
  return command;
}

std::string NextLog() {
  return Lab::The().directory() + "/exporter" + std::to_string(next_number++) + ".log";
}

// What every member that answers shows, beyond what the verdict says of it.
const char* const kDetails[] = {
    "postgres_ha_max_connections",       "postgres_ha_reserved_connections",
    "postgres_ha_synchronous_commit_info", "postgres_ha_wal_keep_bytes",
    "postgres_ha_archiver_enabled",      "postgres_ha_archiver_archived_total",
    "postgres_ha_archiver_failed_total"};

}  // namespace

ExporterConfig TwoSites() {
  Lab& lab = Lab::The();
  return {.sites = {{"on-premise", lab.PatroniUrl("pg1")}, {"cloud", lab.PatroniUrl("pgc1")}}};
}

// It ends without joining its threads, as it promises: no leak.
Exporter::Exporter(const ExporterConfig& config)
    : child_(Command(config), NextLog(), {{"TSAN_OPTIONS", "report_thread_leaks=0"}}) {
  EXPECT_TRUE(Eventually(10, "the exporter listens", [&] {
    return (port_ = ListeningPort(pid())) != 0;
  })) << Log();
}

Exporter::~Exporter() {
  if (child_.running()) {
    child_.Signal(SIGTERM);
    EXPECT_EQ(child_.Await(Deadline::In(15s)), 0) << "on SIGTERM: " << Log();
  }
  EXPECT_EQ(Log().find("Sanitizer"), std::string::npos) << Log();
}

Page Exporter::Scrape(const std::string& headers) const {
  return Fetch(port_, "/metrics", Deadline::In(10s), headers);
}

Page Exporter::Await(double seconds, const std::string& what,
                     const std::function<bool(const Page&)>& condition) const {
  Page page;
  auto met = Eventually(seconds, what, [&] {
    page = Scrape();
    return page.code == 200 && condition(page);
  });
  EXPECT_TRUE(met) << page.Lines("postgres_ha_member_state{") << page.Lines("ha_service_up")
                   << page.Lines("collector_success") << Log();
  return page;
}

Page Exporter::AwaitHealthy() const {
  Lab& lab = Lab::The();
  return Await(15, "all members are seen, with their details", [&](const Page& page) {
    return page.Is("ha_service_up", {{"service", "postgres"}}, 1) &&
           Complete(page, lab.Leader()) && Complete(page, lab.Replica()) && Complete(page, "pgc1");
  });
}

Page Exporter::ExpectSwift() const {
  std::vector<double> seconds;
  Page page;
  for (int i = 0; i < 5; ++i) {
    page = Scrape();
    EXPECT_EQ(page.code, 200);
    EXPECT_TRUE(page.duplicates.empty()) << page.duplicates[0];
    EXPECT_TRUE(page.broken.empty()) << page.broken[0];
    seconds.push_back(page.seconds);
  }
  std::sort(seconds.begin(), seconds.end());
  EXPECT_LE(seconds[2], 0.1);
  return page;
}

int Exporter::SessionsTo(const std::string& member) const {
  return Connections(pid(), Lab::The().Port(member));
}

testing::AssertionResult InState(const Page& page, const std::string& member,
                                 const std::string& state) {
  auto states = page.All("postgres_ha_member_state", {{"member", member}});
  double sum = 0;
  for (auto& sample : states) sum += sample.value;
  Labels labels = {{"member", member}, {"state", state}};
  bool answers = state == "primary" || state == "standby" || state == "read_only";
  if (sum == 1 && page.Is("postgres_ha_member_state", labels, 1) &&
      page.Is("postgres_ha_member_up", {{"member", member}}, answers))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << member << " is not " << state << ":\n"
                                     << page.Lines("postgres_ha_member_state{")
                                     << page.Lines("postgres_ha_member_up");
}

testing::AssertionResult Complete(const Page& page, const std::string& member) {
  auto lacks = [&](const std::string& what) {
    return testing::AssertionFailure() << member << " lacks " << what;
  };
  Labels of = {{"member", member}};
  Labels target = {{"collector", "postgres"}, {"target", "sentinel/" + member}};
  bool leads = page.Is("postgres_ha_member_writable", of, 1);
  auto state = InState(page, member, leads ? "primary" : "standby");
  if (!state) return state;
  if (!page.Is("sentinel_exporter_collector_success", target, 1)) return lacks("success");
  for (auto* name : kDetails)
    if (!page.Has(name, of)) return lacks(name);
  if (page.All("postgres_ha_connections", of).size() != 5) return lacks("connections");
  if (leads) return testing::AssertionSuccess();
  for (auto* name : {"postgres_ha_replication_receiver_streaming", "postgres_ha_replay_paused",
                     "postgres_ha_replication_lag_seconds"})
    if (!page.Has(name, of)) return lacks(name);
  return testing::AssertionSuccess();
}

testing::AssertionResult WithoutDetails(const Page& page, const std::string& member) {
  Labels of = {{"member", member}};
  for (auto* name : kDetails)
    if (page.Has(name, of)) return testing::AssertionFailure() << member << " shows " << name;
  Labels target = {{"collector", "postgres"}, {"target", "sentinel/" + member}};
  if (!page.Is("sentinel_exporter_collector_success", target, 0))
    return testing::AssertionFailure() << page.Lines("collector_success");
  return testing::AssertionSuccess();
}

testing::AssertionResult OthersComplete(const Page& page, const std::string& sick) {
  for (std::string member : {"pg1", "pg2", "pgc1"}) {
    if (member == sick) continue;
    if (auto complete = Complete(page, member); !complete) return complete;
  }
  return testing::AssertionSuccess();
}
