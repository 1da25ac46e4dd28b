#include "exporters/redis-sentinel/deployment.h"

#include <algorithm>

namespace {

constexpr std::size_t kMaxSets = 200, kMaxSentinels = 200;

const Metric kUp("redis_sentinel_sentinel_up", Type::kGauge,
                 "Whether the Sentinel answers within the look deadline. 0: also if it does not let "
                 "us in.",
                 "sentinel");
const Metric kAnswering("redis_sentinel_answering_sentinels", Type::kGauge,
                        "Sentinels of the deployment that answer. 0: nobody tells how its masters "
                        "are, nor, if they are not configured, which there are.",
                        "deployment");
const Metric kUnwatched("redis_sentinel_unwatched_masters", Type::kGauge,
                        "Masters that the Sentinels of the deployment monitor and that are not "
                        "watched, because there are more than 200: configure which.",
                        "deployment");
std::string SeedName(const RedisAddress& seed) { return ToText(HostPort{seed.host, seed.port}); }

// Of a hundred masters events come by the hundred.
constexpr Duration kLookAgain = std::chrono::seconds(1);

// Whether Sentinels have more to tell now: since when they do not reach a master that is found
// down, or what changed in their lists.
bool AsksForLooks(const SentinelEvent& event) {
  static const std::set<std::string> kChanges = {"+monitor", "-monitor", "+reset-master", "+slave"};
  return (event.name == "+sdown" && event.instance_type == "master") ||
         event.name.starts_with("+sentinel") || kChanges.contains(event.name);
}

std::string RunId(const SentinelLook& look) { return look.info ? look.info->run_id : ""; }

}  // namespace

Deployment::Deployment(DeploymentOptions options) { Configure(std::move(options)); }

void Deployment::Configure(DeploymentOptions options) {
  options_ = std::move(options);
  auto& masters = options_.masters;
  KeepSets([&](auto& name) { return masters.empty() || masters.count(name); });
  for (auto& [name, set] : sets_) set.Configure(options_);
  for (auto& name : masters) sets_.try_emplace(name, options_, options_.prefix + name);
  Refresh();
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
    if (AnnouncesMaster(event->event)) Refresh();
    curious_ = curious_ || AsksForLooks(event->event);
  }
  if (curious_ && e.end - curious_at_ >= kLookAgain) {
    curious_ = false;
    curious_at_ = e.end;
    ++looks_revision_;
  }
  fast_ = std::any_of(sets_.begin(), sets_.end(),
                      [&](auto& item) { return item.second.Suspect(e.end); });
}

void Deployment::Step(const RedisEvidence& e, const SentinelLook& look, const Now& now) {
  if (looks_.size() >= kMaxSentinels && !looks_.count(look.sentinel)) return;
  looks_[look.sentinel] = {look, e.end};
  if (look.info) answered_ = std::max(answered_, e.end);
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
  Refresh();
}

ReplicationSet* Deployment::SetOf(const std::string& name) {
  if (auto found = sets_.find(name); found != sets_.end()) return &found->second;
  if (sets_.size() >= kMaxSets || (!options_.masters.empty() && !options_.masters.count(name)))
    return nullptr;
  ++facts_revision_;
  return &sets_.try_emplace(name, options_, options_.prefix + name).first->second;
}

// In the order of their names, so that all Sentinels are asked for the same.
int Deployment::ChooseMasters(std::vector<std::string>& monitored) const {
  if (!options_.masters.empty())
    std::erase_if(monitored, [&](auto& name) { return !options_.masters.count(name); });
  std::sort(monitored.begin(), monitored.end());
  auto unknown = std::stable_partition(monitored.begin(), monitored.end(),
                                       [&](auto& name) { return sets_.count(name) > 0; });
  const auto room = static_cast<std::ptrdiff_t>(kMaxSets - std::min(kMaxSets, sets_.size()));
  auto end = unknown + std::min(room, monitored.end() - unknown);
  const auto too_many = static_cast<int>(monitored.end() - end);
  monitored.erase(end, monitored.end());
  return too_many;
}

template <class Wanted>
void Deployment::KeepSets(Wanted wanted) {
  std::erase_if(sets_, [&](auto& item) {
    if (wanted(item.first)) return false;
    facts_revision_ += item.second.facts_revision() + 1;  // the sum never falls
    return true;
  });
  std::erase_if(listed_, [&](auto& item) { return !sets_.count(item.first); });
}

bool Deployment::Answers(const std::string& sentinel) const {
  auto seen = looks_.find(sentinel);
  return seen != looks_.end() && seen->second.look.info;
}

// Names under which the same run id answers are one Sentinel's: of two seeds, or of a seed and the
// address that it announces. It is called by the one that other Sentinels have for it.
void Deployment::Recognise(const SentinelLook& look) {
  if (!look.info) return;
  same_as_.erase(look.sentinel);
  if (look.info->run_id.empty()) return;
  std::set<std::string> listed, seeds, names;
  for (auto& seed : options_.sentinels) seeds.insert(SeedName(seed));
  for (auto& [name, seen] : looks_) {
    if (RunId(seen.look) == RunId(look)) names.insert(name);
    for (auto& view : seen.look.views)
      for (auto& other : view.sentinels) listed.insert(ToText(other.address));
  }
  auto rank = [&](auto& name) { return std::pair(!listed.contains(name), seeds.contains(name)); };
  const std::string best = *std::min_element(
      names.begin(), names.end(), [&](auto& a, auto& b) { return rank(a) < rank(b); });
  for (auto& other : names) {
    if (other == best) continue;
    for (auto& [name, is] : same_as_)
      if (is == other) is = best;
    same_as_[other] = best;
    looks_.erase(other);
    for (auto& [master, set] : sets_) set.Forget(other);
  }
}

// As of the last answer of a Sentinel: while none answers none says that something is gone.
void Deployment::Refresh() {
  std::set<std::string> nodes, sentinels;
  for (auto& seed : options_.sentinels) sentinels.insert(SeedName(seed));
  for (auto& [name, set] : sets_) {
    nodes.merge(set.Nodes(answered_));
    for (auto& sentinel : set.Sentinels(answered_))
      if (sentinels.size() < kMaxSentinels) sentinels.insert(sentinel);
  }
  std::erase_if(same_as_, [&](auto& item) { return !sentinels.count(item.first); });
  // While it does not answer under its name it is tried under the others: it may have moved.
  for (auto& [other, name] : same_as_) {
    if (!Answers(name)) continue;
    sentinels.erase(other);
    sentinels.insert(name);
  }
  std::erase_if(looks_, [&](auto& item) { return !sentinels.count(item.first); });
  if (nodes == nodes_ && sentinels == sentinels_) return;
  nodes_ = std::move(nodes);
  sentinels_ = std::move(sentinels);
  heard_.KeepOnly(sentinels_);
  ++targets_revision_;
}

void Deployment::Show(const Now& now, Samples& out) const {
  int asked = 0, answering = 0, unwatched = 0;
  for (auto& [sentinel, seen] : looks_) {
    if (now.at - seen.end > kViewPatience + options_.look_deadline) continue;
    ++asked;
    answering += seen.look.info.has_value();
    unwatched = std::max(unwatched, seen.look.unwatched);
    out.Add(kUp, {sentinel}, seen.look.info.has_value());
  }
  if (asked > 0) out.Add(kAnswering, {options_.name}, answering);
  if (answering > 0) out.Add(kUnwatched, {options_.name}, unwatched);
  heard_.Show(sentinels_, now.at, out);
  ShowSitesOfSentinels(options_.sites, sentinels_, out);
  for (auto& [name, set] : sets_) {
    set.Show(now, out);
    ShowSitesOfNodes(options_.sites, set.service().options().scope, set.Nodes(now.at), out);
  }
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
  for (auto& [name, set] : sets_) revision += set.facts_revision();
  return revision;
}

// Beside the services the names: a scope may have had another prefix.
std::string Deployment::Facts(const Now& now) const {
  std::vector<const Service*> services;
  std::string masters;
  for (auto& [name, set] : sets_) {
    services.push_back(&set.service());
    masters += (masters.empty() ? "" : ",\n") + ("{\"name\":" + JsonQuote(name)) +
               "," + set.Facts() + "}";
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
    ReplicationSet* set = name.empty() ? nullptr : SetOf(name);
    if (set == nullptr) continue;
    listed_[name] = now.at;
    set->Restore(master);
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
