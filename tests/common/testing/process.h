#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "common/net.h"
#include "tests/common/testing/fake.h"

// A program that a test starts, and what it says.
class Process {
 public:
  // Starts argv[0] with the environment variables `more` set besides ours.
  explicit Process(std::vector<std::string> argv, const std::vector<std::string>& more = {}) {
    int out[2], err[2];
    EXPECT_EQ(pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], 1);
      dup2(err[1], 2);
      for (auto& variable : more) putenv(const_cast<char*>(variable.c_str()));
      std::vector<char*> words;
      for (auto& word : argv) words.push_back(word.data());
      words.push_back(nullptr);
      execv(words[0], words.data());
      _exit(127);
    }
    out_ = Pipe{Socket(out[0]), ""}, err_ = Pipe{Socket(err[0]), ""};
    close(out[1]);
    close(err[1]);
    for (auto* p : {&out_, &err_}) fcntl(p->fd.fd(), F_SETFL, O_NONBLOCK);
  }
  ~Process() {
    if (code_) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Signal(int signal) { kill(pid_, signal); }
  pid_t pid() const { return pid_; }
  // Everything it wrote so far.
  const std::string& Out() { return Read(out_); }
  const std::string& Err() { return Read(err_); }
  bool Says(const std::string& text) {
    return Eventually([&] { return Err().find(text) != std::string::npos; });
  }
  // Its exit code; -1 for a signal, -2 if it goes on.
  int Wait() {
    Eventually([&] {
      int status = 0;
      Out(), Err();
      if (!code_ && waitpid(pid_, &status, WNOHANG) == pid_)
        code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      return code_.has_value();
    });
    return code_.value_or(-2);
  }

 private:
  struct Pipe {
    Socket fd;
    std::string text;
  };
  static const std::string& Read(Pipe& pipe) {
    char buffer[4096];
    for (ssize_t n; (n = read(pipe.fd.fd(), buffer, sizeof buffer)) > 0;)
      pipe.text.append(buffer, static_cast<std::size_t>(n));
    return pipe.text;
  }
  pid_t pid_ = -1;
  Pipe out_, err_;
  std::optional<int> code_;
};
