// The connection on a real redis-server: TLS, client certificates, ACL, restarts.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <fstream>

#include <gtest/gtest.h>

#include "absl/strings/str_format.h"

#include "exporters/redis-sentinel/connection.h"
#include "exporters/redis-sentinel/subscription.h"
#include "tests/common/loopback.h"
#include "tests/common/tls_peer.h"

using namespace std::chrono_literals;

namespace {

constexpr char kServer[] = "/usr/bin/redis-server";

// A redis-server with the configuration given.
class Server {
 public:
  explicit Server(const std::string& configuration) {
    std::ofstream(file_) << "bind 127.0.0.1\nsave \"\"\ndir " << testing::TempDir() << "\n"
                         << configuration;
    Start();
  }
  ~Server() {
    Stop();
    unlink(file_.c_str());
  }

  void Start() {
    pid_ = fork();
    if (pid_ != 0) return;
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execl(kServer, kServer, file_.c_str(), nullptr);
    _exit(127);
  }
  void Stop() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  void Signal(int signal) { kill(pid_, signal); }

 private:
  const std::string file_ = testing::TempDir() + "/redis_" + std::to_string(getpid()) + ".conf";
  pid_t pid_ = -1;
};

int FreePort() { return Listen("127.0.0.1", 0, 1).port; }

class RealServer : public testing::Test {
 protected:
  void SetUp() override {
    if (access(kServer, X_OK) != 0) GTEST_SKIP() << "needs redis-server";
  }
  // Plain and TLS; clients must show the certificate `client_`.
  std::string Configuration() {
    return absl::StrFormat(
        "port %d\ntls-port %d\ntls-cert-file %s\ntls-key-file %s\ntls-ca-cert-file %s\n"
        "user default off\nuser admin on >admin ~* &* +@all\n"
        "user exporter on >hunter2 -@all +ping +info +psubscribe resetchannels &+* &-*\n",
        port_, tls_port_, own_.cert_file(), own_.key_file(), client_.cert_file());
  }
  RedisConnectionOptions Plain() {
    return {{"127.0.0.1", port_, {}}, "exporter", "hunter2", "", 4 << 20};
  }
  RedisConnectionOptions Tls() {
    RedisConnectionOptions o = Plain();
    o.stream.port = tls_port_;
    o.stream.tls = TlsOptions();
    o.stream.tls->ca_file = own_.cert_file();
    o.stream.tls->cert_file = client_.cert_file();
    o.stream.tls->key_file = client_.key_file();
    return o;
  }
  // Runs until the server is up.
  absl::StatusOr<Results> Await(RedisConnection& c, const Batch& batch) {
    Deadline deadline = Deadline::In(10s);
    auto results = c.Run(batch, deadline);
    while (absl::IsUnavailable(results.status()) && !deadline.Over())
      results = c.Run(batch, deadline);
    return results;
  }

  const Certificate own_{"IP:127.0.0.1"}, client_{"DNS:client"}, stranger_{"DNS:stranger"};
  const int port_ = FreePort(), tls_port_ = FreePort();
};

TEST_F(RealServer, AnswersPlainAndByTls) {
  Server server(Configuration());
  for (const RedisConnectionOptions& options : {Plain(), Tls()}) {
    RedisConnection connection(options);
    auto results = Await(connection, {{"INFO"}, {"SHUTDOWN"}, {"PING"}});
    ASSERT_TRUE(results.ok()) << results.status();
    ASSERT_EQ(results->size(), 3u);
    ASSERT_TRUE((*results)[0].ok()) << (*results)[0].status();
    EXPECT_NE((*results)[0]->text.find("\r\nrole:master\r\n"), std::string::npos);
    EXPECT_EQ((*results)[1].status().code(), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ((*results)[2]->text, "PONG");
    EXPECT_EQ(connection.sessions(), 1);
  }
}

TEST_F(RealServer, SaysWhyNot) {
  Server server(Configuration());
  RedisConnection first(Tls());
  ASSERT_TRUE(Await(first, {{"PING"}}).ok());
  RedisConnectionOptions wrong_password = Plain(), no_password = Plain(), nameless = Tls(),
                    stranger = Tls(), untrusted = Tls(), misnamed = Tls(), plain_to_tls = Plain(),
                    tls_to_plain = Tls();
  wrong_password.password = "wrong";
  no_password.password = "";
  nameless.stream.tls->cert_file = nameless.stream.tls->key_file = "";
  stranger.stream.tls->cert_file = stranger_.cert_file();
  stranger.stream.tls->key_file = stranger_.key_file();
  untrusted.stream.tls->ca_file = stranger_.cert_file();
  misnamed.stream.tls->server_name = "redis.example";
  plain_to_tls.stream.port = tls_port_;
  tls_to_plain.stream.port = port_;
  using absl::StatusCode;
  struct Case { RedisConnectionOptions options; StatusCode code; std::string what; };
  for (const Case& c : std::vector<Case>{
           {wrong_password, StatusCode::kUnauthenticated, "WRONGPASS"},
           {no_password, StatusCode::kUnauthenticated, "wants a password"},
           {nameless, StatusCode::kPermissionDenied, "wants a certificate of ours"},
           {stranger, StatusCode::kPermissionDenied, "does not accept our certificate"},
           {untrusted, StatusCode::kPermissionDenied, "not trusted"},
           {misnamed, StatusCode::kPermissionDenied, "is not for redis.example"},
           {plain_to_tls, StatusCode::kUnavailable, ""},
           {tls_to_plain, StatusCode::kDeadlineExceeded, "TLS handshake"}}) {
    auto status = RedisConnection(c.options).Run({{"PING"}}, Deadline::In(500ms)).status();
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_NE(std::string(status.message()).find(c.what), std::string::npos) << status;
  }
}

TEST_F(RealServer, ARestartBetweenTwoQuestionsIsNoFailure) {
  Server server(Configuration());
  for (const RedisConnectionOptions& options : {Plain(), Tls()}) {
    RedisConnection connection(options), other(options);
    ASSERT_TRUE(Await(connection, {{"PING"}}).ok());
    server.Stop();
    server.Start();
    ASSERT_TRUE(Await(other, {{"PING"}}).ok());
    auto results = connection.Run({{"PING"}}, Deadline::In(2s));
    EXPECT_TRUE(results.ok()) << results.status();
    EXPECT_EQ(connection.sessions(), 2);
  }
}

TEST_F(RealServer, AFrozenServerIsATimeoutAndThenAnswersAnew) {
  Server server(Configuration());
  RedisConnection connection(Tls());
  ASSERT_TRUE(Await(connection, {{"PING"}}).ok());
  server.Signal(SIGSTOP);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(connection.Run({{"INFO"}}, Deadline::In(100ms)).status().code(),
              absl::StatusCode::kDeadlineExceeded);
  server.Signal(SIGCONT);
  auto results = connection.Run({{"PING"}}, Deadline::In(5s));
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[0]->text, "PONG");
}

TEST_F(RealServer, OutOfClients) {
  Server server(Configuration() + "maxclients 1\n");
  RedisConnection first(Plain()), second(Plain());
  ASSERT_TRUE(Await(first, {{"PING"}}).ok());
  auto status = second.Run({{"PING"}}, Deadline::In(2s)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_NE(std::string(status.message()).find("out of clients"), std::string::npos) << status;
}

TEST_F(RealServer, Subscribes) {
  Server server(Configuration());
  for (const RedisConnectionOptions& options : {Plain(), Tls()}) {
    RedisConnectionOptions admin = options;
    admin.user = admin.password = "admin";
    RedisConnection publisher(admin);
    ASSERT_TRUE(Await(publisher, {{"PING"}}).ok());
    Subscription subscription(options, {"+*", "-*"});
    auto opened = subscription.Open(Deadline::In(5s));
    ASSERT_TRUE(opened.ok()) << opened;
    ASSERT_TRUE(subscription.Ping(Deadline::In(5s)).ok());
    Deadline patience = Deadline::In(5s);
    while (subscription.Overdue(Clock::now()) > 0s && !patience.Over())
      ASSERT_TRUE(subscription.Receive(Deadline::In(50ms)).ok());
    EXPECT_EQ(subscription.Overdue(Clock::now()), Duration::zero());
    ASSERT_TRUE(publisher.Run({{"PUBLISH", "+sdown", "x"}, {"PUBLISH", "other", "y"}},
                              Deadline::In(5s)).ok());
    auto events = subscription.Receive(Deadline::In(5s));
    ASSERT_TRUE(events.ok()) << events.status();
    ASSERT_EQ(events->size(), 1u);
    EXPECT_EQ(events->at(0).channel, "+sdown");
    Subscription denied(options, {"+*", "other"});
    EXPECT_EQ(denied.Open(Deadline::In(5s)).code(), absl::StatusCode::kPermissionDenied);
  }
}

}  // namespace
