// The eye on HAProxy's statistics page against peers that play its part, well and badly.
#include <sstream>

#include "tests/postgres-ha/haproxy_peer.h"

using namespace std::chrono_literals;

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string Reply(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

// A statistics page, and the last request for it.
struct Http {
  explicit Http(const std::string& status, const std::string& body = kAnswer)
      : peer([this, status, body](const Socket& s) {
          request = ReadRequest(s);
          Send(s, Reply(status, body), Deadline::In(5s));
        }) {}
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(peer.port()) + path;
  }
  std::string request;
  Peer peer;
};

TEST(HaproxyHttp, AsksForTheCsvOfThePage) {
  Http http("200 OK");
  const std::pair<const char*, const char*> paths[] = {{"/;csv", "/;csv"},
                                                       {"/", "/;csv"},
                                                       {"", "/;csv"},
                                                       {"/stats", "/stats;csv"},
                                                       {"/haproxy?stats", "/haproxy?stats;csv"},
                                                       {"/x;csv;norefresh", "/x;csv;norefresh"}};
  for (auto& [given, asked] : paths) {
    Eye eye(http.url(given));
    ASSERT_TRUE(eye.Look().ok()) << given;
    EXPECT_THAT(http.request, HasSubstr("GET " + std::string(asked) + " HTTP/1.1\r\n"));
    EXPECT_THAT(http.request, Not(HasSubstr("Authorization")));
    EXPECT_THAT(eye.Page(), HasSubstr(",haproxy=\"127.0.0.1:" + std::to_string(http.peer.port()) +
                                      "\"} 1\n"));
    EXPECT_THAT(eye.Page(), HasSubstr("proxy=\"primary\",server=\"pg1\"} 3\n"));
  }
}

TEST(HaproxyHttp, SendsThePassword) {
  Http http("200 OK");
  EXPECT_TRUE(Eye(http.url("/"), "secret").Look().ok());
  EXPECT_THAT(http.request, HasSubstr("Authorization: Basic bWU6c2VjcmV0\r\n"));
}

TEST(HaproxyHttp, SaysWhatItAnswers) {
  using absl::StatusCode;
  for (auto& [status, code, says] :
       {std::tuple("401 Unauthorized", StatusCode::kPermissionDenied, "401: denied"),
        {"403 Forbidden", StatusCode::kPermissionDenied, "403: denied"},
        {"302 Found", StatusCode::kDataLoss, "answers 302"},
        {"404 Not Found", StatusCode::kDataLoss, "answers 404"},
        {"503 Service Unavailable", StatusCode::kDataLoss, "answers 503"}}) {
    Http http(status, "<html>secret</html>");
    EXPECT_THAT(Eye(http.url("/"), "secret").Fails(code),
                AllOf(HasSubstr(http.url("/;csv")), HasSubstr(says), Not(HasSubstr("secret"))));
  }
  Http page("200 OK", "<!DOCTYPE HTML><html>");
  EXPECT_THAT(Eye(page.url("/")).Fails(absl::StatusCode::kDataLoss),
              HasSubstr("begins with '<!DOCTYPE HTML><html>'"));
}

TEST(HaproxyHttp, RefusesAndHangs) {
  int port = Listen("127.0.0.1", 0, 1).port;
  EXPECT_THAT(Eye("http://127.0.0.1:" + std::to_string(port)).Fails(absl::StatusCode::kUnavailable),
              HasSubstr("refused"));
  Peer hung([](const Socket& s) { AwaitClose(s); });
  Eye eye("http://127.0.0.1:" + std::to_string(hung.port()));
  eye.Fails(absl::StatusCode::kDeadlineExceeded, 200ms);
  EXPECT_LT(eye.took, 400ms);
}

TEST(HaproxyHttp, AnswersWithoutEnd) {
  Http http("200 OK", std::string(2 << 20, 'x'));
  Eye(http.url("/")).Fails(absl::StatusCode::kDataLoss);
}

}  // namespace
