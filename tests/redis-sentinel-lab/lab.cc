#include "tests/redis-sentinel-lab/lab.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kNodes = {"r1", "r2", "r3"}, kSentinels = {"s1", "s2", "s3"};
int next_number = 0;

class LabEnvironment : public testing::Environment {
 public:
  void SetUp() override { ASSERT_TRUE(RedisLab::The().Start()) << "the lab does not start"; }
  void TearDown() override { RedisLab::The().End(); }
};
[[maybe_unused]] testing::Environment* const environment =
    testing::AddGlobalTestEnvironment(new LabEnvironment);

std::string Trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// The configuration as a file. Passwords stay in the lab's files.
std::vector<std::string> Command(const std::string& sentinel,
                                 const std::vector<std::string>& more,
                                 std::vector<std::string> words) {
  RedisLab& lab = RedisLab::The();
  std::string file = lab.directory() + "/config" + std::to_string(next_number) + ".yml";
  std::string user = "{user: " + lab["EXPORTER_USER"] + ", password_file: ";
  std::string further;
  for (auto& line : more) further += "    " + line + "\n";
  std::ofstream(file) << "deployments:\n  - name: lab\n    sentinels: \"" << lab.Url(sentinel)
                      << "\"\n    sentinel_auth: " << user
                      << lab["SENTINEL_EXPORTER_PASSWORD_FILE"] << "}\n    redis_auth: " << user
                      << lab["REDIS_EXPORTER_PASSWORD_FILE"] << "}\n" << further;
  words.insert(words.end(),
               {EXPORTER, "--web.listen-address=127.0.0.1:0", "--config.file=" + file});
  return words;
}

std::string NextLog() {
  return RedisLab::The().directory() + "/exporter" + std::to_string(next_number++) + ".log";
}

}  // namespace

RedisLab& RedisLab::The() {
  static RedisLab lab;
  return lab;
}

bool RedisLab::Start(bool tls) {
  char name[] = "/tmp/redis-sentinel-lab-test.XXXXXX";
  directory_ = mkdtemp(name);
  chmod(name, 0755);
  where_ = directory_ + "/lab";
  setenv("LAB_PARENT", std::to_string(getpid()).c_str(), 1);  // it ends with this process
  setenv("LAB_TLS", tls ? "yes" : "", 1);
  Do("up");
  values_.clear();
  std::ifstream file(where_ + "/lab.env");
  for (std::string line; std::getline(file, line);)
    if (auto equals = line.find('='); line.starts_with("LAB_") && equals != std::string::npos)
      values_[line.substr(4, equals - 4)] = line.substr(equals + 1);
  return !values_.empty();
}

void RedisLab::End() {
  Do("down");
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string RedisLab::operator[](const std::string& key) const {
  auto found = values_.find(key);
  EXPECT_NE(found, values_.end()) << "lab.env lacks LAB_" << key;
  return found == values_.end() ? "" : found->second;
}

int RedisLab::Port(const std::string& server) const {
  std::string upper = server;
  upper[0] = static_cast<char>(toupper(upper[0]));
  return std::atoi((*this)[upper + "_PORT"].c_str());
}

std::string RedisLab::Address(const std::string& server) const {
  return "127.0.0.1:" + std::to_string(Port(server));
}

std::string RedisLab::Url(const std::string& server) const {
  return ((*this)["TLS"] == "yes" ? "rediss://" : "") + Address(server);
}

std::string RedisLab::Do(const std::string& verb, const std::vector<std::string>& words) const {
  std::vector<std::string> command = {SOURCE_DIR "/tests/lab/redis", verb, where_};
  command.insert(command.end(), words.begin(), words.end());
  auto done = RunCommand(command, Deadline::In(120s));
  EXPECT_EQ(done.code, 0) << verb << ": " << done.output;
  return Trimmed(done.output);
}

std::string RedisLab::Cli(const std::string& server, std::vector<std::string> words) const {
  words.insert(words.begin(), server);
  return Do("cli", words);
}

std::string RedisLab::Master() const { return Do("master"); }

std::vector<std::string> RedisLab::Replicas() const {
  auto replicas = kNodes;
  std::erase(replicas, Master());
  return replicas;
}

testing::AssertionResult Eventually(double seconds, const std::string& what,
                                    const std::function<bool()>& condition) {
  Deadline deadline = Deadline::In(FromSeconds(seconds));
  while (!condition()) {
    if (deadline.Over())
      return testing::AssertionFailure() << "not within " << seconds << " s: " << what;
    deadline.AtMost(20ms).Wait(-1, 0);
  }
  return testing::AssertionSuccess();
}

RedisFault::RedisFault(const std::string& begin, const std::string& end, const std::string& server)
    : end_(end), server_(server) {
  RedisLab::The().Do(begin, {server});
}

void RedisFault::End() {
  if (!end_.empty()) RedisLab::The().Do(std::exchange(end_, ""), {server_});
}

// It ends without joining its threads, as it promises: no leak.
RedisExporter::RedisExporter(const std::string& sentinel, const std::vector<std::string>& more,
                             const std::vector<std::string>& wrapper)
    : child_(Command(sentinel, more, wrapper), NextLog(),
             {{"TSAN_OPTIONS", "report_thread_leaks=0"}}) {
  EXPECT_TRUE(Eventually(10, "the exporter listens", [&] {
    return (port_ = ListeningPort(child_.pid())) != 0;
  })) << child_.Output();
}

RedisExporter::~RedisExporter() {
  child_.Signal(SIGTERM);
  EXPECT_EQ(child_.Await(Deadline::In(15s)), 0) << "on SIGTERM: " << child_.Output();
  EXPECT_EQ(child_.Output().find("Sanitizer"), std::string::npos) << child_.Output();
}

Page RedisExporter::Scrape() const { return Fetch(port_, "/metrics", Deadline::In(10s)); }

Page RedisExporter::ExpectSwift() const {
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

Page RedisExporter::Await(double seconds, const std::string& what,
                          const std::function<bool(const Page&)>& condition) const {
  Page page;
  auto met = Eventually(seconds, what, [&] {
    page = Scrape();
    return page.code == 200 && condition(page);
  });
  EXPECT_TRUE(met) << page.Lines("ha_") << page.Lines("_up{") << page.Lines("collector_success{")
                   << child_.Output();
  return page;
}

Page RedisExporter::AwaitHealthy() const {
  const std::string master = RedisLab::The().Address(RedisLab::The().Master());
  return Await(15, "all are found and answer", [&](const Page& page) {
    bool all = page.Is("ha_service_up", Scope(), 1) &&
               page.Is("ha_active", Scope({{"holder", master}}), 1);
    for (auto& node : kNodes) all = all && Succeeds(page, "redis", node);
    for (auto& sentinel : kSentinels)
      all = all && Succeeds(page, "sentinel", sentinel) &&
            Succeeds(page, "sentinel_events", sentinel);
    return all;
  });
}

int RedisExporter::ConnectionsTo(const std::string& server) const {
  return Connections(child_.pid(), RedisLab::The().Port(server));
}

Labels Scope(const Labels& more) {
  Labels labels = {{"service", "redis"}, {"scope", "mymaster"}};
  labels.insert(more.begin(), more.end());
  return labels;
}

bool Succeeds(const Page& page, const std::string& kind, const std::string& server) {
  return page.Is("sentinel_exporter_collector_success",
                 {{"collector", kind}, {"target", "lab/" + RedisLab::The().Address(server)}}, 1);
}
