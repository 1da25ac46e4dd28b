#pragma once
// Tests that need a machine of their own: a child process with its own network (loopback only),
// name server and /etc/hosts. Skipped where namespaces may not be made.
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "common/net.h"

inline void Replace(const std::string& file, const std::string& text) {
  char name[] = "/tmp/net_testXXXXXX";
  close(mkstemp(name));
  chmod(name, 0644);
  std::ofstream(name) << text;
  if (mount(name, file.c_str(), nullptr, MS_BIND, nullptr) != 0 && file != "/etc/nsswitch.conf") {
    std::cerr << "mount over " << file << ": " << strerror(errno) << '\n';
    _exit(3);
  }
  unlink(name);
}

inline bool CanIsolate() {
  pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0;
}

// Gives this process its own network (loopback only), /etc/hosts and name server.
inline void Isolate() {
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) _exit(3);
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(3);
  Replace("/etc/resolv.conf", "nameserver 127.0.0.1\n");
  Replace("/etc/nsswitch.conf", "hosts: files dns\n");
  Replace("/etc/hosts", "127.0.0.1 localhost\n127.0.0.2 pair\n127.0.0.3 pair\n");
  ifreq lo{};
  strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP;
  Socket s(socket(AF_INET, SOCK_DGRAM, 0));
  if (ioctl(s.fd(), SIOCSIFFLAGS, &lo) != 0) _exit(3);
}

// In the isolated process, which gtest does not watch: says what failed and ends it.
#define CHECK_THAT(condition)                                                \
  do {                                                                       \
    if (!(condition)) {                                                      \
      std::cerr << __FILE__ << ':' << __LINE__ << ": " #condition << '\n';   \
      _exit(1);                                                              \
    }                                                                        \
  } while (false)

#define ISOLATED_TEST(suite, name)                                                          \
  void suite##name();                                                                       \
  TEST(suite, name) {                                                                       \
    if (!CanIsolate()) GTEST_SKIP() << "needs the right to make namespaces";                \
    testing::FLAGS_gtest_death_test_style = "threadsafe";                                   \
    EXPECT_EXIT((Isolate(), suite##name(), _exit(0)), testing::ExitedWithCode(0), "");      \
  }                                                                                         \
  void suite##name()
