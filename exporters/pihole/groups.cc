#include "exporters/pihole/groups.h"

#include <functional>

#include "exporters/pihole/api_eye.h"
#include "exporters/pihole/api_poll.h"
#include "exporters/pihole/config.h"
#include "exporters/pihole/dns_eye.h"

namespace {

constexpr char kGroup[] = "piholes";

using BoardPointer = std::shared_ptr<PiholesBoard>;

std::string Part(const std::string& text) { return text + '\0'; }
std::string Part(long long number) { return Part(std::to_string(number)); }
// Not spelled out: fingerprints are compared only.
std::string SecretPart(const std::string& secret) {
  return Part(static_cast<long long>(std::hash<std::string>()(secret)));
}

std::string Fingerprint(const DnsServer& server, const std::vector<ProbeOptions>& probes,
                        const PollIntervals& intervals) {
  std::string out = Part(server.host) + Part(server.port) + Part(intervals.dns.count()) +
                    Part(intervals.chaos.count());
  for (auto& p : probes)
    out += Part(p.name) + Part(p.query) + Part(static_cast<int>(p.type)) +
           Part(static_cast<int>(p.transport)) + Part(static_cast<int>(p.expect)) +
           Part(p.address) + Part(static_cast<int>(p.blocked_as.value_or(ProbeOutcome::kPassed))) +
           Part(p.mandatory) + Part(p.interval.count()) + Part(p.timeout.count());
  return out;
}

std::string Fingerprint(const ApiOptions& api, const PollIntervals& intervals,
                        const DriftOptions& drift) {
  std::string out = Part(static_cast<int>(api.mode)) + Part(api.url) + SecretPart(api.password) +
                    Part(api.password_file) + SecretPart(api.token) + Part(api.token_file) +
                    Part(api.host_header) + Part(api.ca_file) + Part(api.server_name) +
                    Part(api.skip_verification) + Part(api.timeout.count());
  for (Duration d : {intervals.fast, intervals.slow, intervals.rare, intervals.drift})
    out += Part(d.count());
  for (auto& component : drift.components) out += Part(component);
  return out + Part(drift.max_domain_rules) + Part(drift.include_comments);
}

Target MakeTarget(std::string kind, const std::string& name, std::string fingerprint,
                  Duration look_deadline, std::unique_ptr<Collector> collector) {
  Target t;
  t.kind = std::move(kind);
  t.name = name;
  t.fingerprint = std::move(fingerprint);
  t.collects = false;
  t.look_deadline = look_deadline;
  t.collector = std::move(collector);
  return t;
}

std::vector<Target> TargetsOf(const BoardPointer& board) {
  const PiholesOptions all = board->With([](const Piholes& p) { return p.options(); });
  std::vector<Target> targets;
  for (auto& pihole : all.piholes) {
    targets.push_back(MakeTarget("pihole_dns", pihole.name,
                                 Fingerprint(pihole.dns, all.probes, all.intervals),
                                 DnsLookDeadline(all.probes),
                                 std::make_unique<DnsEye>(board, pihole, all)));
    if (pihole.api.mode == ApiMode::kOff) continue;
    targets.push_back(MakeTarget("pihole_api", pihole.name,
                                 Fingerprint(pihole.api, all.intervals, all.drift),
                                 ApiPoll::LookDeadline(pihole.api),
                                 MakeApiEye(board, pihole, all)));
  }
  return targets;
}

}  // namespace

absl::StatusOr<std::vector<Group>> LoadPiholes(Fields& config, const std::vector<Group>& running) {
  auto options = ReadPiholes(config);
  if (!options.ok()) return options.status();
  auto board = RunningBoard<PiholesBoard>(running, kGroup);
  if (board) board->With([&](Piholes& piholes) { piholes.Configure(*std::move(options)); });
  else board = std::make_shared<PiholesBoard>(Piholes(*std::move(options)));
  return std::vector<Group>{{kGroup, board, [board] { return TargetsOf(board); }}};
}
