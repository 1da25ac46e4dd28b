#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// DNS messages (RFC 1035), with EDNS(0) (RFC 6891) and extended errors (RFC 8914).
//
// A codec of our own: the C library's ns_* and res_mkquery build no EDNS, know nothing of extended
// errors, give record data as bytes that have to be taken apart anyway, and differ from one C
// library to the next. Names as text are as in dns_wire.h: ASCII, without the dot at the end.

// Any 16-bit number may come; these are the ones that have a name here.
enum class DnsType : uint16_t {
  kA = 1, kNs = 2, kCname = 5, kSoa = 6, kPtr = 12, kMx = 15, kTxt = 16, kAaaa = 28, kSrv = 33,
  kOpt = 41, kSvcb = 64, kHttps = 65, kAny = 255, kCaa = 257,
};
enum class DnsClass : uint16_t { kInternet = 1, kChaos = 3 };

// "AAAA"; "TYPE1234" for one without a name (RFC 3597). And back, in any case; none: no such type.
std::string DnsTypeName(DnsType type);
std::optional<DnsType> ParseDnsType(std::string_view name);

enum DnsRcode : int {
  kRcodeNoError = 0, kRcodeFormErr = 1, kRcodeServFail = 2, kRcodeNxDomain = 3, kRcodeNotImp = 4,
  kRcodeRefused = 5,
};

struct DnsQuestion {
  std::string name;
  DnsType type = DnsType::kA;
  DnsClass dns_class = DnsClass::kInternet;
};

struct DnsQuery {
  DnsQuestion question;
  bool recursion_desired = true;  // false: what does the server know by itself?
  bool edns = true;  // takes answers of 1,232 bytes over UDP, and extended errors
};

struct DnsSoa {
  std::string primary, mailbox;
  uint32_t serial = 0;
  uint32_t refresh_seconds = 0, retry_seconds = 0, expire_seconds = 0, minimum_seconds = 0;
};

struct DnsRecord {
  std::string name;
  DnsType type{};
  DnsClass dns_class{};
  uint32_t ttl_seconds = 0;        // 0 also for what has the highest bit set (RFC 2181, 8)
  std::string value;               // A, AAAA: the address. CNAME, NS, PTR: the name
  std::vector<std::string> texts;  // TXT: its strings, bytes as sent
  std::optional<DnsSoa> soa;       // SOA
  std::string data;                // of all other types (HTTPS, SVCB, ...): bytes as sent
};

// Why an answer is as it is. The text is UTF-8 without control characters, 256 bytes at most.
struct DnsExtendedError {
  int code = 0;
  std::string text;
};
enum DnsExtendedErrorCode : int {
  kEdeStaleAnswer = 3, kEdeBlocked = 15, kEdeStaleNxDomain = 19,
};

struct DnsMessage {
  uint16_t id = 0;
  bool response = false;           // QR
  bool truncated = false;          // TC
  bool recursion_desired = false;  // RD
  int rcode = 0;                   // with the upper bits from EDNS
  std::optional<DnsQuestion> question;
  // Without OPT; no more than the first kMaxDnsRecords of all three.
  std::vector<DnsRecord> answers, authority, additional;
  bool edns = false;
  std::vector<DnsExtendedError> errors;  // the first 16
};
inline constexpr int kMaxDnsRecords = 256;
inline constexpr std::size_t kMaxDnsMessage = 65535;  // bytes

// Whether the name can be asked for: InvalidArgument says why not. Printable ASCII without blanks
// and backslashes, labels of 1 to 63 characters, 253 in all; a dot at the end is allowed.
absl::Status CheckDnsName(std::string_view name);

// The bytes of a query. AD is set: "tell me if DNSSEC was validated" (RFC 6840, 5.7).
absl::StatusOr<std::string> FormatDnsQuery(const DnsQuery& query, uint16_t id);

// DataLoss says what is malformed: lengths beyond the end, names that point forward or are too
// long, record data that is not as its type demands, more than one question or OPT. Bytes after the
// last record are ignored. Also reads queries.
absl::StatusOr<DnsMessage> ParseDnsMessage(std::string_view bytes);

// Whether `bytes` begin as an answer to the query with these bytes does: same id, same question
// byte for byte. Servers that could not read the question may leave it out: that is an answer if it
// is an error other than NXDOMAIN. The rest may be cut off or malformed.
bool IsDnsAnswerTo(std::string_view query, std::string_view bytes);

// What the answer section says to the question: the CNAMEs from the name asked on, in order, and
// the records of the type asked at their end. Upper and lower case are the same.
struct DnsChain {
  std::vector<DnsRecord> aliases, records;
  std::optional<uint32_t> ttl_seconds;  // the least of them all; none: no records
};
DnsChain FollowDnsChain(const DnsMessage& message);
