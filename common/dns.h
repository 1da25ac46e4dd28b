#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/deadline.h"
#include "common/dns_message.h"

// Asking one DNS server one question, or several at once.
//
// Errors, as in net.h: DeadlineExceeded (no answer in time), Unavailable (refused, unreachable,
// closed by the server), DataLoss (the answer is malformed), ResourceExhausted (our own fault), and
// InvalidArgument (a name that cannot be asked for). Messages say who was asked what, and how:
// "dns 10.0.0.2:53 udp example.com A: no answer in time". NXDOMAIN, SERVFAIL, REFUSED and all other
// response codes are answers.

struct DnsServer {
  std::string host;  // a numeric address; a name is looked up (Resolve) and its first address asked
  int port = 53;
};

enum class DnsTransport {
  kUdp,  // and, when the answer was too large for it (TC), TCP
  kTcp,
};

struct DnsAnswer {
  DnsMessage message;
  bool tcp = false;  // it came over TCP
  int sent = 0;      // how often it was asked: datagrams, and queries over TCP
  int ignored = 0;   // messages that came meanwhile and were no answer to our question
  // From the sending of the question (for UDP: the first time) to its answer, over the transport
  // that it came by; without looking the server's name up and without connecting.
  Duration round_trip{};
};

// Asks `server`. Waits to the deadline and no longer, over all that it tries.
//
// UDP: a socket, a source port and an id of its own for each query, so that only the server can
// answer, and only this question. One lost datagram is no failure: the question is sent again after
// a third and after two thirds of the time, and whichever answer comes first counts. A closed port
// is known at once and is final. What is no answer to this question (see IsDnsAnswerTo) is ignored;
// a malformed answer is final. After a truncated answer TCP has the rest of the time.
// TCP: a connection for each query.
absl::StatusOr<DnsAnswer> AskDns(const DnsServer& server, const DnsQuery& query,
                                 const Deadline& deadline,
                                 DnsTransport transport = DnsTransport::kUdp);

// How asking one of several questions went.
struct DnsOutcome {
  absl::StatusOr<DnsAnswer> answer;
  // As in DnsAnswer, and whether there was an answer or not. 0 over UDP: nothing has left this host
  // (no route, no descriptors, or the server's name is not found), and the error is not of a path.
  int sent = 0;
};

// Asks all questions at once, as AskDns does each: a server that says nothing costs one deadline,
// not one for each. The outcomes are in the order of the queries. What has to go over TCP goes
// after all that came over UDP, one connection after the other, each with its share of the time: if
// an answer was truncated, the others are waited for over UDP no longer than two thirds of it.
std::vector<DnsOutcome> AskDnsTogether(const DnsServer& server,
                                       const std::vector<DnsQuery>& queries,
                                       const Deadline& deadline,
                                       DnsTransport transport = DnsTransport::kUdp);
