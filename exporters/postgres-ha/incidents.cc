#include "exporters/postgres-ha/incidents.h"

#include <algorithm>

#include "common/words.h"

namespace {

constexpr std::size_t kKeptStories = 20;
constexpr char kTwoLeaders[] = "two_leaders";

std::string Words(const std::string& kind) {
  if (kind == "in_place_recovery") return " crashed and came back, without a failover";
  if (kind == "restart") return " was restarted, without a failover";
  if (kind == "demotion") return " was demoted and promoted again";
  if (kind == "timeline_regression") return " leads on an older timeline than the last leader";
  if (kind == "split_brain") return " gave way: the split brain is over";
  return " take writes at once: SPLIT BRAIN";
}

bool CostsWork(const std::string& kind) {
  return kind == "timeline_regression" || kind == "split_brain";
}

}  // namespace

void Incidents::Happened(const std::string& kind, const std::string& member,
                         double unix_seconds) {
  Incident& incident = by_kind_[kind];
  incident = {incident.count + 1, unix_seconds, {}};
  Tell({unix_seconds, kind, member, {}});
}

void Incidents::Lost(const std::string& kind, const Loss& loss) {
  by_kind_[kind].loss = loss;
  auto last = std::find_if(told_.rbegin(), told_.rend(), [&](auto& t) { return t.kind == kind; });
  if (last != told_.rend()) last->loss = loss;
}

void Incidents::TwoLeaders(const std::string& members, double unix_seconds) {
  Tell({unix_seconds, kTwoLeaders, members, {}});
}

void Incidents::Tell(Told told) {
  told_.push_back(std::move(told));
  if (told_.size() > kKeptStories) told_.pop_front();
}

std::vector<Story> Incidents::Stories(const std::string& data_set) const {
  std::vector<Story> stories;
  for (auto& [unix_seconds, kind, member, loss] : told_) {
    std::string text = data_set + ": " + member + Words(kind);
    if (CostsWork(kind))
      text += "; " + InWords(loss);
    stories.push_back({unix_seconds, std::move(text)});
  }
  return stories;
}
