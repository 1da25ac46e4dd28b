#include "common/dns.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "absl/strings/str_format.h"

#include "common/dns_wire.h"
#include "common/net.h"
#include "common/stream.h"

namespace {

constexpr int kSends = 3;  // of one question over UDP, shared out over the time there is

// One question to one address, by whichever transport.
struct Exchange {
  std::string address;
  int port = 0;
  std::string asked;  // "example.com A"
  std::string query;  // its bytes

  // "dns 10.0.0.2:53 udp example.com A".
  std::string Name(const char* transport) const {
    bool v6 = address.find(':') != address.npos;
    return absl::StrFormat("dns %s:%d %s %s", v6 ? "[" + address + "]" : address, port, transport,
                           asked);
  }
};

std::string AskedWords(const DnsQuestion& q) {
  std::string words = q.name + " " + DnsTypeName(q.type);
  if (q.dns_class == DnsClass::kInternet) return words;
  return words + (q.dns_class == DnsClass::kChaos
                      ? " CH"
                      : absl::StrFormat(" CLASS%d", static_cast<int>(q.dns_class)));
}

absl::StatusOr<Exchange> Prepare(const DnsServer& server, const DnsQuery& query,
                                 const Deadline& deadline) {
  uint16_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id) return SystemError("random number", errno);
  auto bytes = FormatDnsQuery(query, id);
  if (!bytes.ok()) return bytes.status();
  auto addresses = Resolve(server.host, deadline);
  if (!addresses.ok()) return addresses.status();
  return Exchange{addresses->front(), server.port, AskedWords(query.question), *std::move(bytes)};
}

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
absl::StatusOr<Socket> ConnectUdp(const Exchange& x, const std::string& what) {
  addrinfo hints{}, *to = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  int error = getaddrinfo(x.address.c_str(), std::to_string(x.port).c_str(), &hints, &to);
  if (error == EAI_MEMORY) return SystemError(what, ENOMEM);
  if (error != 0) return absl::UnavailableError(what + ": " + gai_strerror(error));
  Socket s(socket(to->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  error = ConnectionError(s.fd(), *to);
  freeaddrinfo(to);
  if (error != 0) return SystemError(what, error);
  return s;
}

// A full send buffer is as good as a lost datagram.
absl::Status SendDatagram(const Socket& s, const std::string& bytes, const std::string& what) {
  if (send(s.fd(), bytes.data(), bytes.size(), 0) >= 0) return absl::OkStatus();
  if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) return absl::OkStatus();
  return SystemError(what, errno);
}

// The answer, if it comes by `until`; else "".
absl::StatusOr<std::string> AwaitDatagram(const Socket& s, const Exchange& x,
                                          const std::string& what, const Deadline& until,
                                          int& ignored) {
  char buffer[kMaxDnsMessage];
  while (!until.Over() && until.Wait(s.fd(), POLLIN) != 0) {
    ssize_t n = recv(s.fd(), buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n < 0) return SystemError(what, errno);
    std::string_view bytes(buffer, static_cast<std::size_t>(n));
    if (IsDnsAnswerTo(x.query, bytes)) return std::string(bytes);
    ++ignored;
  }
  return std::string();
}

absl::Status NoAnswer(const std::string& what, int ignored) {
  std::string others = absl::StrFormat(" (%d messages that came were no answer to it)", ignored);
  return absl::DeadlineExceededError(what + ": no answer in time" + (ignored > 0 ? others : ""));
}

// The bytes of the answer over UDP, which may be truncated.
absl::StatusOr<std::string> AskUdp(const Exchange& x, const Deadline& deadline, DnsAnswer& answer) {
  const std::string what = x.Name("udp");
  auto socket = ConnectUdp(x, what);
  if (!socket.ok()) return socket.status();
  const Instant start = Clock::now();
  const Duration share = (deadline.at() - start) / kSends;
  while (answer.sent < kSends && !deadline.Over()) {
    auto sent = SendDatagram(*socket, x.query, what);
    if (!sent.ok()) return sent;
    ++answer.sent;
    Deadline until = answer.sent == kSends ? deadline : Deadline(start + answer.sent * share);
    auto bytes = AwaitDatagram(*socket, x, what, until, answer.ignored);
    answer.round_trip = Clock::now() - start;
    if (!bytes.ok() || !bytes->empty()) return bytes;
  }
  return NoAnswer(what, answer.ignored);
}

// A message with its length before it (RFC 1035, 4.2.2), without that.
absl::StatusOr<std::string> ReceiveMessage(Stream& stream, const Deadline& deadline) {
  std::string bytes;
  std::size_t wanted = 2;
  while (bytes.size() < wanted) {
    char buffer[4096];
    auto n = stream.Receive(buffer, std::min(sizeof buffer, wanted - bytes.size()), deadline);
    bool late = absl::IsDeadlineExceeded(n.status()) || deadline.Over();
    if (late && !bytes.empty()) return absl::DeadlineExceededError("no end of the answer in time");
    if (late) return absl::DeadlineExceededError("no answer in time");
    if (!n.ok()) return n.status();
    bytes.append(buffer, *n);
    if (wanted == 2 && bytes.size() == 2) wanted += DnsReader(bytes).U16();
  }
  return bytes.substr(2);
}

// The error in words of ours, without the stream's own name for itself.
absl::Status Named(const std::string& what, const Stream& stream, const absl::Status& error) {
  std::string text(error.message());
  std::size_t at = text.find(stream.name() + ": ");
  if (at != text.npos) text.erase(0, at + stream.name().size() + 2);
  return absl::Status(error.code(), what + ": " + text);
}

// The bytes of the answer over TCP.
absl::StatusOr<std::string> AskTcp(const Exchange& x, const Deadline& deadline, DnsAnswer& answer) {
  const std::string what = x.Name("tcp");
  Stream stream({x.address, x.port, {}});
  auto connected = stream.Connect(deadline);
  if (!connected.ok()) return Named(what, stream, connected);
  answer.tcp = true;
  const Instant start = Clock::now();
  std::string framed;
  AppendU16(framed, x.query.size());
  auto sent = stream.Send(framed + x.query, deadline);
  if (!sent.ok()) return Named(what, stream, sent);
  while (true) {
    auto bytes = ReceiveMessage(stream, deadline);
    answer.round_trip = Clock::now() - start;
    if (!bytes.ok()) return Named(what, stream, bytes.status());
    if (IsDnsAnswerTo(x.query, *bytes)) return bytes;
    ++answer.ignored;
  }
}

bool IsTruncated(std::string_view bytes) { return (bytes[2] & 0x02) != 0; }

}  // namespace

absl::StatusOr<DnsAnswer> AskDns(const DnsServer& server, const DnsQuery& query,
                                 const Deadline& deadline, DnsTransport transport) {
  auto exchange = Prepare(server, query, deadline);
  if (!exchange.ok()) return exchange.status();
  DnsAnswer answer;
  absl::StatusOr<std::string> bytes = std::string();
  if (transport == DnsTransport::kUdp) bytes = AskUdp(*exchange, deadline, answer);
  if (bytes.ok() && (bytes->empty() || IsTruncated(*bytes)))
    bytes = AskTcp(*exchange, deadline, answer);
  if (!bytes.ok()) return bytes.status();
  auto message = ParseDnsMessage(*bytes);
  if (!message.ok()) {
    return absl::DataLossError(exchange->Name(answer.tcp ? "tcp" : "udp") +
                               ": malformed answer: " + std::string(message.status().message()));
  }
  answer.message = *std::move(message);
  return answer;
}
