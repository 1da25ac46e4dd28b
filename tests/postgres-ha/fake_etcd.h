#pragma once
// An etcd whose keys and streams are in the hands of the test.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/guarded.h"
#include "exporters/postgres-ha/base64.h"
#include "tests/common/post_peer.h"

class FakeEtcd {
 public:
  struct State {
    long long revision = 10;               // of the store
    std::string holder = "pg1";
    long long lock_revision = 5;
    std::string cancelled;                 // what a watch says instead of beginning
    std::vector<std::string> pushed;       // lines of the stream, in order, each sent to every one
    std::vector<std::string> requests;     // "path body"
    bool hangs = false, cuts = false;
  };
  FakeEtcd() : thread_([this] { Run(); }) {}
  ~FakeEtcd() {
    stopping_ = true;
    shutdown(listener_.socket.fd(), SHUT_RDWR);
    thread_.join();
    for (auto& t : serving_) t.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(listener_.port); }
  Guarded<State>& state() { return state_; }
  void Push(std::string line) {
    state_.With([&](State& s) { s.pushed.push_back(std::move(line)); });
  }
  void Cut(bool cut) {
    state_.With([&](State& s) { s.cuts = cut; });
  }
  std::vector<std::string> Requests(const std::string& path) {
    std::vector<std::string> found;
    state_.With([&](State& s) {
      for (auto& r : s.requests)
        if (r.starts_with(path)) found.push_back(r);
    });
    return found;
  }

 private:
  void Run() {
    while (!stopping_) {
      Socket s(accept4(listener_.socket.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!s.open()) continue;
      auto shared = std::make_shared<Socket>(std::move(s));
      serving_.emplace_back([this, shared] { Serve(*shared); });
    }
  }
  static std::string Chunk(const std::string& line) {
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", line.size() + 1);
    return size + line + "\n\r\n";
  }
  void Pause(const Socket& s) { Deadline::In(std::chrono::milliseconds(2)).Wait(s.fd(), 0); }
  bool Gone(const Socket& s) {
    char c;
    return stopping_ || recv(s.fd(), &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
  }
  void Serve(const Socket& s) {
    for (std::string request; !(request = ReadSome(s)).empty();) {
      std::string path = request.substr(5, request.find(' ', 5) - 5);
      std::string body = request.substr(request.find("\r\n\r\n") + 4);
      State now = state_.With([&](State& st) {
        st.requests.push_back(path + " " + body);
        return st;
      });
      while (!Gone(s) && state_.With([](State& st) { return st.hangs; })) Pause(s);
      if (path == "/v3/watch") return Stream(s, now);
      std::string kv = R"({"key":")" + ToBase64("/service/main/leader") + R"(","mod_revision":")" +
                       std::to_string(now.lock_revision) + R"(","value":")" +
                       ToBase64(now.holder) + "\"}";
      std::string answer = R"({"header":{"revision":")" + std::to_string(now.revision) +
                           R"("},"kvs":[)" + (now.holder.empty() ? "" : kv) + "]}";
      Send(s, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(answer.size()) + "\r\n\r\n" +
                  answer, Deadline::In(std::chrono::seconds(5)));
    }
  }
  std::string ReadSome(const Socket& s) {
    while (!Gone(s) && Deadline::In(std::chrono::milliseconds(20)).Wait(s.fd(), POLLIN) == 0) {
    }
    return Gone(s) ? "" : ReadPost(s);
  }
  void Stream(const Socket& s, const State& begun) {
    Deadline soon = Deadline::In(std::chrono::seconds(5));
    std::string created = R"({"result":{"created":true}})";
    std::string first = begun.cancelled.empty() ? created : begun.cancelled;
    Send(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunk(first), soon);
    for (std::size_t sent = 0; !Gone(s); Pause(s)) {
      auto [lines, cut] = state_.With([&](State& st) { return std::pair(st.pushed, st.cuts); });
      if (cut) return;
      for (; sent < lines.size(); ++sent) Send(s, Chunk(lines[sent]), soon);
    }
  }

  Listener listener_ = Listen("127.0.0.1", 0, 64);
  Guarded<State> state_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> serving_;
  std::thread thread_;
};
