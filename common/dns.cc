#include "common/dns.h"

#include <errno.h>
#include <sys/random.h>

#include <algorithm>

#include "absl/strings/str_format.h"

#include "common/dns_udp.h"
#include "common/dns_wire.h"
#include "common/net.h"
#include "common/stream.h"

namespace {

std::string AskedWords(const DnsQuestion& q) {
  std::string words = q.name + " " + DnsTypeName(q.type);
  if (q.dns_class == DnsClass::kInternet) return words;
  return words + (q.dns_class == DnsClass::kChaos
                      ? " CH"
                      : absl::StrFormat(" CLASS%d", static_cast<int>(q.dns_class)));
}

// The exchange for one question; an error of its own is in it.
DnsExchange Prepare(const absl::StatusOr<std::vector<std::string>>& addresses,
                    const DnsServer& server, const DnsQuery& query) {
  DnsExchange x;
  x.port = server.port;
  x.asked = AskedWords(query.question);
  uint16_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id) {
    x.bytes = SystemError("random number", errno);
    return x;
  }
  auto bytes = FormatDnsQuery(query, id);
  if (!bytes.ok()) x.bytes = bytes.status();
  else if (!addresses.ok()) x.bytes = addresses.status();
  if (!x.bytes.ok()) return x;
  x.address = addresses->front();
  x.query = *std::move(bytes);
  return x;
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
absl::StatusOr<std::string> AskTcp(DnsExchange& x, const Deadline& deadline) {
  const std::string what = x.Name("tcp");
  Stream stream({x.address, x.port, {}});
  auto connected = stream.Connect(deadline);
  if (!connected.ok()) return Named(what, stream, connected);
  x.answer.tcp = true;
  const Instant start = Clock::now();
  std::string framed;
  AppendU16(framed, x.query.size());
  ++x.answer.sent;
  auto sent = stream.Send(framed + x.query, deadline);
  if (!sent.ok()) return Named(what, stream, sent);
  while (true) {
    auto bytes = ReceiveMessage(stream, deadline);
    x.answer.round_trip = Clock::now() - start;
    if (!bytes.ok()) return Named(what, stream, bytes.status());
    if (IsDnsAnswerTo(x.query, *bytes)) return bytes;
    ++x.answer.ignored;
  }
}

bool NeedsTcp(const DnsExchange& x) { return x.truncated() || (x.bytes.ok() && x.bytes->empty()); }

// One after the other, those that have no whole answer yet. Each has its share of the time.
void AskOverTcp(std::vector<DnsExchange>& exchanges, const Deadline& deadline) {
  auto left = std::count_if(exchanges.begin(), exchanges.end(), NeedsTcp);
  for (auto& x : exchanges) {
    if (!NeedsTcp(x)) continue;
    x.bytes = AskTcp(x, deadline.AtMost((deadline.at() - Clock::now()) / left));
    --left;
  }
}

absl::StatusOr<DnsAnswer> AnswerOf(DnsExchange& x) {
  if (!x.bytes.ok()) return x.bytes.status();
  auto message = ParseDnsMessage(*x.bytes);
  if (!message.ok()) {
    return absl::DataLossError(x.Name(x.answer.tcp ? "tcp" : "udp") + ": malformed answer: " +
                               std::string(message.status().message()));
  }
  x.answer.message = *std::move(message);
  return std::move(x.answer);
}

}  // namespace

std::vector<DnsOutcome> AskDnsTogether(const DnsServer& server,
                                       const std::vector<DnsQuery>& queries,
                                       const Deadline& deadline, DnsTransport transport) {
  auto addresses = Resolve(server.host, deadline);
  std::vector<DnsExchange> exchanges;
  for (auto& query : queries) exchanges.push_back(Prepare(addresses, server, query));
  if (transport == DnsTransport::kUdp) AskDnsOverUdp(exchanges, deadline);
  AskOverTcp(exchanges, deadline);
  std::vector<DnsOutcome> outcomes;
  for (auto& x : exchanges) {
    const int sent = x.answer.sent;
    outcomes.push_back({AnswerOf(x), sent});
  }
  return outcomes;
}

absl::StatusOr<DnsAnswer> AskDns(const DnsServer& server, const DnsQuery& query,
                                 const Deadline& deadline, DnsTransport transport) {
  return std::move(AskDnsTogether(server, {query}, deadline, transport)[0].answer);
}
