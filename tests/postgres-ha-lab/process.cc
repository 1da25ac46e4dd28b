#include "tests/postgres-ha-lab/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <utility>

namespace {

std::string ReadAll(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

pid_t Spawn(const std::vector<std::string>& command, int output, const Environment& environment) {
  std::vector<char*> argv;
  for (auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  for (auto& [key, value] : environment) setenv(key.c_str(), value.c_str(), 1);
  execvp(argv[0], argv.data());
  dprintf(STDERR_FILENO, "cannot start %s: %m\n", argv[0]);
  _exit(127);
}

// Whether the process ended by the deadline.
bool AwaitEnd(pid_t pid, const Deadline& deadline) {
  int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return true;
  bool ended = deadline.Wait(fd, POLLIN) != 0;
  close(fd);
  return ended;
}

int Reap(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int Entries(const std::string& directory) {
  std::error_code error;
  int n = 0;
  for (auto& entry : std::filesystem::directory_iterator(directory, error))
    n += !entry.path().empty();
  return n;
}

// The inodes of the sockets that the process holds.
std::set<std::string> Sockets(pid_t pid) {
  std::set<std::string> inodes;
  std::error_code error;
  for (auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error)) {
    std::string target = std::filesystem::read_symlink(entry.path(), error);
    if (target.starts_with("socket:[")) inodes.insert(target.substr(8, target.size() - 9));
  }
  return inodes;
}

// Calls f(local port, remote port, state) for each TCP socket of the process, see proc(5).
void EachTcpSocket(pid_t pid, const std::function<void(int, int, const std::string&)>& f) {
  auto inodes = Sockets(pid);
  for (const char* family : {"tcp", "tcp6"}) {
    std::ifstream table("/proc/" + std::to_string(pid) + "/net/" + family);
    std::string line, number, local, remote, state, skip, inode;
    std::getline(table, line);
    while (std::getline(table, line)) {
      std::istringstream fields(line);
      fields >> number >> local >> remote >> state >> skip >> skip >> skip >> skip >> skip >> inode;
      auto port = [](const std::string& address) {
        return std::stoi(address.substr(address.find(':') + 1), nullptr, 16);
      };
      if (inodes.count(inode)) f(port(local), port(remote), state);
    }
  }
}

}  // namespace

Finished RunCommand(const std::vector<std::string>& command, const Deadline& deadline,
                    const Environment& environment) {
  int output = memfd_create("output", MFD_CLOEXEC);
  pid_t pid = Spawn(command, output, environment);
  bool ended = AwaitEnd(pid, deadline);
  if (!ended) kill(pid, SIGKILL);
  Finished result;
  int code = Reap(pid);
  result.code = ended ? code : -1;
  result.output = ReadAll("/proc/self/fd/" + std::to_string(output));
  close(output);
  return result;
}

std::vector<std::string> WithResolver(const std::string& sources, const std::string& server,
                                      const std::string& directory) {
  std::string script = "echo 'hosts: " + sources + "' >" + directory + "/nsswitch.conf && " +
                       "echo 'nameserver " + server + "' >" + directory + "/resolv.conf && " +
                       "mount --bind " + directory + "/resolv.conf /etc/resolv.conf && " +
                       "mount --bind " + directory + "/nsswitch.conf /etc/nsswitch.conf && " +
                       "exec \"$@\"";
  std::vector<std::string> command = {"unshare", "--mount"};
  if (geteuid() != 0) command.push_back("--map-root-user");
  command.insert(command.end(), {"sh", "-c", script, "sh"});
  return command;
}

std::vector<std::string> SilentNameServer(const std::string& address) {
  return {"python3", "-c",
          "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
          "s.bind(('" + address + "', 53)); print('bound', flush=True)\n"
          "while True: print(len(s.recv(512)), flush=True)"};
}

Child::Child(const std::vector<std::string>& command, const std::string& log_file,
             const Environment& environment)
    : log_file_(log_file) {
  int output = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pid_ = Spawn(command, output, environment);
  close(output);
}

Child::~Child() {
  Signal(SIGKILL);
  if (running()) Reap(pid_);
}

void Child::Signal(int signal) const {
  if (running()) kill(pid_, signal);
}

int Child::Await(const Deadline& deadline) {
  if (!running() || !AwaitEnd(pid_, deadline)) return -1;
  return Reap(std::exchange(pid_, -1));
}

std::string Child::Output() const { return ReadAll(log_file_); }

int Threads(pid_t pid) { return Entries("/proc/" + std::to_string(pid) + "/task"); }
int Descriptors(pid_t pid) { return Entries("/proc/" + std::to_string(pid) + "/fd"); }

int ResidentKib(pid_t pid) {
  std::istringstream pages(ReadAll("/proc/" + std::to_string(pid) + "/statm"));
  long all = 0, resident = 0;
  pages >> all >> resident;
  return static_cast<int>(resident * (sysconf(_SC_PAGESIZE) / 1024));
}

int Connections(pid_t pid, int port) {
  int n = 0;
  EachTcpSocket(pid, [&](int, int remote, const std::string&) { n += remote == port; });
  return n;
}

int ListeningPort(pid_t pid) {
  int port = 0;
  EachTcpSocket(pid, [&](int local, int, const std::string& state) {
    if (state == "0A") port = local;
  });
  return port;
}
