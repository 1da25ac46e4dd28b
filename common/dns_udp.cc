#include "common/dns_udp.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>

#include "absl/strings/str_format.h"

namespace {

constexpr int kSends = 3;  // of one question, shared out over the time there is

// Connects, and returns an errno. The server's port may be what the kernel picks for the source:
// then the socket would talk to itself, and keep the server from its port.
int ConnectionError(int fd, const addrinfo& to) {
  if (fd < 0 || connect(fd, to.ai_addr, to.ai_addrlen) != 0) return errno;
  sockaddr_storage self{};
  socklen_t size = sizeof self;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&self), &size) != 0) return errno;
  return size == to.ai_addrlen && memcmp(&self, to.ai_addr, size) == 0 ? ECONNREFUSED : 0;
}

// A UDP socket that takes nothing from anybody else; the kernel picks a random port for it.
absl::StatusOr<Socket> ConnectUdp(const DnsExchange& x) {
  addrinfo hints{}, *to = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  int error = getaddrinfo(x.address.c_str(), std::to_string(x.port).c_str(), &hints, &to);
  if (error == EAI_MEMORY) return SystemError(x.Name("udp"), ENOMEM);
  if (error != 0) return absl::UnavailableError(x.Name("udp") + ": " + gai_strerror(error));
  Socket s(socket(to->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  error = ConnectionError(s.fd(), *to);
  freeaddrinfo(to);
  if (error != 0) return SystemError(x.Name("udp"), error);
  return s;
}

void End(DnsExchange& x, absl::StatusOr<std::string> bytes) {
  x.bytes = std::move(bytes);
  x.socket.Close();
}

// Adds its socket to those that are waited for.
void Open(DnsExchange& x, const Socket& all) {
  auto socket = ConnectUdp(x);
  if (!socket.ok()) return End(x, socket.status());
  x.socket = *std::move(socket);
  epoll_event readable{};
  readable.events = EPOLLIN;
  if (epoll_ctl(all.fd(), EPOLL_CTL_ADD, x.socket.fd(), &readable) != 0)
    End(x, SystemError(x.Name("udp"), errno));
}

// A full send buffer is as good as a lost datagram.
void Send(DnsExchange& x) {
  if (send(x.socket.fd(), x.query.data(), x.query.size(), 0) >= 0) ++x.answer.sent;
  else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
    End(x, SystemError(x.Name("udp"), errno));
}

// Takes one datagram, if there is one: a flood for one question must not hold up the others.
void Receive(DnsExchange& x, Instant start, std::string& buffer) {
  ssize_t n = recv(x.socket.fd(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  x.answer.round_trip = Clock::now() - start;
  if (n < 0) return End(x, SystemError(x.Name("udp"), errno));
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
  if (IsDnsAnswerTo(x.query, bytes)) End(x, std::string(bytes));
  else ++x.answer.ignored;
}

// Calls f(exchange) for those that still wait, and returns whether there are any.
template <class F>
bool ForEachWaiting(std::vector<DnsExchange>& exchanges, F&& f) {
  bool any = false;
  for (auto& x : exchanges) {
    if (x.socket.open()) f(x);
    any = any || x.socket.open();
  }
  return any;
}

bool AnyTruncated(const std::vector<DnsExchange>& exchanges) {
  return std::any_of(exchanges.begin(), exchanges.end(), [](auto& x) { return x.truncated(); });
}

absl::Status NoAnswer(const DnsExchange& x) {
  const int ignored = x.answer.ignored;
  std::string others = absl::StrFormat(" (%d messages that came were no answer to it)", ignored);
  return absl::DeadlineExceededError(x.Name("udp") + ": no answer in time" +
                                     (ignored > 0 ? others : ""));
}

}  // namespace

bool DnsExchange::truncated() const {
  return bytes.ok() && bytes->size() > 2 && ((*bytes)[2] & 0x02) != 0;
}

std::string DnsExchange::Name(const char* transport) const {
  bool v6 = address.find(':') != address.npos;
  return absl::StrFormat("dns %s:%d %s %s", v6 ? "[" + address + "]" : address, port, transport,
                         asked);
}

void AskDnsOverUdp(std::vector<DnsExchange>& exchanges, const Deadline& deadline) {
  Socket all(epoll_create1(EPOLL_CLOEXEC));
  for (auto& x : exchanges)
    if (!x.bytes.ok() || !x.bytes->empty()) continue;
    else if (all.open()) Open(x, all);
    else End(x, SystemError(x.Name("udp"), errno));
  const Instant start = Clock::now();
  const Duration share = (deadline.at() - start) / kSends;
  std::string buffer(kMaxDnsMessage, '\0');
  auto waiting = [&](auto&& f) { return ForEachWaiting(exchanges, f); };
  for (int sends = 1; sends <= kSends && !deadline.Over(); ++sends) {
    const bool last = sends == kSends;  // that time is for TCP, if any has to go there
    if ((last && AnyTruncated(exchanges)) || !waiting(Send)) break;
    Deadline until = last ? deadline : Deadline(start + sends * share);
    while (!until.Over() && until.Wait(all.fd(), POLLIN) != 0)
      if (!waiting([&](DnsExchange& x) { Receive(x, start, buffer); }) ||
          (last && AnyTruncated(exchanges)))
        break;
  }
  waiting([](DnsExchange& x) { End(x, NoAnswer(x)); });
}
