#include "exporters/pihole/config_probes.h"

#include <arpa/inet.h>

#include <algorithm>
#include <set>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMaxProbes = 32;

template <class Value, std::size_t N>
Value OneOf(Fields& fields, std::string_view key, Value or_else, const char* what,
            const std::pair<std::string_view, Value> (&values)[N]) {
  if (!fields.Has(key)) return or_else;
  std::string text = fields.String(key);
  for (auto& [name, value] : values)
    if (text == name) return value;
  fields.Error(key, std::string("not ") + what + ": '" + text + "'");
  return or_else;
}

constexpr std::pair<std::string_view, ProbeExpectation> kExpectations[] = {
    {"address", ProbeExpectation::kAddress},
    {"blocked", ProbeExpectation::kBlocked},
    {"nxdomain", ProbeExpectation::kNxdomain},
    {"answer", ProbeExpectation::kAnswer}};
constexpr std::pair<std::string_view, DnsTransport> kTransports[] = {
    {"udp", DnsTransport::kUdp}, {"tcp", DnsTransport::kTcp}};

void ReadType(Fields& fields, ProbeOptions& probe) {
  auto type = ParseDnsType(fields.String("type", "A"));
  if (type) probe.type = *type;
  else fields.Error("type", "not a type of record: '" + fields.String("type") + "' (like AAAA)");
  bool addresses = probe.type == DnsType::kA || probe.type == DnsType::kAaaa;
  if (type && !addresses && probe.expect == ProbeExpectation::kAddress)
    fields.Error("type", "an address is expected: A or AAAA");
}

// An address of the probe's type, as answers have it; "" with an error if it is none.
std::string ReadAddress(Fields& fields, std::string_view key, const ProbeOptions& probe,
                        const char* what) {
  const std::string text = fields.String(key);
  const int family = probe.type == DnsType::kAaaa ? AF_INET6 : AF_INET;
  unsigned char bytes[16];
  char plain[INET6_ADDRSTRLEN];
  if (inet_pton(family, text.c_str(), bytes) == 1)
    return inet_ntop(family, bytes, plain, sizeof plain);
  fields.Error(key, std::string("not ") + what + " for a question of type " +
                        DnsTypeName(probe.type) + ": '" + text + "'");
  return "";
}

void ReadExpected(Fields& fields, ProbeOptions& probe) {
  if (fields.Has("address")) {
    if (probe.expect != ProbeExpectation::kAddress)
      fields.Error("address", "only where an address is expected");
    else probe.address = ReadAddress(fields, "address", probe, "an address");
  }
  if (!fields.Has("blocked_as")) return;
  const std::string as = fields.String("blocked_as");
  if (probe.expect != ProbeExpectation::kBlocked)
    fields.Error("blocked_as", "only where 'blocked' is expected");
  else if (as == "nxdomain") probe.blocked_as = ProbeOutcome::kNxdomain;
  else if (as == "nodata") probe.blocked_as = ProbeOutcome::kNodata;
  else probe.address = ReadAddress(fields, "blocked_as", probe, "nxdomain, nodata or an address");
}

ProbeOptions ReadProbe(Fields& fields, Duration interval) {
  ProbeOptions probe;
  probe.name = fields.Required("name");
  probe.query = fields.Required("query");
  auto name = CheckDnsName(QueryOf(probe).question.name);
  if (!probe.query.empty() && !name.ok()) fields.Error("query", std::string(name.message()));
  probe.expect = OneOf(fields, "expect", ProbeExpectation::kAddress,
                       "address, blocked, nxdomain or answer", kExpectations);
  probe.transport = OneOf(fields, "transport", DnsTransport::kUdp, "udp or tcp", kTransports);
  ReadType(fields, probe);
  ReadExpected(fields, probe);
  probe.mandatory = fields.Bool("mandatory", false);
  probe.interval = fields.Time("interval", interval, 1s, 24h);
  if (probe.mandatory && fields.Has("interval"))
    fields.Error("interval", "a mandatory probe goes with every look: set intervals.dns");
  const bool tcp = probe.transport == DnsTransport::kTcp;
  probe.timeout = fields.Time("timeout", tcp ? 2s : 1s, 50ms, 10s);
  return probe;
}

}  // namespace

std::vector<ProbeOptions> ReadProbes(Fields& fields, Duration interval) {
  if (!fields.Has("probes")) return DefaultProbes(interval);
  std::vector<ProbeOptions> probes;
  std::set<std::string> names;
  bool resolves = false, blocks = false;
  for (Fields& item : fields.Maps("probes")) {
    probes.push_back(ReadProbe(item, interval));
    const ProbeOptions& probe = probes.back();
    if (!probe.name.empty() && !names.insert(probe.name).second)
      item.Error("name", "probe '" + probe.name + "' is given twice");
    resolves |= probe.mandatory && probe.expect == ProbeExpectation::kAddress;
    blocks |= probe.mandatory && probe.expect == ProbeExpectation::kBlocked;
  }
  if (!resolves) fields.Error("probes", "needs one that is mandatory and expects an address");
  if (!blocks) fields.Error("probes", "needs one that is mandatory and expects 'blocked'");
  if (probes.size() > kMaxProbes) fields.Error("probes", "more than 32");
  return probes;
}
