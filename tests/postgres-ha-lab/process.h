#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "common/deadline.h"

// Other programs, which never outlive the test.

using Environment = std::vector<std::pair<std::string, std::string>>;

struct Finished {
  int code = -1;       // as a shell says it: 128 + signal; -1 when it was not over by the deadline
  std::string output;  // standard output and standard error together
};

// Runs a command to its end; it is killed at the deadline.
Finished RunCommand(const std::vector<std::string>& command, const Deadline& deadline,
                    const Environment& environment = {});

// The words before a command that give it a resolver configuration of its own: where names come
// from ("files dns") and which name server is asked. Files of it go to `directory`.
std::vector<std::string> WithResolver(const std::string& sources, const std::string& server,
                                      const std::string& directory);
// A name server at `address`, port 53, that never answers: says "bound", and a line a question. All
// of 127.0.0.0/8 is ours.
std::vector<std::string> SilentNameServer(const std::string& address);

// A program in the background. Its output goes to `log_file`.
class Child {
 public:
  Child(const std::vector<std::string>& command, const std::string& log_file,
        const Environment& environment = {});
  ~Child();  // SIGKILL
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  pid_t pid() const { return pid_; }
  bool running() const { return pid_ > 0; }
  void Signal(int signal) const;
  // Waits for its end; the code as in Finished.
  int Await(const Deadline& deadline);
  std::string Output() const;  // so far

 private:
  pid_t pid_;
  std::string log_file_;
};

// What the kernel knows of a process of ours.
int Threads(pid_t pid);
int Descriptors(pid_t pid);
int ResidentKib(pid_t pid);  // memory, in KiB
// Its TCP connections to 127.0.0.1:`port`, whatever their state.
int Connections(pid_t pid, int port);
// The port on which it listens; 0 while it does not.
int ListeningPort(pid_t pid);
