#include "tests/postgres-ha-lab/lab.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/postgres-ha-lab/page.h"

using namespace std::chrono_literals;

namespace {

std::string Upper(std::string s) {
  for (char& c : s) c = static_cast<char>(toupper(c));
  return s;
}

std::vector<std::string> Command(const std::string& tool, std::vector<std::string> words) {
  words.insert(words.begin(), LabTool(tool));
  return words;
}

std::string NextToolLog() {
  static int n = 0;
  return Lab::The().directory() + "/tool" + std::to_string(n++) + ".log";
}

class LabEnvironment : public testing::Environment {
 public:
  void SetUp() override { ASSERT_TRUE(Lab::The().Start()) << "the lab does not start"; }
  void TearDown() override { Lab::The().End(); }
};
[[maybe_unused]] testing::Environment* const environment =
    testing::AddGlobalTestEnvironment(new LabEnvironment);

}  // namespace

std::string LabTool(const std::string& name) { return SOURCE_DIR "/tests/lab/" + name; }

Lab& Lab::The() {
  static Lab lab;
  return lab;
}

bool Lab::Start() {
  char name[] = "/tmp/postgres-ha-lab-test.XXXXXX";
  directory_ = mkdtemp(name);
  chmod(name, 0755);
  where_ = directory_ + "/lab";
  // The fastest that Patroni allows, and it ends with this process.
  setenv("LAB_TTL", "20", 0);
  setenv("LAB_LOOP_WAIT", "2", 0);
  setenv("LAB_RETRY_TIMEOUT", "3", 0);
  setenv("LAB_PARENT", std::to_string(getpid()).c_str(), 1);
  if (!Do("postgres-ha", "up")) return false;
  std::ifstream file(where_ + "/lab.env");
  for (std::string line; std::getline(file, line);)
    if (auto equals = line.find('='); line.starts_with("LAB_") && equals != std::string::npos)
      values_[line.substr(4, equals - 4)] = line.substr(equals + 1);
  return true;
}

void Lab::End() {
  EXPECT_TRUE(Do("postgres-ha", "down"));
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string Lab::operator[](const std::string& key) const {
  auto found = values_.find(key);
  EXPECT_NE(found, values_.end()) << "lab.env lacks LAB_" << key;
  return found == values_.end() ? "" : found->second;
}

std::string Lab::Key(const std::string& member, const std::string& key) const {
  return (*this)[Upper(member) + "_" + key];
}
int Lab::Port(const std::string& member) const { return std::atoi(Key(member, "PORT").c_str()); }
int Lab::PatroniPort(const std::string& member) const {
  return std::atoi(Key(member, "PATRONI_PORT").c_str());
}

std::string Lab::Password(const std::string& role) const {
  std::string password;
  std::getline(std::ifstream(Key(role, "PASSWORD_FILE")), password);
  return password;
}

bool Lab::Do(const std::string& script, const std::string& verb,
             const std::vector<std::string>& words) const {
  std::vector<std::string> command = {LabTool(script), verb, where_};
  command.insert(command.end(), words.begin(), words.end());
  auto done = RunCommand(command, Deadline::In(120s));
  EXPECT_EQ(done.code, 0) << script << ' ' << verb << ": " << done.output;
  return done.code == 0;
}

Session::Login Lab::LoginOf(const std::string& member, const std::string& role,
                            const std::string& database) const {
  std::string user = role == "superuser" ? (*this)["SUPERUSER"] : Key(role, "USER");
  return {Port(member), user, Password(role), database};
}

std::string Lab::Sql(const std::string& member, const std::string& statement,
                     const std::string& database) const {
  Session session(LoginOf(member, "superuser", database));
  auto answer = session.Ask(statement);
  EXPECT_TRUE(answer) << member << ": " << statement << ": " << session.error();
  return answer.value_or("");
}

std::map<std::string, Session::Login> Lab::Writers() const {
  std::map<std::string, Session::Login> writers;
  for (auto member : {"pg1", "pg2", "pgc1"})
    writers[member] = LoginOf(member, "app", (*this)["APP_DATABASE"]);
  return writers;
}

std::string Lab::Leader() const {
  for (std::string member : {"pg1", "pg2"}) {
    Session session(LoginOf(member, "superuser"));
    if (session.Ask("SELECT pg_is_in_recovery()") == "f") return member;
  }
  return "";
}

std::string Lab::Replica() const { return Leader() == "pg1" ? "pg2" : "pg1"; }

bool Lab::Healthy() const {
  std::string leader = Leader();
  if (leader.empty()) return false;
  Session session(LoginOf(leader, "superuser"));
  if (session.Ask("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") != "2")
    return false;
  auto is = [&](const std::string& member, const std::string& role) {
    return Fetch(PatroniPort(member), "/" + role, Deadline::In(2s)).code == 200;
  };
  return is(leader, "primary") && is(leader == "pg1" ? "pg2" : "pg1", "replica") &&
         is("pgc1", "standby-leader");
}

void Lab::AwaitHealthy() const {
  ASSERT_TRUE(Eventually(60, "the lab is healthy", [&] { return Healthy(); }));
}

Fault::Fault(const std::string& begin, const std::string& end, const std::string& member,
             const std::string& part)
    : end_(end), member_(member), part_(part) {
  std::vector<std::string> words = {member};
  if (!part.empty()) words.push_back(part);
  Lab::The().Do("patroni", begin, words);
}

void Fault::End() {
  if (end_.empty()) return;
  std::vector<std::string> words = {member_};
  if (!part_.empty()) words.push_back(part_);
  Lab::The().Do("patroni", std::exchange(end_, ""), words);
}

Tool::Tool(const std::string& name, std::vector<std::string> words)
    : child_(Command(name, std::move(words)), NextToolLog(),
             {{"LAB_PARENT", std::to_string(getpid())}}) {
  auto announced = [&] { return child_.Output().ends_with("\n"); };
  EXPECT_TRUE(Eventually(10, name + " listens", announced));
  port_ = std::atoi(child_.Output().c_str());
}
