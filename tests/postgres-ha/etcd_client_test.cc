#include "exporters/postgres-ha/etcd_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/guarded.h"
#include "tests/common/post_peer.h"
#include "tests/postgres-ha/etcd_recorded.h"

using namespace std::chrono_literals;
using testing::HasSubstr;

namespace {

struct Reply {
  int code;  // HTTP's; 0: silence
  std::string body;
};

// Answers each request by what `answer` makes of it.
class Gateway {
 public:
  using Answer = std::function<Reply(const std::string& request)>;
  explicit Gateway(Answer answer)
      : answer_(std::move(answer)), peer_([this](const Socket& s) { Serve(s); }) {}
  std::string url() const { return "http://127.0.0.1:" + std::to_string(peer_.port()); }
  int Count(const std::string& path) {
    return requests_.With([&](auto& all) {
      return std::count_if(all.begin(), all.end(),
                           [&](const std::string& r) { return r.find(path) != r.npos; });
    });
  }
  const Peer& peer() const { return peer_; }

 private:
  void Serve(const Socket& s) {
    for (std::string request; !(request = ReadPost(s)).empty();) {
      requests_.With([&](auto& all) { all.push_back(request); });
      auto [code, body] = answer_(request);
      if (code == 0) return AwaitClose(s);
      Send(s, "HTTP/1.1 " + std::to_string(code) + " X\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body, Deadline::In(5s));
    }
  }
  const Answer answer_;
  Guarded<std::vector<std::string>> requests_;
  Peer peer_;
};

bool Has(const std::string& request, const std::string& text) {
  return request.find(text) != request.npos;
}

TEST(EtcdClient, AsksForStatusAndHealthOverOneConnection) {
  std::string status = RecordedEtcd("status_leader.json");
  Gateway gateway([&](const std::string& r) -> Reply {
    if (Has(r, "GET /health ")) return {200, R"({"health":"true"})"};
    return {200, status};
  });
  EtcdClient client(gateway.url(), {});
  for (int i = 0; i < 3; ++i) {
    EtcdLook look;
    auto s = client.Look(Deadline::In(5s), look);
    EXPECT_TRUE(s.ok()) << s;
    EXPECT_TRUE(look.answered && *look.healthy && *look.is_leader);
    EXPECT_EQ("http://" + look.endpoint, gateway.url());
  }
  EXPECT_EQ(gateway.peer().connections(), 1);
  EXPECT_EQ(gateway.Count("Authorization"), 0);
}

TEST(EtcdClient, AMemberThatWaitsForAQuorumIsNotHealthy) {
  std::string status = RecordedEtcd("status_follower.json");
  Gateway gateway([&](const std::string& r) -> Reply {
    return {Has(r, "GET /health ") ? 0 : 200, status};
  });
  EtcdClient client(gateway.url(), {});
  EtcdLook look;
  auto s = client.Look(Deadline::In(200ms), look);
  EXPECT_TRUE(s.ok()) << s;
  EXPECT_TRUE(look.answered);
  EXPECT_EQ(look.healthy, false);
  EXPECT_EQ(look.has_leader, true);
}

TEST(EtcdClient, UnhealthyIsAnAnswer) {
  std::string status = RecordedEtcd("status_no_leader.json");
  Gateway gateway([&](const std::string& r) -> Reply {
    if (Has(r, "GET /health ")) return {503, R"({"health":"false"})"};
    return {200, status};
  });
  EtcdClient client(gateway.url(), {});
  EtcdLook look;
  EXPECT_TRUE(client.Look(Deadline::In(5s), look).ok());
  EXPECT_EQ(look.healthy, false);
  EXPECT_EQ(look.has_leader, false);
}

TEST(EtcdClient, WhatIsNoEtcdDoesNotAnswer) {
  Gateway gateway([](const std::string&) -> Reply { return {404, "Not Found"}; });
  EtcdClient client(gateway.url(), {});
  EtcdLook look;
  auto s = client.Look(Deadline::In(5s), look);
  EXPECT_TRUE(absl::IsDataLoss(s)) << s;
  EXPECT_FALSE(look.answered);
  EXPECT_EQ("http://" + look.endpoint, gateway.url());
}

HttpOptions As(const std::string& user) {
  HttpOptions http;
  http.user = user;
  http.password = "p\"w";
  return http;
}

TEST(EtcdClient, LogsInAndAgainWhenItsTokenIsNoLongerTaken) {
  std::atomic<int> token = 0;
  Gateway gateway([&](const std::string& r) -> Reply {
    if (Has(r, "/v3/auth/authenticate"))
      return {200, R"({"token":"t)" + std::to_string(++token) + "\"}"};
    bool valid = Has(r, "\r\nAuthorization: t" + std::to_string(token) + "\r\n");
    std::string error = R"({"error":"etcdserver: invalid auth token"})";
    return {valid ? 200 : 401, error};
  });
  EtcdClient client(gateway.url(), As("eye"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.Ask("/v3/x", "{}", Deadline::In(5s)).ok());
  EXPECT_EQ(gateway.Count("authenticate"), 1);
  EXPECT_EQ(gateway.Count(R"({"name":"eye","password":"p\"w"})"), 1);
  ++token;  // etcd was restarted
  EXPECT_TRUE(client.Ask("/v3/x", "{}", Deadline::In(5s)).ok());
  EXPECT_EQ(gateway.Count("authenticate"), 2);
  EXPECT_EQ(gateway.Count("Basic"), 0);
}

TEST(EtcdClient, ARefusedLoginIsNotTriedAgainSoon) {
  Gateway gateway([&](const std::string& r) -> Reply {
    if (Has(r, "GET /health ")) return {200, R"({"health":"true"})"};
    return {400, R"({"error":"etcdserver: authentication failed, invalid user"})"};
  });
  EtcdClient client(gateway.url(), As("eye"));
  for (int i = 0; i < 5; ++i) {
    EtcdLook look;
    auto s = client.Look(Deadline::In(5s), look);
    EXPECT_TRUE(absl::IsPermissionDenied(s)) << s;
    EXPECT_TRUE(look.answered && *look.healthy);  // health is for everybody
    EXPECT_EQ(std::string(s.message()).find("p\"w"), std::string::npos);
  }
  EXPECT_EQ(gateway.Count("authenticate"), 1);
}

TEST(EtcdClient, AnEtcdWithoutUsersNeedsNoLogin) {
  Gateway gateway([&](const std::string& r) -> Reply {
    if (!Has(r, "/v3/auth/authenticate")) return {200, "{}"};
    return {400, R"({"error":"etcdserver: authentication is not enabled"})"};
  });
  EtcdClient client(gateway.url(), As("eye"));
  EXPECT_TRUE(client.Ask("/v3/x", "{}", Deadline::In(5s)).ok());
}

}  // namespace
