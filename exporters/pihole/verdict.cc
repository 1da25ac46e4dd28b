// What comes in: looks over DNS, polls of the API, seats.
#include "exporters/pihole/verdict.h"

#include <algorithm>

#include "absl/strings/str_format.h"

#include "common/self.h"
#include "exporters/pihole/dns_eye.h"

namespace {

constexpr std::size_t kMaxSid = 256;

ServiceOptions ToServiceOptions(const PiholesOptions& all, const std::string& scope,
                                const std::string& essence) {
  ServiceOptions s;
  s.service = "dns";
  s.scope = scope;
  s.essence = essence;
  s.rto_objective_seconds = all.objectives.rto_seconds;
  s.look_interval_seconds = Seconds(all.intervals.dns);
  s.patience_seconds = Seconds(3 * all.intervals.dns + DnsLookDeadline(all.probes));
  s.fall = s.rise = 2;
  s.has_holder = false;
  return s;
}

ServiceOptions OfOne(const PiholesOptions& all, const std::string& name) {
  return ToServiceOptions(all, name, "DNS that resolves and blocks");
}
ServiceOptions OfAll(const PiholesOptions& all) {
  return ToServiceOptions(all, "all", "a Pi-hole that resolves and blocks");
}

}  // namespace

Piholes::Piholes(PiholesOptions options) : all_(OfAll(options)), installation_(OwnLetters()) {
  if (installation_.empty()) installation_ = RandomLetters();
  Configure(std::move(options));
}

void Piholes::Configure(PiholesOptions options) {
  options_ = std::move(options);
  std::map<std::string, Watched> piholes;
  std::set<std::string> eyes;
  for (auto& o : options_.piholes) {
    auto known = piholes_.find(o.name);
    Watched watched = known == piholes_.end()
                          ? Watched{Service(OfOne(options_, o.name)), {}, {}, {}, false, {}, 0}
                          : std::move(known->second);
    watched.service.Configure(OfOne(options_, o.name));
    watched.dns.Configure(options_.probes, options_.intervals.chaos);
    watched.api.Configure(o.api.mode != ApiMode::kOff, options_.intervals.fast);
    piholes.emplace(o.name, std::move(watched));
    eyes.insert(o.name);
  }
  piholes_ = std::move(piholes);
  std::erase_if(seats_, [&](auto& seat) { return !piholes_.count(seat.first); });
  drift_.Keep(eyes, options_.drift);
  all_.Configure(OfAll(options_));
  sweep_.SetCandidates(std::move(eyes));
  ++targets_revision_;
}

Piholes::Watched* Piholes::Find(const std::string& pihole) {
  auto found = piholes_.find(pihole);
  return found == piholes_.end() ? nullptr : &found->second;
}

void Piholes::Step(const PiholeEvidence& e, const Now& now) {
  // The first evidence makes the name of the installation last.
  if (!saved_) ++own_facts_revision_;
  saved_ = true;
  if (auto* dns = std::get_if<DnsLook>(&e.seen)) {
    if (Watched* watched = Find(dns->pihole)) Step(e, *dns, *watched, now);
  } else if (auto* api = std::get_if<ApiLook>(&e.seen)) {
    Watched* watched = Find(api->pihole);
    if (watched == nullptr) return;
    watched->api.Step(*api, e.end, now);
    watched->cache.Step(api->snapshot->replies);
    drift_.Step(api->pihole, api->snapshot->config, options_.drift.reference, now);
    NoteState(*watched, now);
  } else if (auto* seat = std::get_if<SeatLook>(&e.seen)) {
    if (Find(seat->pihole) == nullptr) return;
    auto kept = seats_.find(seat->pihole);
    const bool same_url = kept != seats_.end() && kept->second.url == seat->url;
    // An eye that leaves gave back its own, not that of the one that follows it.
    if (seat->sid.empty() ? !same_url : same_url && kept->second.sid == seat->sid) return;
    seats_[seat->pihole] = {seat->url, seat->sid};
    ++own_facts_revision_;
  }
}

DnsLook Piholes::Judged(const DnsLook& look, Watched& watched, const Now& now) {
  DnsLook judged = look;
  watched.unsent = std::all_of(look.probes.begin(), look.probes.end(),
                               [](auto& seen) { return seen.unsent; });
  if (!std::all_of(piholes_.begin(), piholes_.end(), [](auto& p) { return p.second.unsent; }))
    return judged;
  for (auto& seen : judged.probes) seen.outcome = ProbeOutcome::kOurs;
  for (auto& [name, each] : piholes_) {
    each.dns.ForgetUnsent();  // the first of them to notice was taken for down
    NoteState(each, now);
  }
  return judged;
}

void Piholes::Step(const PiholeEvidence& e, const DnsLook& seen, Watched& watched,
                   const Now& now) {
  const DnsLook look = Judged(seen, watched, now);
  watched.dns.Step(look, e.begin, e.end, now);
  if (look.chaos)
    watched.cache.Step(*look.chaos, e.end, options_.intervals.chaos,
                       watched.api.snapshot().replies);
  const Attempt attempt{watched.dns.Filters(look), e.begin, e.end};
  watched.service.Attempted(attempt, now);
  watched.service.Looked(e.end);
  if (auto of_all = sweep_.Add(look.pihole, attempt)) {
    all_.Attempted(*of_all, now);
    all_.Looked(of_all->end);
  }
  NoteState(watched, now);
  troubled_ = std::any_of(piholes_.begin(), piholes_.end(),
                          [&](auto& item) { return item.second.dns.Hurries(now.at); });
}

std::optional<PiholeState> Piholes::StateOfWatched(const Watched& watched, Instant now) const {
  StateFacts facts = watched.dns.Known(now);
  // What the API said before the silence says nothing about it.
  auto silent = watched.dns.silent_since();
  if (!silent || watched.api.LookedSince(*silent)) facts.api = watched.api.state(now);
  facts.blocking = watched.api.blocking(now);
  return StateOf(facts);
}

void Piholes::NoteState(Watched& watched, const Now& now) {
  auto state = StateOfWatched(watched, now.at);
  if (state == watched.state) return;
  watched.state = state;
  watched.state_since_unix_seconds = now.unix_seconds;
}

std::string Piholes::sid(const std::string& pihole) const {
  auto seat = seats_.find(pihole);
  for (auto& o : options_.piholes)
    if (o.name == pihole && seat != seats_.end() && o.api.url == seat->second.url)
      return seat->second.sid;
  return "";
}

std::string Piholes::user_agent() const {
  return "sentinel-pihole-exporter/" + Version() + " (" + installation_ + ")";
}

std::vector<const Service*> Piholes::Services() const {
  std::vector<const Service*> services = {&all_};
  for (auto& [name, watched] : piholes_) services.push_back(&watched.service);
  return services;
}

int Piholes::facts_revision() const {
  int revision = own_facts_revision_ + drift_.facts_revision();
  for (auto* service : Services()) revision += service->facts_revision();
  return revision;
}

std::string Piholes::Facts(const Now& now) const {
  std::string seats;
  for (auto& [pihole, seat] : seats_)
    seats += absl::StrFormat("%s%s:{\"url\":%s,\"sid\":%s}", seats.empty() ? "" : ",",
                             JsonQuote(pihole), JsonQuote(seat.url), JsonQuote(seat.sid));
  return FactsFile(Services(), now,
                   {{"installation", JsonQuote(installation_)},
                    {"seats", "{" + seats + "}"},
                    {"drift", drift_.Facts()}});
}

absl::Status Piholes::Restore(const std::string& facts, const Now& now) {
  std::vector<Service*> services = {&all_};
  for (auto& [name, watched] : piholes_) services.push_back(&watched.service);
  auto restored = RestoreFacts(facts, now, services);
  if (!restored.ok()) return restored;
  auto json = Json::Parse(facts);
  if (!json.ok()) return json.status();
  auto plain = [](std::optional<std::string_view> text) {
    return text && !text->empty() && text->size() <= kMaxSid &&
           std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c < '\x7f'; });
  };
  if (auto name = json->view()["installation"].String(); plain(name)) {
    installation_ = *name;
    saved_ = true;
  }
  for (auto& [pihole, seat] : json->view()["seats"].Members()) {
    auto url = seat["url"].String(), sid = seat["sid"].String();
    if (Find(std::string(pihole)) != nullptr && url && plain(sid))
      seats_[std::string(pihole)] = {std::string(*url), std::string(*sid)};
  }
  std::set<std::string> names;
  for (auto& [name, watched] : piholes_) names.insert(name);
  drift_.Restore(json->view()["drift"], now);
  drift_.Keep(names, options_.drift);
  return absl::OkStatus();
}
