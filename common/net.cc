#include "common/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

#include "absl/strings/str_format.h"

namespace {

constexpr std::string_view kRefused = ": refused";

constexpr std::size_t kMaxErrors = 3;  // in one message: a name may have many addresses

// A port of our own may be what connect(2) picks for the source: then the socket talks to itself.
bool IsConnectedToItself(int fd) {
  sockaddr_storage self{}, peer{};
  socklen_t self_size = sizeof self, peer_size = sizeof peer;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&self), &self_size) == 0 &&
         getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0 &&
         self_size == peer_size && memcmp(&self, &peer, self_size) == 0;
}

// The error of the connection under way on `fd`, 0 once it stands.
int ConnectionError(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error == 0 && IsConnectedToItself(fd) ? ECONNREFUSED : error;
}

absl::StatusOr<Socket> Connect(const addrinfo& to, const std::string& what,
                               const Deadline& deadline) {
  Socket s(socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!s.open()) return SystemError(what, errno);
  int on = 1;
  setsockopt(s.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int error = connect(s.fd(), to.ai_addr, to.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS || error == EINTR) {
    if (deadline.Wait(s.fd(), POLLOUT) == 0) {
      return absl::DeadlineExceededError(what + ": no answer in time");
    }
    error = 0;
  }
  if (error == 0) error = ConnectionError(s.fd());
  if (error != 0) return SystemError(what, error);
  return s;
}

absl::StatusOr<Socket> ConnectTo(const std::string& address, int port, const Deadline& deadline) {
  bool v6 = address.find(':') != address.npos;
  std::string host = v6 ? "[" + address + "]" : address;
  std::string what = absl::StrFormat("connect %s:%d", host, port);
  addrinfo hints{}, *to = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  int error = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &to);
  if (error == EAI_MEMORY) return SystemError(what, ENOMEM);
  if (error != 0) return absl::UnavailableError(what + ": " + gai_strerror(error));
  auto socket = Connect(*to, what, deadline);
  freeaddrinfo(to);
  return socket;
}

absl::Status BadAddress(std::string_view text, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrFormat("'%s' is not HOST:PORT: %s", text, why));
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

void Socket::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

absl::StatusOr<Socket> Dial(const std::string& host, int port, const Deadline& deadline) {
  auto addresses = Resolve(host, deadline);
  if (!addresses.ok()) return addresses.status();
  std::string errors;
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    auto share = (deadline.at() - Clock::now()) / static_cast<int>(addresses->size() - i);
    auto socket = ConnectTo((*addresses)[i], port, deadline.AtMost(share));
    if (socket.ok() || absl::IsResourceExhausted(socket.status())) return socket;
    if (i < kMaxErrors) errors += (i > 0 ? "; " : "") + std::string(socket.status().message());
  }
  return deadline.Over() ? absl::DeadlineExceededError(errors) : absl::UnavailableError(errors);
}

absl::Status SystemError(const std::string& what, int error) {
  if (error == ECONNREFUSED) return absl::UnavailableError(what + std::string(kRefused));
  std::string text = what + ": " + strerror(error);
  bool ours = error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
  return ours ? absl::ResourceExhaustedError(text) : absl::UnavailableError(text);
}

absl::Status Named(const std::string& what, const absl::Status& error) {
  return absl::Status(error.code(), what + ": " + std::string(error.message()));
}

bool IsRefused(const absl::Status& status) {
  return absl::IsUnavailable(status) && std::string(status.message()).ends_with(kRefused);
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  std::size_t colon = text.rfind(':');
  if (colon == text.npos || text.back() == ']') return BadAddress(text, "no port");
  std::string_view host = text.substr(0, colon), digits = text.substr(colon + 1);
  int port = -1;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port < 0 || port > 65535) {
    return BadAddress(text, "the port must be a number up to 65535");
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    std::string v6(host.substr(1, host.size() - 2));
    in6_addr address;
    if (inet_pton(AF_INET6, v6.substr(0, v6.find('%')).c_str(), &address) == 1) {
      return HostPort{v6, port};
    }
    return BadAddress(text, "no IPv6 address between the brackets");
  }
  if (host.find(':') != host.npos && host.find('/') == host.npos) {
    return BadAddress(text, "an IPv6 address needs brackets, as in [::1]:80");
  }
  if (host.find_first_of(" \t\r\n/@?#[]:%") != host.npos) return BadAddress(text, "no host name");
  return HostPort{std::string(host), port};
}
