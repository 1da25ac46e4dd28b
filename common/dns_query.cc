#include <algorithm>

#include "absl/strings/str_format.h"

#include "common/dns_message.h"
#include "common/dns_wire.h"

namespace {

constexpr std::size_t kHeader = 12;
// What every path takes in one piece: the advice of DNS Flag Day 2020.
constexpr std::size_t kUdpSize = 1232;

struct Entry { int number; std::string_view name; };
constexpr Entry kTypes[] = {
    {1, "A"},     {2, "NS"},    {5, "CNAME"}, {6, "SOA"},   {12, "PTR"},
    {15, "MX"},   {16, "TXT"},  {28, "AAAA"}, {33, "SRV"},  {41, "OPT"},
    {64, "SVCB"}, {65, "HTTPS"}, {255, "ANY"}, {257, "CAA"}};

absl::Status BadName(std::string_view name, const char* why) {
  return absl::InvalidArgumentError(absl::StrFormat("'%s' is not a domain name: %s", name, why));
}

bool IsPlain(char c) { return c > ' ' && c < '\x7f' && c != '\\'; }

unsigned Byte(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

}  // namespace

std::string DnsTypeName(DnsType type) {
  for (auto& e : kTypes)
    if (e.number == static_cast<int>(type)) return std::string(e.name);
  return absl::StrFormat("TYPE%d", static_cast<int>(type));
}

std::optional<DnsType> ParseDnsType(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  for (auto& e : kTypes)
    if (e.name == upper) return static_cast<DnsType>(e.number);
  return std::nullopt;
}

absl::Status CheckDnsName(std::string_view name) {
  if (name == ".") return absl::OkStatus();
  std::string_view rest = name.substr(0, name.size() - name.ends_with('.'));
  if (rest.size() + 2 > kMaxDnsName) return BadName(name, "it is longer than 253 characters");
  if (!std::all_of(rest.begin(), rest.end(), IsPlain)) {
    return BadName(name, "only printable ASCII without blanks and backslashes can be asked for");
  }
  while (true) {
    std::size_t size = std::min(rest.find('.'), rest.size());
    if (size == 0) return BadName(name, "a label is empty");
    if (size > kMaxDnsLabel) return BadName(name, "a label is longer than 63 characters");
    if (size == rest.size()) return absl::OkStatus();
    rest.remove_prefix(size + 1);
  }
}

absl::StatusOr<std::string> FormatDnsQuery(const DnsQuery& query, uint16_t id) {
  const DnsQuestion& question = query.question;
  if (auto status = CheckDnsName(question.name); !status.ok()) return status;
  std::string wire;
  AppendU16(wire, id);
  AppendU16(wire, query.recursion_desired ? 0x0120 : 0x0020);
  for (std::size_t count : {1, 0, 0, query.edns ? 1 : 0}) AppendU16(wire, count);
  AppendDnsName(wire, question.name);
  AppendU16(wire, static_cast<std::size_t>(question.type));
  AppendU16(wire, static_cast<std::size_t>(question.dns_class));
  if (!query.edns) return wire;
  AppendDnsName(wire, ".");
  AppendU16(wire, static_cast<std::size_t>(DnsType::kOpt));
  AppendU16(wire, kUdpSize);
  for (int i = 0; i < 3; ++i) AppendU16(wire, 0);  // rcode and version, flags, no options
  return wire;
}

bool IsDnsAnswerTo(std::string_view query, std::string_view bytes) {
  if (query.size() < kHeader || bytes.size() < kHeader) return false;
  bool answers = bytes.substr(0, 2) == query.substr(0, 2) && (Byte(bytes, 2) & 0xF8) == 0x80;
  if (!answers) return false;
  unsigned questions = Byte(bytes, 4) << 8 | Byte(bytes, 5);
  int rcode = static_cast<int>(Byte(bytes, 3) & 0xF);
  if (questions == 0) return rcode != kRcodeNoError && rcode != kRcodeNxDomain;
  std::size_t question = query.find('\0', kHeader) + 5 - kHeader;  // root, type, class
  return questions == 1 &&
         bytes.substr(kHeader, question) == query.substr(kHeader, question);
}
