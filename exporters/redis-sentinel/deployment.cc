#include "exporters/redis-sentinel/deployment.h"

#include <algorithm>

namespace {

constexpr std::size_t kMaxSets = 200, kMaxSentinels = 200;

const Metric kUp("redis_sentinel_sentinel_up", Type::kGauge,
                 "Whether the Sentinel answers within the look deadline.", "sentinel");
const Metric kAnswering("redis_sentinel_answering_sentinels", Type::kGauge,
                        "Sentinels of the deployment that answer. 0: nobody tells how its masters "
                        "are, nor, if they are not configured, which there are.",
                        "deployment");
std::string SeedName(const RedisAddress& seed) { return ToText(HostPort{seed.host, seed.port}); }

std::string RunId(const SentinelLook& look) { return look.info ? look.info->run_id : ""; }

}  // namespace

Deployment::Deployment(DeploymentOptions options) { Configure(std::move(options)); }

void Deployment::Configure(DeploymentOptions options) {
  options_ = std::move(options);
  auto& masters = options_.masters;
  KeepSets([&](auto& name) { return masters.empty() || masters.count(name); });
  for (auto& [name, set] : sets_) set.Configure(options_);
  for (auto& name : masters) sets_.try_emplace(name, options_, options_.prefix + name);
  for (auto& seed : options_.sentinels)
    if (!seed_is_.count(SeedName(seed))) sentinels_.insert(SeedName(seed));
  ++targets_revision_;
}

void Deployment::Step(const RedisEvidence& e, const Now& now) {
  if (auto* sentinel = std::get_if<SentinelLook>(&e.seen)) Step(e, *sentinel, now);
  if (auto* node = std::get_if<NodeLook>(&e.seen))
    for (auto& [name, set] : sets_) set.Step(e, *node, now);
  if (auto* subscription = std::get_if<SubscriptionLook>(&e.seen)) heard_.Step(*subscription);
  if (auto* event = std::get_if<EventLook>(&e.seen)) {
    heard_.Step(*event);
    auto set = sets_.find(event->event.master_name);
    if (set != sets_.end()) set->second.Step(e, *event, now);
    if (AnnouncesMaster(event->event)) Refresh(e.end);
  }
  fast_ = std::any_of(sets_.begin(), sets_.end(),
                      [&](auto& item) { return item.second.Suspect(e.end); });
}

void Deployment::Step(const RedisEvidence& e, const SentinelLook& look, const Now& now) {
  if (looks_.size() >= kMaxSentinels && !looks_.count(look.sentinel)) return;
  looks_[look.sentinel] = {look, e.end};
  std::set<std::string> said;
  for (auto& view : look.views) {
    ReplicationSet* set = SetOf(view.master.name);
    if (set == nullptr) continue;
    said.insert(view.master.name);
    listed_[view.master.name] = e.end;
    set->Step(e, look, view, now);
  }
  for (auto& [name, set] : sets_)
    if (!said.count(name)) set.Silent(look.sentinel, e.end);
  Recognise(look);
  if (look.status.ok())
    KeepSets([&](const std::string& name) {
      return options_.masters.count(name) || e.end - listed_[name] <= options_.forget_after;
    });
  Refresh(e.end);
}

ReplicationSet* Deployment::SetOf(const std::string& name) {
  if (auto found = sets_.find(name); found != sets_.end()) return &found->second;
  if (sets_.size() >= kMaxSets || (!options_.masters.empty() && !options_.masters.count(name)))
    return nullptr;
  ++facts_revision_;
  return &sets_.try_emplace(name, options_, options_.prefix + name).first->second;
}

template <class Wanted>
void Deployment::KeepSets(Wanted wanted) {
  std::erase_if(sets_, [&](auto& item) {
    if (wanted(item.first)) return false;
    facts_revision_ += item.second.service().facts_revision() + 1;  // the sum never falls
    return true;
  });
  std::erase_if(listed_, [&](auto& item) { return !sets_.count(item.first); });
}

// A seed and an announced address that answer with the same run id are one Sentinel.
void Deployment::Recognise(const SentinelLook& look) {
  if (RunId(look).empty()) return;
  for (auto& seed : options_.sentinels) {
    const std::string name = SeedName(seed);
    auto seen = looks_.find(name);
    if (seen == looks_.end() || RunId(seen->second.look) != RunId(look)) continue;
    for (auto& [other, theirs] : looks_) {
      bool announced = other != name && RunId(theirs.look) == RunId(look);
      for (auto& s : options_.sentinels) announced = announced && SeedName(s) != other;
      if (!announced) continue;
      seed_is_[name] = other;
      looks_.erase(name);
      for (auto& [master, set] : sets_) set.Forget(name);
      return;
    }
  }
}

void Deployment::Refresh(Instant at) {
  std::set<std::string> nodes, sentinels;
  for (auto& seed : options_.sentinels)
    if (!seed_is_.count(SeedName(seed))) sentinels.insert(SeedName(seed));
  for (auto& [name, set] : sets_) {
    nodes.merge(set.Nodes(at));
    for (auto& sentinel : set.Sentinels(at))
      if (sentinels.size() < kMaxSentinels) sentinels.insert(sentinel);
  }
  for (auto& [seed, announced] : seed_is_) {
    sentinels.erase(seed);
    sentinels.insert(announced);
  }
  std::erase_if(looks_, [&](auto& item) { return !sentinels.count(item.first); });
  if (nodes == nodes_ && sentinels == sentinels_) return;
  nodes_ = std::move(nodes);
  sentinels_ = std::move(sentinels);
  heard_.KeepOnly(sentinels_);
  ++targets_revision_;
}

void Deployment::Show(const Now& now, Samples& out) const {
  for (auto& [name, set] : sets_) set.Show(now, out);
  heard_.Show(sentinels_, now.at, out);
  int asked = 0, answering = 0;
  for (auto& [sentinel, seen] : looks_) {
    if (now.at - seen.end > kViewPatience + options_.look_deadline) continue;
    ++asked;
    answering += seen.look.info.has_value();
    out.Add(kUp, {sentinel}, seen.look.info.has_value());
  }
  if (asked > 0) out.Add(kAnswering, {options_.name}, answering);
}

std::string Deployment::AnnouncedMaster(const std::string& name) const {
  auto set = sets_.find(name);
  return set == sets_.end() ? "" : set->second.announced();
}

std::string Deployment::MasterOf(const std::string& node) const {
  for (auto& [name, set] : sets_)
    if (set.Knows(node)) return name;
  return "";
}

int Deployment::facts_revision() const {
  int revision = facts_revision_;
  for (auto& [name, set] : sets_) revision += set.service().facts_revision();
  return revision;
}

// Beside the services the names: a scope may have had another prefix.
std::string Deployment::Facts(const Now& now) const {
  std::vector<const Service*> services;
  std::string masters;
  for (auto& [name, set] : sets_) {
    services.push_back(&set.service());
    masters += (masters.empty() ? "" : ",\n") + ("{\"name\":" + JsonQuote(name)) + "}";
  }
  return FactsFile(services, now, {{"masters", "[" + masters + "]"}});
}

// Masters that the Sentinels told an earlier process of are watched from the start: that no
// Sentinel answers this one must not hide them. One that is gone is forgotten as any other.
absl::Status Deployment::Restore(const std::string& facts, const Now& now) {
  auto good = RestoreFacts(facts, now, {});
  if (!good.ok()) return good;
  auto json = Json::Parse(facts);
  if (!json.ok()) return json.status();
  for (JsonView master : json->view()["masters"].Items()) {
    std::string name(master["name"].String().value_or(""));
    if (!name.empty() && SetOf(name) != nullptr) listed_[name] = now.at;
  }
  std::vector<Service*> services;
  for (auto& [name, set] : sets_) services.push_back(&set.service());
  return RestoreFacts(facts, now, services);
}

std::vector<Headline> Deployment::Headlines(const Now& now) const {
  std::vector<Headline> lines;
  for (auto& [name, set] : sets_) lines.push_back(set.service().Summary(now));
  return lines;
}

std::vector<Story> Deployment::Stories() const {
  std::vector<Story> stories;
  for (auto& [name, set] : sets_)
    for (auto& story : set.Stories()) stories.push_back(std::move(story));
  return stories;
}
