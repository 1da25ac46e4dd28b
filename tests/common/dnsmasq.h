#pragma once
// A real dnsmasq on a free port of loopback.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "common/dns.h"
#include "tests/common/loopback.h"

class Dnsmasq {
 public:
  // `options`: what it knows, and whom it asks; without --server nobody.
  explicit Dnsmasq(std::vector<std::string> options) {
    std::vector<std::string> words{kProgram, "--conf-file=/dev/null", "--keep-in-foreground",
                                   "--no-resolv", "--no-hosts", "--no-daemon", "--bind-interfaces",
                                   "--listen-address=127.0.0.1", "--pid-file=", "--user=root",
                                   "--port=" + std::to_string(port_)};
    words.insert(words.end(), options.begin(), options.end());
    pid_ = fork();
    if (pid_ != 0) return;
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(kProgram, argv.data());
    _exit(127);
  }
  ~Dnsmasq() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Dnsmasq(const Dnsmasq&) = delete;
  static bool Installed() { return access(kProgram, X_OK) == 0; }
  int port() const { return port_; }
  DnsServer server() const { return {"127.0.0.1", port_}; }
  void Signal(int signal) { kill(pid_, signal); }
  // Waits until it answers to that name.
  void Await(const std::string& name) const {
    Deadline deadline = Deadline::In(std::chrono::seconds(10));
    while (absl::IsUnavailable(AskDns(server(), {{name}}, deadline).status()))
      ASSERT_FALSE(deadline.Over()) << "dnsmasq does not start";
  }

 private:
  static constexpr char kProgram[] = "/usr/sbin/dnsmasq";
  const int port_ = Listen("127.0.0.1", 0, 1).port;
  pid_t pid_ = -1;
};
