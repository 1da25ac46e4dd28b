#include "exporters/pihole/chaos.h"

#include <algorithm>
#include <charconv>

namespace {

constexpr std::size_t kMaxUpstreams = 32, kMaxText = 64;
constexpr char kUpstreams[] = "servers.bind", kVersion[] = "version.ftl";

// The counters that are one number.
struct Counter {
  const char* name;
  std::optional<long long> ChaosCounters::*field;
};
constexpr Counter kCounters[] = {
    {"hits.bind", &ChaosCounters::hits},
    {"misses.bind", &ChaosCounters::misses},
    {"insertions.bind", &ChaosCounters::insertions},
    {"evictions.bind", &ChaosCounters::evictions},
    {"cachesize.bind", &ChaosCounters::cache_size},
};

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// The whole text as a number that is not negative.
std::optional<long long> ToNumber(std::string_view text) {
  long long number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return {};
  return number;
}

// The strings of the TXT record that the answer is; none if it is no such answer.
std::vector<std::string> TextsOf(const DnsOutcome& outcome) {
  if (!outcome.answer.ok() || outcome.answer->message.rcode != kRcodeNoError) return {};
  for (auto& record : outcome.answer->message.answers)
    if (record.type == DnsType::kTxt && record.dns_class == DnsClass::kChaos) return record.texts;
  return {};
}

// None if any entry is malformed: a part of them would look like all.
std::optional<std::vector<UpstreamCounters>> TakeUpstreams(const std::vector<std::string>& texts) {
  std::vector<UpstreamCounters> all;
  for (auto& text : texts) {
    if (text.empty() || all.size() == kMaxUpstreams) continue;
    auto upstream = ParseServersBind(text);
    if (!upstream) return {};
    auto same = std::find_if(all.begin(), all.end(),
                             [&](auto& u) { return u.upstream == upstream->upstream; });
    if (same == all.end()) all.push_back(std::move(*upstream));
  }
  if (texts.empty()) return {};
  return all;
}

}  // namespace

std::optional<UpstreamCounters> ParseServersBind(std::string_view text) {
  std::size_t first = text.find(' '), second = text.rfind(' ');
  if (first == text.npos || first == second || first == 0 || first > kMaxText) return {};
  std::string_view upstream = text.substr(0, first);
  std::size_t hash = upstream.rfind('#');
  auto sent = ToNumber(text.substr(first + 1, second - first - 1));
  auto failed = ToNumber(text.substr(second + 1));
  if (hash == upstream.npos || hash == 0 || !ToNumber(upstream.substr(hash + 1)) ||
      !IsPlain(upstream) || !sent || !failed)
    return {};
  return UpstreamCounters{std::string(upstream), *sent, *failed};
}

std::vector<DnsQuery> ChaosQueries() {
  std::vector<DnsQuery> queries;
  auto ask = [&](const char* name) {
    queries.push_back({{name, DnsType::kTxt, DnsClass::kChaos}});
  };
  for (auto& counter : kCounters) ask(counter.name);
  ask(kUpstreams);
  ask(kVersion);
  return queries;
}

ChaosCounters TakeChaosAnswers(const std::vector<DnsOutcome>& outcomes) {
  ChaosCounters counters;
  if (outcomes.size() != std::size(kCounters) + 2) return counters;
  std::size_t i = 0;
  for (auto& counter : kCounters) {
    auto texts = TextsOf(outcomes[i++]);
    if (texts.size() == 1) counters.*counter.field = ToNumber(texts[0]);
  }
  counters.upstreams = TakeUpstreams(TextsOf(outcomes[i++]));
  auto version = TextsOf(outcomes[i]);
  if (version.size() == 1 && !version[0].empty() && version[0].size() <= kMaxText &&
      IsPlain(version[0]))
    counters.version = version[0];
  return counters;
}
