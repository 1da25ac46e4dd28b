#include "tests/pihole/fake_pihole.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include "absl/strings/str_format.h"
#include "common/http_client.h"

using namespace std::chrono_literals;

namespace {

// The number after `name` in "http=1 dns=2", 0 without.
int PortOf(const std::string& line, const std::string& name) {
  std::istringstream words(line);
  for (std::string word; words >> word;)
    if (word.starts_with(name + "=")) return std::stoi(word.substr(name.size() + 1));
  return 0;
}

}  // namespace

FakePihole::FakePihole(const std::string& switches, bool tls) : switches_(switches), tls_(tls) {
  WriteText(directory_ / "quick.json", R"({"login_seconds": 0})");
  Start();
}

void FakePihole::Start() {
  std::vector<std::string> command = {SOURCE_DIR "/tests/lab/fake-pihole",
                                      "--directory", directory_.path(),
                                      "--config", directory_ / "quick.json",
                                      "--set", switches_,
                                      "--http", std::to_string(http_port_),
                                      "--dns", std::to_string(dns_port_),
                                      "--control", std::to_string(control_port_)};
  if (tls_) command.insert(command.end(), {"--tls", "--https", std::to_string(https_port_)});
  process_.reset();
  // A log of its own each time: an earlier one says ports already.
  process_ = std::make_unique<Child>(command, directory_ / ("log" + std::to_string(++starts_)),
                                     Environment{{"LAB_PARENT", std::to_string(getpid())}});
  ReadPorts();
}

void FakePihole::ReadPorts() {
  Deadline deadline = Deadline::In(20s);
  auto ready = [this] { return process_->Output().find('\n') != std::string::npos; };
  while (!ready() && !deadline.Over()) deadline.AtMost(5ms).Wait(-1, 0);
  std::string line = process_->Output();
  http_port_ = PortOf(line, "http");
  https_port_ = PortOf(line, "https");
  dns_port_ = PortOf(line, "dns");
  control_port_ = PortOf(line, "control");
  ASSERT_TRUE(http_port_ && dns_port_ && control_port_) << line;
}

std::string FakePihole::Url() const {
  if (tls_) return absl::StrFormat("https://127.0.0.1:%d", https_port_);
  return absl::StrFormat("http://127.0.0.1:%d", http_port_);
}

std::string FakePihole::ca_file() const { return directory_ / "ca.pem"; }

std::string FakePihole::Ask(const std::string& path, const std::string* json) const {
  HttpClient client;
  std::string url = absl::StrFormat("http://127.0.0.1:%d%s", control_port_, path);
  Deadline deadline = Deadline::In(10s);
  auto reply = json ? client.Post(url, *json, deadline) : client.Get(url, deadline);
  EXPECT_TRUE(reply.ok()) << reply.status();
  if (!reply.ok()) return "{}";
  EXPECT_EQ(reply->code, 200) << reply->body;
  return reply->body;
}

void FakePihole::Tell(const std::string& switches) { Ask("/state", &switches); }

void FakePihole::Become(const std::string& state) { Tell(R"({"state": ")" + state + R"("})"); }

Json FakePihole::Counts() const { return *Json::Parse(Ask("/counts")); }

long long FakePihole::Count(const std::vector<std::string>& path) const {
  Json counts = Counts();
  JsonView value = counts.view();
  for (auto& name : path) value = value[name];
  return value.Integer().value_or(0);
}

void FakePihole::ResetCounts() {
  const std::string nothing = "{}";
  Ask("/reset", &nothing);
}

void FakePihole::Stop() {
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Await(Deadline::In(10s)), 0);
}

void FakePihole::Kill() {
  process_->Signal(SIGKILL);
  EXPECT_EQ(process_->Await(Deadline::In(10s)), 128 + SIGKILL);
}

// Returns when it has stopped: until then another of its threads may still answer.
void FakePihole::Freeze() {
  process_->Signal(SIGSTOP);
  siginfo_t stopped{};
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid()), &stopped, WSTOPPED | WEXITED | WNOWAIT), 0);
  EXPECT_EQ(stopped.si_code, CLD_STOPPED);
}

void FakePihole::Thaw() { process_->Signal(SIGCONT); }
