#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/un.h>

#include <filesystem>

#include "exporters/postgres-ha/haproxy_eye.h"
#include "tests/common/peer.h"
#include "tests/postgres-ha/replay.h"

// Sockets that play the part of HAProxy, well and badly, and an eye on them.

// As the socket says it.
inline constexpr char kAnswer[] =
    "# pxname,svname,status,type,scur,\nprimary,pg1,UP,2,3,\nprimary,pg2,DOWN,2,0,\n\n";

// A Unix socket in a directory of its own. Calls `serve` for each connection, one after the other.
class SocketPeer {
 public:
  explicit SocketPeer(std::function<void(const Socket&)> serve, int backlog = 16)
      : serve_(std::move(serve)) {
    char name[] = "/tmp/haproxy-test.XXXXXX";
    directory_ = mkdtemp(name);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path().copy(at.sun_path, sizeof at.sun_path - 1);
    EXPECT_EQ(bind(listener_.fd(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(listener_.fd(), backlog), 0);
    if (serve_) thread_ = std::thread([this] { Run(); });
  }
  ~SocketPeer() {
    stopping_ = true;
    shutdown(listener_.fd(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    std::filesystem::remove_all(directory_);
  }
  std::string path() const { return directory_ + "/stats.sock"; }
  std::string url() const { return "unix:" + path(); }
  int connections() const { return connections_; }

 private:
  void Run() {
    while (!stopping_) {
      Socket s(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!s.open()) continue;
      ++connections_;
      serve_(s);
    }
  }

  Socket listener_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string directory_;
  std::function<void(const Socket&)> serve_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

inline std::string Command(const Socket& s) {
  std::string text;
  Receive(s, text, Deadline::In(std::chrono::seconds(5)), [](const std::string& t) { return t.ends_with('\n'); });
  return text;
}

// Takes the command and answers.
inline std::function<void(const Socket&)> Answering(const std::string& text) {
  return [text](const Socket& s) {
    Command(s);
    Send(s, text, Deadline::In(std::chrono::seconds(5)));
  };
}

// An eye, and the page of its board.
struct Eye {
  explicit Eye(const std::string& url, const std::string& password = "") {
    DataSetOptions options = TwoSites();
    const std::string user = password.empty() ? "" : "me";
    options.sites[0].haproxies = {{url, "primary", "replicas", user, password}};
    board = std::make_shared<DataSetBoard>(DataSet(options));
    eye = std::make_unique<HaproxyEye>(board, "on-premise", options.sites[0].haproxies[0]);
  }
  absl::Status Look(Duration patience = std::chrono::seconds(5)) {
    Instant begin = Clock::now();
    Next next = eye->Look(Deadline::In(patience));
    took = Clock::now() - begin;
    EXPECT_GE(next.at, begin + std::chrono::seconds(1));
    EXPECT_LE(next.at, Clock::now() + std::chrono::seconds(1));
    EXPECT_EQ(next.fd, -1);
    return next.status;
  }
  std::string Page() const {
    Samples samples;
    board->Show(Now::Read(), samples);
    return RenderPage({&samples}, Format::kText);
  }
  // The error of a look, which the page shows as a HAProxy that is down, without servers.
  std::string Fails(absl::StatusCode code, Duration patience = std::chrono::seconds(5)) {
    absl::Status status = Look(patience);
    EXPECT_EQ(status.code(), code) << status;
    std::string page = Page();
    EXPECT_THAT(page, testing::Not(testing::HasSubstr("postgres_ha_haproxy_server")));
    std::size_t up = page.find("\npostgres_ha_haproxy_up{");
    EXPECT_NE(up, page.npos);
    EXPECT_EQ(page.substr(page.find("} ", up) + 2, 2), "0\n");
    return std::string(status.message());
  }

  std::shared_ptr<DataSetBoard> board;
  std::unique_ptr<HaproxyEye> eye;
  Duration took{};
};
