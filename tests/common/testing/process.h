#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/common/loopback.h"
#include "tests/common/testing/fake.h"

// Programs that tests start, and what they say.

// A directory that goes with its owner.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/core_testXXXXXX";
    path_ = mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

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

struct Answer {
  int code = 0;
  std::string head, body;
};

// What the server on loopback says to one request; code 0 if nothing complete comes.
inline Answer Ask(int port, const std::string& path, const std::string& method = "GET",
                  const std::string& headers = "") {
  Answer answer;
  Deadline deadline = Deadline::In(std::chrono::seconds(30));
  auto socket = Dial("127.0.0.1", port, deadline);
  if (!socket.ok()) return answer;
  Send(*socket, method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                    (method == "POST" ? "Content-Length: 0\r\n" : "") + headers + "\r\n", deadline);
  std::string text;
  Receive(*socket, text, deadline, [](auto&) { return false; });
  std::size_t end = text.find("\r\n\r\n"), length = text.find("Content-Length: ");
  if (end == text.npos || length == text.npos) return answer;
  answer.head = text.substr(0, end);
  answer.body = text.substr(end + 4);
  if (method != "HEAD" && answer.body.size() != std::stoul(text.substr(length + 16))) return {};
  answer.code = std::stoi(text.substr(9, 3));
  return answer;
}
