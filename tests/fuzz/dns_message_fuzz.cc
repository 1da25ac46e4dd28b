#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/dns_message.h"
#include "common/dns_wire.h"
#include "common/utf8.h"

namespace {

void Demand(bool condition) {
  if (!condition) std::abort();
}

void CheckName(std::string_view name) {
  Demand(!name.empty() && name.size() <= 1003);
  for (char c : name) Demand(c > ' ' && c < '\x7f');
}

void CheckRecords(const std::vector<DnsRecord>& records) {
  for (auto& r : records) {
    CheckName(r.name);
    Demand(r.type != DnsType::kOpt && r.ttl_seconds <= INT32_MAX);
    bool name = r.type == DnsType::kNs || r.type == DnsType::kCname || r.type == DnsType::kPtr;
    if (name) CheckName(r.value);
    Demand(r.soa.has_value() == (r.type == DnsType::kSoa));
    if (r.soa) CheckName(r.soa->primary);
    Demand(r.texts.empty() || r.type == DnsType::kTxt);
  }
}

void CheckErrors(const DnsMessage& m) {
  Demand(m.errors.size() <= 16 && (m.edns || m.errors.empty()));
  for (auto& error : m.errors) {
    Demand(error.text.size() <= 256 && error.code >= 0 && error.code <= 65535);
    std::string_view rest = error.text;
    for (std::size_t n; !rest.empty(); rest.remove_prefix(n)) {
      n = Utf8Length(rest);
      Demand(n > 0 && static_cast<unsigned char>(rest[0]) >= ' ');
    }
  }
}

// A question that was read can be asked, and is then read as the same.
void CheckQuestion(const DnsMessage& m, std::string_view bytes) {
  if (!m.question) return;
  CheckName(m.question->name);
  auto query = FormatDnsQuery({*m.question}, m.id);
  if (!query.ok()) return;
  IsDnsAnswerTo(*query, bytes);
  auto again = ParseDnsMessage(*query);
  Demand(again.ok() && again->question && again->question->name == m.question->name);
  Demand(again->question->type == m.question->type && again->id == m.id);
}

}  // namespace

// What can be read keeps the limits of the manual; what is an answer to a query stays one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto m = ParseDnsMessage(bytes);
  if (m.ok()) {
    CheckRecords(m->answers);
    CheckRecords(m->authority);
    CheckRecords(m->additional);
    std::size_t kept = m->answers.size() + m->authority.size() + m->additional.size();
    Demand(kept <= 256);
    CheckErrors(*m);
    CheckQuestion(*m, bytes);
    DnsChain chain = FollowDnsChain(*m);
    Demand(chain.aliases.size() + chain.records.size() <= 2 * m->answers.size());
  }
  CheckDnsName(bytes).IgnoreError();
  IsDnsAnswerTo(bytes, bytes);
  return 0;
}
