#include "tests/pihole-lab/program.h"

#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/common/loopback.h"

using namespace std::chrono_literals;

bool Eventually(double seconds, const std::function<bool()>& condition) {
  for (Deadline deadline = Deadline::In(FromSeconds(seconds)); !condition();) {
    if (deadline.Over()) return false;
    deadline.AtMost(5ms).Wait(-1, 0);
  }
  return true;
}

std::string EntryOf(const std::string& name, const FakePihole& fake,
                    const std::string& password) {
  std::string entry = "  - name: " + name + "\n    dns: 127.0.0.1:" +
                      std::to_string(fake.dns_port()) + "\n    api: {url: \"" + fake.Url() +
                      "\", password: " + password;
  if (fake.https_port() > 0)
    entry += ", tls: {ca_file: " + fake.ca_file() + ", server_name: pi.hole}";
  return entry + "}\n";
}

std::set<std::string> SeriesOf(const Page& page, const std::string& pihole) {
  std::set<std::string> series;
  for (auto& sample : page.samples) {
    auto label = sample.labels.find("pihole");
    if (label == sample.labels.end() || label->second != pihole) continue;
    std::string text = sample.name;
    for (auto& [key, value] : sample.labels) text += "," + key + "=" + value;
    series.insert(text);
  }
  return series;
}

PiholeProgram::PiholeProgram(const std::string& yaml, bool with_state) : with_state_(with_state) {
  if (!with_state) port_ = Listen("127.0.0.1", 0, 1).port;
  WriteText(directory_ / "pihole.yml", yaml);
  std::filesystem::create_directory(directory_ / "state");
  Start();
}

void PiholeProgram::Start() {
  child_.reset();
  const std::string port = with_state_ ? "0" : std::to_string(port_);
  std::vector<std::string> command{EXPORTER, "--web.listen-address=127.0.0.1:" + port,
                                   "--config.file=" + directory_ / "pihole.yml"};
  if (with_state_) command.push_back("--state.dir=" + directory_ / "state");
  child_ = std::make_unique<Child>(command, directory_ / ("log" + std::to_string(++starts_)));
  // Before it says so it may still be a copy of this process, with sockets of the test.
  auto listening = [&] { return Log().find("msg=listening") != std::string::npos; };
  ASSERT_TRUE(Eventually(20, listening)) << Log();
  ASSERT_GT(port_ = ListeningPort(pid()), 0) << Log();
}

void PiholeProgram::Terminate() {
  child_->Signal(SIGTERM);
  EXPECT_EQ(child_->Await(Deadline::In(25s)), 0) << Log();
}

void PiholeProgram::Reload(const std::string& yaml) {
  auto reloads = [&] {
    const std::string log = Log(), words = "configuration reloaded";
    int n = 0;
    for (std::size_t at = 0; (at = log.find(words, at)) != log.npos; at += words.size()) ++n;
    return n;
  };
  const int before = reloads();
  WriteText(directory_ / "pihole.yml", yaml);
  child_->Signal(SIGHUP);
  EXPECT_TRUE(Eventually(10, [&] { return reloads() > before; })) << Log();
}

void PiholeProgram::Kill() {
  child_->Signal(SIGKILL);
  child_->Await(Deadline::In(10s));
}

Page PiholeProgram::Scrape() const { return Fetch(port_, "/metrics", Deadline::In(5s)); }

Page PiholeProgram::Await(double seconds, const std::string& what,
                          const std::function<bool(const Page&)>& condition) const {
  Page page;
  EXPECT_TRUE(Eventually(seconds, [&] { return condition(page = Scrape()); }))
      << what << "\n" << page.Lines("pihole_api") << Log();
  return page;
}

std::string PiholeProgram::StateFiles() const {
  std::string all;
  for (auto& entry : std::filesystem::directory_iterator(directory_ / "state")) {
    struct stat status {};
    EXPECT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();  // it holds SIDs
    all += ReadText(entry.path());
  }
  return all;
}
