#pragma once
// Invented evidence for the verdict on the Pi-holes, at times of the test's choosing.
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "exporters/pihole/verdict.h"

// The origin of all test times; also a wall-clock time, so that the two are easy to compare.
inline constexpr double kOrigin = 1'700'000'000;
inline Instant At(double seconds) { return Instant(FromSeconds(1'000'000 + seconds)); }
inline Now NowAt(double seconds) { return {At(seconds), kOrigin + seconds}; }

inline PiholesOptions ThreePiholes(std::vector<std::string> names = {"pihole1", "pihole2",
                                                                     "pihole3"}) {
  Fields fields = Fields::FromText("no file", "");
  PiholesOptions options = *ReadPiholes(fields);  // the default ones
  options.piholes.clear();
  for (auto& name : names) {
    PiholeOptions o;
    o.name = name;
    options.piholes.push_back(o);
  }
  options.drift.reference = names.empty() ? "" : names[0];
  return options;
}

// Outcomes by probe; all others passed.
using Outcomes = std::map<std::string, ProbeOutcome>;

inline bool IsAnswer(ProbeOutcome outcome) {
  using enum ProbeOutcome;
  return outcome != kTimeout && outcome != kConnectionRefused && outcome != kUnreachable &&
         outcome != kMalformed && outcome != kOurs;
}

// A look with all the default probes, of 2 ms.
inline PiholeEvidence Dns(double begin, const std::string& pihole, const Outcomes& outcomes = {}) {
  DnsLook look;
  look.pihole = pihole;
  for (auto& probe : DefaultProbes({})) {
    auto other = outcomes.find(probe.name);
    ProbeSeen seen;
    seen.probe = probe.name;
    seen.transport = probe.transport;
    seen.outcome = other == outcomes.end() ? ProbeOutcome::kPassed : other->second;
    seen.answered = IsAnswer(seen.outcome);
    seen.stale = seen.outcome == ProbeOutcome::kStale;
    seen.sent = 1;
    if (seen.answered) seen.seconds = 0.002;
    if (seen.answered) seen.ttl_seconds = 300;
    look.probes.push_back(seen);
  }
  return {{"dns " + pihole, At(begin), At(begin + 0.002)}, look};
}

// All probes end like this.
inline Outcomes Each(ProbeOutcome outcome) {
  Outcomes all;
  for (auto& probe : DefaultProbes({})) all[probe.name] = outcome;
  return all;
}

// A look of which nothing left this host.
inline PiholeEvidence Unsent(double begin, const std::string& pihole) {
  PiholeEvidence e = Dns(begin, pihole, Each(ProbeOutcome::kUnreachable));
  for (auto& seen : std::get<DnsLook>(e.seen).probes) {
    seen.unsent = true;
    seen.sent = 0;
  }
  return e;
}

inline PiholeEvidence Api(double end, const std::string& pihole, ApiState state,
                          std::optional<Blocking> blocking = {}) {
  auto snapshot = std::make_shared<ApiSnapshot>();
  if (blocking) {
    auto answer = std::make_shared<BlockingAnswer>();
    answer->blocking = *blocking;
    snapshot->blocking = {answer, At(end), std::chrono::seconds(15)};
  }
  return {{"api " + pihole, At(end - 0.01), At(end)}, ApiLook{pihole, state, {}, snapshot}};
}

// The page's lines with `text` in them.
inline std::vector<std::string> Lines(const Piholes& piholes, double at, const std::string& text) {
  Samples samples;
  piholes.Show(NowAt(at), samples);
  std::istringstream page(RenderPage({&samples}, Format::kText));
  std::vector<std::string> found;
  for (std::string line; std::getline(page, line);)
    if (!line.starts_with("#") && line.find(text) != line.npos) found.push_back(line);
  return found;
}
// "" if there is no such series, else the value as text.
inline std::string ValueOf(const Piholes& piholes, double at, const std::string& series) {
  for (auto& line : Lines(piholes, at, series + " ")) return line.substr(line.rfind(' ') + 1);
  return "";
}
