#include "common/dns_message.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/str_format.h"

#include "common/dns_wire.h"
#include "common/utf8.h"

namespace {

constexpr unsigned kExtendedErrorOption = 15;
constexpr std::size_t kMaxErrors = 16, kMaxErrorText = 256;

// The start of a record, before its data.
struct Head {
  std::string name;
  DnsType type{};
  unsigned dns_class = 0;
  uint32_t ttl = 0;
  std::size_t size = 0;
};

Head ReadHead(DnsReader& r) {
  Head head;
  head.name = r.Name();
  head.type = static_cast<DnsType>(r.U16());
  head.dns_class = r.U16();
  head.ttl = r.U32();
  head.size = r.U16();
  return head;
}

// Whether a character of UTF-8 is C0, DEL or C1.
bool IsControl(std::string_view c) {
  if (c.size() == 1) return static_cast<unsigned char>(c[0]) < ' ' || c[0] == '\x7f';
  return c[0] == '\xC2' && static_cast<unsigned char>(c[1]) < 0xA0;
}

// Servers may end the text with a zero byte.
std::string CleanText(std::string_view s) {
  while (!s.empty() && s.back() == '\0') s.remove_suffix(1);
  std::string text;
  while (!s.empty()) {
    std::size_t n = Utf8Length(s);
    std::string_view c = n == 0 ? kReplacement : IsControl(s.substr(0, n)) ? " " : s.substr(0, n);
    if (text.size() + c.size() > kMaxErrorText) break;
    text += c;
    s.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return text;
}

void ReadOption(DnsReader& r, DnsMessage& m) {
  unsigned code = r.U16();
  std::string_view data = r.Bytes(r.U16());
  if (code != kExtendedErrorOption || m.errors.size() >= kMaxErrors) return;
  DnsReader option(data);
  int info = option.U16();
  if (!option.defect().empty()) return r.Fail("an extended error without a code");
  m.errors.push_back({info, CleanText(data.substr(option.at()))});
}

// RFC 6891, 6.1.2: the fields of the record have meanings of their own.
void ReadOpt(DnsReader& r, const Head& head, DnsMessage& m) {
  if (m.edns) return r.Fail("there is more than one OPT record");
  m.edns = true;
  m.rcode |= static_cast<int>(head.ttl >> 24) << 4;
  std::size_t end = r.at() + head.size;
  while (r.at() < end && r.defect().empty()) ReadOption(r, m);
}

std::string ReadAddress(DnsReader& r, int family, std::size_t size) {
  std::string_view bytes = r.Bytes(size);
  char text[INET6_ADDRSTRLEN] = "";
  if (bytes.size() == size) inet_ntop(family, bytes.data(), text, sizeof text);
  return text;
}

DnsSoa ReadSoa(DnsReader& r) {
  DnsSoa soa;
  soa.primary = r.Name();
  soa.mailbox = r.Name();
  for (uint32_t* field : {&soa.serial, &soa.refresh_seconds, &soa.retry_seconds,
                          &soa.expire_seconds, &soa.minimum_seconds})
    *field = r.U32();
  return soa;
}

void ReadData(DnsReader& r, std::size_t size, DnsRecord& record) {
  std::size_t end = r.at() + size;
  bool internet = record.dns_class == DnsClass::kInternet;
  switch (record.type) {
    case DnsType::kA:
      if (internet) record.value = ReadAddress(r, AF_INET, 4);
      break;
    case DnsType::kAaaa:
      if (internet) record.value = ReadAddress(r, AF_INET6, 16);
      break;
    case DnsType::kCname:
    case DnsType::kNs:
    case DnsType::kPtr:
      record.value = r.Name();
      return;
    case DnsType::kTxt:
      while (r.at() < end && r.defect().empty()) record.texts.emplace_back(r.Bytes(r.U8()));
      return;
    case DnsType::kSoa:
      record.soa = ReadSoa(r);
      return;
    default:
      break;
  }
  if (record.value.empty()) record.data = r.Bytes(size);
}

// Reads a record, OPT or not, to its very end.
void ReadRecord(DnsReader& r, std::vector<DnsRecord>& records, int& kept, DnsMessage& m) {
  Head head = ReadHead(r);
  std::size_t end = r.at() + head.size;
  if (head.type == DnsType::kOpt) {
    if (&records != &m.additional) return r.Fail("an OPT record in the wrong section");
    ReadOpt(r, head, m);
  } else {
    DnsRecord record;
    record.name = head.name;
    record.type = head.type;
    record.dns_class = static_cast<DnsClass>(head.dns_class);
    record.ttl_seconds = head.ttl >> 31 != 0 ? 0 : head.ttl;
    ReadData(r, head.size, record);
    if (kept < kMaxDnsRecords) records.push_back(std::move(record));
    ++kept;
  }
  if (r.at() != end) r.Fail("the data of a record has the wrong length");
}

void ReadFlags(unsigned flags, DnsMessage& m) {
  m.response = flags & 0x8000;
  m.truncated = flags & 0x0200;
  m.recursion_desired = flags & 0x0100;
  m.rcode = static_cast<int>(flags & 0xF);
}

DnsQuestion ReadQuestion(DnsReader& r) {
  DnsQuestion question;
  question.name = r.Name();
  question.type = static_cast<DnsType>(r.U16());
  question.dns_class = static_cast<DnsClass>(r.U16());
  return question;
}

bool SameName(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// The first CNAME of the name; null if it has none.
const DnsRecord* AliasOf(const std::string& name, const DnsMessage& message) {
  for (auto& r : message.answers)
    if (r.type == DnsType::kCname && SameName(r.name, name)) return &r;
  return nullptr;
}

}  // namespace

absl::StatusOr<DnsMessage> ParseDnsMessage(std::string_view bytes) {
  if (bytes.size() > kMaxDnsMessage) return absl::DataLossError("it is longer than 64 KiB");
  DnsReader r(bytes);
  DnsMessage m;
  m.id = r.U16();
  ReadFlags(r.U16(), m);
  unsigned questions = r.U16();
  unsigned counts[3] = {r.U16(), r.U16(), r.U16()};
  if (questions > 1) r.Fail("there is more than one question");
  if (questions == 1) m.question = ReadQuestion(r);
  std::vector<DnsRecord>* sections[3] = {&m.answers, &m.authority, &m.additional};
  int kept = 0;
  for (int i = 0; i < 3; ++i)
    for (unsigned n = counts[i]; n > 0 && r.defect().empty(); --n)
      ReadRecord(r, *sections[i], kept, m);
  if (!r.defect().empty()) return absl::DataLossError(std::string(r.defect()));
  return m;
}

DnsChain FollowDnsChain(const DnsMessage& message) {
  DnsChain chain;
  if (!message.question) return chain;
  DnsType type = message.question->type;
  std::string name = message.question->name;
  auto ends_here = [&](const DnsRecord& r) {
    return (r.type == type || type == DnsType::kAny) && SameName(r.name, name);
  };
  while (chain.aliases.size() < message.answers.size()) {
    std::copy_if(message.answers.begin(), message.answers.end(),
                 std::back_inserter(chain.records), ends_here);
    const DnsRecord* alias = chain.records.empty() ? AliasOf(name, message) : nullptr;
    if (alias == nullptr) break;
    chain.aliases.push_back(*alias);
    name = alias->value;
  }
  for (auto* records : {&chain.aliases, &chain.records})
    for (auto& r : *records)
      chain.ttl_seconds = std::min(chain.ttl_seconds.value_or(UINT32_MAX), r.ttl_seconds);
  return chain;
}
