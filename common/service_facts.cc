#include <algorithm>
#include <array>
#include <fstream>

#include "absl/strings/str_format.h"

#include "common/facts.h"
#include "common/service.h"

namespace {

constexpr double kOpenAtMostSeconds = 600;
constexpr double kMaxAgoSeconds = 1e8;   // three years: fits into a Duration
constexpr double kMaxUnixSeconds = 1e11;
constexpr std::size_t kMaxText = 256;

// A number of the file, if it is one that makes sense.
std::optional<double> Within(JsonView json, double max) {
  auto number = json.Number();
  return number && *number >= 0 && *number <= max ? number : std::nullopt;
}

// Names the optional numbers of a fact once, for writing and for reading.
template <class Fact>
struct Number {
  const char* key;
  std::optional<double> Fact::*field;
};
constexpr Number<OutageFact> kOutageNumbers[] = {{"mid_seconds", &OutageFact::mid_seconds},
                                                 {"high_seconds", &OutageFact::high_seconds}};
constexpr Number<Loss> kLossNumbers[] = {
    {"lost_seconds", &Loss::seconds},
    {"lost_low_seconds", &Loss::low_seconds},
    {"lost_high_seconds", &Loss::high_seconds},
    {"lost_bytes", &Loss::bytes},
    {"lost_low_bytes", &Loss::low_bytes},
    {"lost_high_bytes", &Loss::high_bytes}};

template <class Fact, std::size_t N>
std::string WriteNumbers(const Fact& fact, const Number<Fact> (&numbers)[N]) {
  std::string out;
  for (auto& [key, field] : numbers)
    if (fact.*field) out += absl::StrFormat(",\"%s\":%.6f", key, *(fact.*field));
  return out;
}

template <class Fact, std::size_t N>
void ReadNumbers(JsonView json, const Number<Fact> (&numbers)[N], Fact& fact) {
  for (auto& [key, field] : numbers) fact.*field = Within(json[key], 1e18);
}

std::string Text(JsonView json) {
  return std::string(json.String().value_or("").substr(0, kMaxText));
}

std::string Write(const OutageFact& f) {
  return absl::StrFormat(
      "{\"start\":%.6f,\"end\":%.6f,\"low_seconds\":%.6f,\"end_unknown\":%s%s}",
      f.start_unix_seconds, f.end_unix_seconds, f.low_seconds, f.end_unknown ? "true" : "false",
      WriteNumbers(f, kOutageNumbers));
}

std::string Write(const FailoverFact& f) {
  return absl::StrFormat("{\"at\":%.6f,\"from\":%s,\"to\":%s,\"kind\":%s%s}", f.unix_seconds,
                         JsonQuote(f.from), JsonQuote(f.to), JsonQuote(f.kind),
                         WriteNumbers(f.loss, kLossNumbers));
}

// The newest of `list`.
template <class List>
std::string WriteList(const List& list, std::size_t most) {
  std::string out;
  for (auto item = list.end() - static_cast<std::ptrdiff_t>(std::min(most, list.size()));
       item != list.end(); ++item)
    out += (out.empty() ? "" : ",") + Write(*item);
  return "[" + out + "]";
}

std::optional<OutageFact> ReadOutage(JsonView j) {
  auto start = Within(j["start"], kMaxUnixSeconds), end = Within(j["end"], kMaxUnixSeconds);
  auto low = Within(j["low_seconds"], kMaxUnixSeconds);
  if (!start || !end || !low || *end < *start) return std::nullopt;
  OutageFact f{*start, *end, *low, {}, {}, j["end_unknown"].Bool().value_or(false)};
  ReadNumbers(j, kOutageNumbers, f);
  return f;
}

std::optional<FailoverFact> ReadFailover(JsonView j) {
  auto at = Within(j["at"], kMaxUnixSeconds);
  if (!at) return std::nullopt;
  FailoverFact f;
  f.unix_seconds = *at;
  f.from = Text(j["from"]);
  f.to = Text(j["to"]);
  f.kind = Text(j["kind"]);
  ReadNumbers(j, kLossNumbers, f.loss);
  return f;
}

// The last kKeptFacts of the list that can be read.
template <class Fact>
void ReadList(JsonView list, std::optional<Fact> (*read)(JsonView), std::deque<Fact>& facts) {
  facts.clear();
  for (JsonView item : list.Items()) {
    if (auto fact = read(item)) facts.push_back(std::move(*fact));
    if (facts.size() > kKeptFacts) facts.pop_front();
  }
}

const std::string& BootId() {
  static const std::string id = [] {
    std::string line;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), line);
    return line;
  }();
  return id;
}

double BootSeconds(const Now& now) { return Seconds(now.at.time_since_epoch()); }

// Seconds since the facts were written; absent when the wall clock has to tell and went back.
std::optional<double> Age(JsonView facts, const Now& now) {
  bool same_boot = !BootId().empty() && Text(facts["boot_id"]) == BootId();
  auto saved = facts[same_boot ? "saved_boot_seconds" : "saved_unix_seconds"].Number();
  double age = (same_boot ? BootSeconds(now) : now.unix_seconds) - saved.value_or(1e300);
  if (age < 0) return std::nullopt;
  return age;
}

}  // namespace

std::string Service::Facts(const Now& now, std::size_t most) const {
  std::string open = "null";
  auto ago = [&](Instant t) { return std::max(0.0, Seconds(now.at - t)); };
  if (auto& o = watch_.open()) {
    open = absl::StrFormat("{\"first_fail_ago\":%.6f,\"last_fail_ago\":%.6f", ago(o->first_fail),
                           ago(o->last_fail));
    if (o->last_ok) open += absl::StrFormat(",\"last_ok_ago\":%.6f", ago(*o->last_ok));
    open += absl::StrFormat(",\"start\":%.6f}", open_start_unix_seconds_);
  }
  return absl::StrFormat(
      "{\"service\":%s,\"scope\":%s,\"holder\":%s,\"open\":%s,\n\"outages\":%s,\n\"failovers\":%s}",
      JsonQuote(options_.service), JsonQuote(options_.scope), JsonQuote(last_holder_), open,
      WriteList(outages_, most), WriteList(failovers_, most));
}

void Service::Restore(JsonView facts, std::optional<double> age_seconds, const Now& now) {
  ReadList(facts["outages"], ReadOutage, outages_);
  ReadList(facts["failovers"], ReadFailover, failovers_);
  last_holder_ = Text(facts["holder"]);
  counted_from_ = now.at;
  JsonView open = facts["open"];
  auto first = Within(open["first_fail_ago"], kMaxAgoSeconds);
  auto last = Within(open["last_fail_ago"], kMaxAgoSeconds);
  auto ok = Within(open["last_ok_ago"], kMaxAgoSeconds);
  auto start = Within(open["start"], kMaxUnixSeconds);
  if (!first || !last || !start || (ok && *ok < std::max(*first, *last))) return;
  if (!age_seconds || *age_seconds > kOpenAtMostSeconds) {
    double low = std::max(0.0, *first - *last);
    return outages_.push_back({*start, *start + low, low, {}, {}, true});
  }
  auto instant = [&](double ago) { return now.at - FromSeconds(ago + *age_seconds); };
  watch_.Resume({ok ? std::optional(instant(*ok)) : std::nullopt, instant(*first), instant(*last),
                 std::nullopt});
  open_start_unix_seconds_ = *start;
}

std::string FactsFile(const std::vector<const Service*>& services, const Now& now,
                      const std::vector<std::pair<std::string, std::string>>& more) {
  std::string rest;
  for (auto& [name, json] : more) rest += ",\n" + JsonQuote(name) + ":" + json;
  for (std::size_t most = kKeptFacts;; most /= 2) {
    std::string list;
    for (auto* service : services) list += (list.empty() ? "" : ",\n") + service->Facts(now, most);
    std::string file = absl::StrFormat(
        "{\"version\":1,\"boot_id\":%s,\"saved_boot_seconds\":%.6f,\"saved_unix_seconds\":%.6f,\n"
        "\"services\":[%s]%s}\n",
        JsonQuote(BootId()), BootSeconds(now), now.unix_seconds, list, rest);
    if (file.size() <= kMaxFactsBytes || most == 0) return file;
  }
}

absl::Status RestoreFacts(const std::string& facts, const Now& now,
                          const std::vector<Service*>& services) {
  auto json = Json::Parse(facts);
  if (!json.ok()) return json.status();
  if (json->view()["version"].Integer() != 1)
    return absl::InvalidArgumentError("facts of an unknown version");
  auto age = Age(json->view(), now);
  for (JsonView saved : json->view()["services"].Items())
    for (Service* service : services)
      if (Text(saved["service"]) == service->options().service &&
          Text(saved["scope"]) == service->options().scope)
        service->Restore(saved, age, now);
  return absl::OkStatus();
}
