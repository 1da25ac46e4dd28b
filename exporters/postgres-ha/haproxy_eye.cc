#include "exporters/postgres-ha/haproxy_eye.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>

#include "common/net.h"
#include "exporters/postgres-ha/haproxy_stats.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kInterval = 1s;
constexpr Duration kRetry = 20ms;
constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::string_view kUnix = "unix:";
// Of all proxies (-1) the servers (4), all of them (-1).
constexpr std::string_view kCommand = "show stat -1 4 -1\n";

absl::Status TooLate(const std::string& what) {
  return absl::DeadlineExceededError(what + ": no answer in time");
}

// A Unix socket whose peer has no room for a further connection says EAGAIN, and nothing tells when
// it has: so it is tried again. A frozen HAProxy comes to that.
absl::StatusOr<Socket> Connect(const std::string& path, const Deadline& deadline) {
  const std::string what = "connect " + path;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path)
    return absl::InvalidArgumentError(what + ": a socket's path has 107 letters at most");
  path.copy(to.sun_path, path.size());
  Socket s(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!s.open()) return SystemError(what, errno);
  while (connect(s.fd(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    if (errno == EACCES) return absl::PermissionDeniedError(what + ": denied");
    if (errno != EAGAIN && errno != EINTR) return SystemError(what, errno);
    if (deadline.Over())
      return absl::DeadlineExceededError(what + ": busy, it takes no connection");
    deadline.AtMost(kRetry).Wait(-1, 0);
  }
  return s;
}

absl::Status Send(const Socket& s, const std::string& what, std::string_view text,
                  const Deadline& deadline) {
  while (!text.empty()) {
    if (deadline.Wait(s.fd(), POLLOUT) == 0) return TooLate(what);
    ssize_t n = send(s.fd(), text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return SystemError(what, errno);
    if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
  }
  return absl::OkStatus();
}

// All that comes until the peer closes.
absl::StatusOr<std::string> Receive(const Socket& s, const std::string& what,
                                    const Deadline& deadline) {
  std::string text;
  char buffer[16 << 10];
  while (text.size() <= kMaxBytes) {
    if (deadline.Wait(s.fd(), POLLIN) == 0 || deadline.Over()) return TooLate(what);
    ssize_t n = recv(s.fd(), buffer, sizeof buffer, 0);
    if (n == 0) return text;
    if (n < 0 && errno != EAGAIN && errno != EINTR) return SystemError(what, errno);
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
  }
  return absl::DataLossError(what + ": the answer is longer than 1 MiB");
}

// An empty line ends what HAProxy says on its socket: without it the list is a part.
absl::StatusOr<std::string> AskSocket(const std::string& path, const Deadline& deadline) {
  auto socket = Connect(path, deadline);
  if (!socket.ok()) return socket.status();
  const std::string what = "'show stat' on " + path;
  if (auto sent = Send(*socket, what, kCommand, deadline); !sent.ok()) return sent;
  auto text = Receive(*socket, what, deadline);
  if (text.ok() && text->starts_with("# ") && !text->ends_with("\n\n"))
    return absl::DataLossError(what + ": the answer breaks off");
  return text;
}

// "http://lb:7000/" and "http://lb:7000" mean the page too.
std::string CsvUrl(std::string url) {
  if (url.find(";csv") != url.npos) return url;
  std::size_t authority = url.find("://");
  if (authority != url.npos && url.find('/', authority + 3) == url.npos) url += '/';
  return url + ";csv";
}

HttpOptions ToHttpOptions(const HaproxyOptions& o) {
  HttpOptions http;
  http.max_bytes = kMaxBytes;
  http.user = o.user;
  http.password = o.password;
  return http;
}

}  // namespace

HaproxyEye::HaproxyEye(std::shared_ptr<DataSetBoard> board, std::string site,
                       HaproxyOptions options)
    : board_(std::move(board)),
      site_(std::move(site)),
      options_(std::move(options)),
      socket_(options_.url.starts_with(kUnix) ? options_.url.substr(kUnix.size()) : ""),
      url_(CsvUrl(options_.url)),
      client_(ToHttpOptions(options_)) {}

absl::StatusOr<std::string> HaproxyEye::Get(const Deadline& deadline) {
  auto reply = client_.Get(url_, deadline);
  if (!reply.ok()) return reply.status();
  const std::string answers = "GET " + url_ + ": answers " + std::to_string(reply->code);
  if (reply->code == 401 || reply->code == 403)
    return absl::PermissionDeniedError(answers + ": denied, check user and password");
  if (reply->code != 200) return absl::DataLossError(answers);
  return std::move(reply->body);
}

absl::StatusOr<std::vector<HaproxyServer>> HaproxyEye::Ask(const Deadline& deadline) {
  auto csv = socket_.empty() ? Get(deadline) : AskSocket(socket_, deadline);
  if (!csv.ok()) return csv.status();
  auto servers = ParseHaproxyStats(*csv);
  if (servers.ok()) return servers;
  return absl::DataLossError(options_.url + ": " + std::string(servers.status().message()));
}

Next HaproxyEye::Look(const Deadline& deadline) {
  const Instant begin = Clock::now();
  auto servers = Ask(deadline);
  HaproxyLook look;
  look.name = options_.url;
  look.answered = servers.ok();
  absl::Status status = servers.status();
  if (status.ok()) look.servers = *std::move(servers);
  const Instant end = Clock::now();
  board_->Post(
      {{"haproxy " + site_ + "/" + options_.url, begin, end}, {site_, ""}, std::move(look)});
  return {std::move(status), std::max(begin + kInterval, end)};
}
