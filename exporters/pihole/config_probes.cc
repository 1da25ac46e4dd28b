#include "exporters/pihole/config_probes.h"

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
  probe.address = fields.String("address");
  if (!probe.address.empty() && probe.expect != ProbeExpectation::kAddress)
    fields.Error("address", "only where an address is expected");
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
  bool resolves = false;
  for (Fields& item : fields.Maps("probes")) {
    probes.push_back(ReadProbe(item, interval));
    const ProbeOptions& probe = probes.back();
    if (!probe.name.empty() && !names.insert(probe.name).second)
      item.Error("name", "probe '" + probe.name + "' is given twice");
    resolves |= probe.mandatory && probe.expect != ProbeExpectation::kBlocked;
  }
  if (!resolves)
    fields.Error("probes", "needs one that is mandatory and does not expect 'blocked'");
  if (probes.size() > kMaxProbes) fields.Error("probes", "more than 32");
  return probes;
}
