#include "common/scrape.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <set>

#include "common/guarded.h"
#include "common/log.h"
#include "common/worker.h"

absl::Status Collector::Collect(const Deadline&, Samples&) { return absl::OkStatus(); }
Next Collector::Look(const Deadline&) {
  return {.status = absl::UnimplementedError("never looks")};
}

void Collector::Leave(const Deadline&) {}

using Workers = std::map<std::string, std::shared_ptr<Worker>>;

struct Scraper::State {
  struct Set {
    Workers workers;
    std::vector<std::shared_ptr<Judge>> judges;
    std::shared_ptr<Round> round;
    std::vector<std::shared_ptr<Worker>> members;  // of the round, by slot
  };
  Guarded<Set> set;
  std::vector<std::shared_ptr<Worker>> leaving;  // touched by Set() alone
  std::function<void(Samples&)> self;
  std::atomic<int> rounds = 0, shared = 0;
};

namespace {

// Of one group, whose judge bounds what it knows; 100 masters of a Sentinel make 7,500.
constexpr int kMaxVerdictSamples = 50'000;

const Metric kShared(
    "sentinel_exporter_scrapes_shared_total", Type::kCounter,
    "Scrapes that were answered from the collection of another one that overlapped.");

// The worker of this kind and name that is to go, or goes already; null if there is none.
std::shared_ptr<Worker> Predecessor(const Workers& old,
                                    const std::vector<std::shared_ptr<Worker>>& leaving,
                                    const Target& t) {
  auto same = [&](const Worker& w) { return w.target.kind == t.kind && w.target.name == t.name; };
  for (auto& [key, worker] : old)
    if (same(*worker)) return worker;
  for (auto worker = leaving.rbegin(); worker != leaving.rend(); ++worker)
    if (same(**worker)) return *worker;
  return nullptr;
}

std::string Key(const std::string& group, const Target& t) {
  return group + '\0' + t.kind + '\0' + t.name + '\0' + t.labels + '\0' + t.fingerprint;
}

}  // namespace

Scraper::Scraper(std::function<void(Samples&)> self) : state_(std::make_unique<State>()) {
  state_->self = std::move(self);
}

Scraper::~Scraper() {
  auto workers = state_->set.With([](State::Set& s) { return std::move(s.workers); });
  for (auto& [key, worker] : workers) worker->Stop();  // all at once, then join one by one
}

void Scraper::Set(const std::vector<Group>& groups) {
  auto old = state_->set.With([](State::Set& s) { return s.workers; });
  Workers workers;
  std::vector<std::shared_ptr<Judge>> judges;
  std::set<std::pair<std::string, std::string>> names;
  for (const Group& group : groups) {
    if (group.judge) judges.push_back(group.judge);
    for (Target& target : group.targets()) {
      if (!names.emplace(target.kind, target.name).second) {
        Log(Level::kError, "two targets have one name: the second is left out",
            {{"collector", target.kind}, {"target", target.name}, {"group", group.name}});
        continue;
      }
      std::string key = Key(group.name, target);
      auto kept = old.find(key);
      bool alive = kept != old.end() && !kept->second->ended();  // else no thread was to be had
      auto before = alive ? nullptr : Predecessor(old, state_->leaving, target);
      workers[key] = alive ? kept->second
                           : std::make_shared<Worker>(std::move(target), group.name, before);
    }
  }
  state_->set.With([&](State::Set& s) {
    s.workers = workers;
    s.judges = std::move(judges);
    s.round = nullptr;
  });
  for (auto& [key, worker] : old) {
    if (workers.count(key)) continue;
    worker->Stop();
    state_->leaving.push_back(worker);
  }
  std::erase_if(state_->leaving, [](auto& worker) { return worker->ended(); });
}

bool Scraper::Leave(const Deadline& deadline) {
  auto workers = state_->set.With([](State::Set& s) { return s.workers; });
  for (auto& [key, worker] : workers) worker->Stop();
  bool all = true;
  for (auto& [key, worker] : workers) all &= worker->AwaitEnd(deadline);
  for (auto& worker : state_->leaving) all &= worker->AwaitEnd(deadline);
  return all;
}

std::string Scraper::Scrape(const Deadline& deadline, Format format) {
  bool mine = false;
  auto [round, members, judges] = state_->set.With([&](State::Set& s) {
    mine = !s.round || !s.round->Joinable();
    if (mine) {
      s.members.clear();
      for (auto& [key, worker] : s.workers) s.members.push_back(worker);
      s.round = std::make_shared<Round>(s.members.size(), deadline);
    }
    s.round->Join();
    return std::tuple(s.round, s.members, s.judges);
  });
  ++(mine ? state_->rounds : state_->shared);
  if (mine) {
    for (std::size_t i = 0; i < members.size(); ++i) members[i]->Offer(round, i);
    round->Start();
  }
  auto slots = round->Await(deadline);

  Samples self({}, std::numeric_limits<int>::max());
  for (std::size_t i = 0; i < members.size(); ++i) members[i]->Report(self, slots[i]);
  self.Add(kShared, state_->shared);
  if (state_->self) state_->self(self);
  std::vector<Samples> verdicts(judges.size(), Samples({}, kMaxVerdictSamples));
  std::vector<const Samples*> parts;
  for (auto& slot : slots)
    if (slot.samples) parts.push_back(slot.samples.get());
  for (std::size_t i = 0; i < judges.size(); ++i) judges[i]->Show(Now::Read(), verdicts[i]);
  for (auto& verdict : verdicts) {
    parts.push_back(&verdict);
    if (verdict.dropped() > 0)
      Log(Level::kWarn, "samples of a verdict dropped, there are too many",
          {{"dropped", std::to_string(verdict.dropped())}});
  }
  parts.push_back(&self);
  return RenderPage(parts, format);
}

void Scraper::Poke(const std::string& group) {
  auto workers = state_->set.With([](State::Set& s) { return s.workers; });
  for (auto& [key, worker] : workers)
    if (worker->group == group) worker->Poke();
}

std::vector<TargetState> Scraper::States() const {
  auto workers = state_->set.With([](State::Set& s) { return s.workers; });
  std::vector<TargetState> states;
  for (auto& [key, worker] : workers) states.push_back(worker->state());
  return states;
}

std::vector<Headline> Scraper::Headlines(const Now& now) const {
  auto judges = state_->set.With([](State::Set& s) { return s.judges; });
  std::vector<Headline> all;
  for (auto& judge : judges)
    for (auto& headline : judge->Headlines(now)) all.push_back(std::move(headline));
  return all;
}

std::vector<Story> Scraper::Stories() const {
  auto judges = state_->set.With([](State::Set& s) { return s.judges; });
  std::vector<Story> all;
  for (auto& judge : judges)
    for (auto& story : judge->Stories()) all.push_back(std::move(story));
  std::stable_sort(all.begin(), all.end(), [](const Story& a, const Story& b) {
    return a.unix_seconds > b.unix_seconds;
  });
  return all;
}

bool Scraper::ready() const {
  auto workers = state_->set.With([](State::Set& s) { return s.workers; });
  return std::all_of(workers.begin(), workers.end(), [](auto& w) { return w.second->ready(); });
}

int Scraper::rounds() const { return state_->rounds; }
int Scraper::shared() const { return state_->shared; }
