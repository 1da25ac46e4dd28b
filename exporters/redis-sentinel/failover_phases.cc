#include "exporters/redis-sentinel/failover_phases.h"

#include "exporters/redis-sentinel/address.h"

namespace {

void KeepFirst(std::optional<Instant>& mark, Instant at) {
  if (!mark) mark = at;
}

}  // namespace

const std::vector<std::string_view> kFailoverPhases = {
    "detect", "agree", "elect", "promote", "announce", "reconfigure", "demote"};

void FailoverPhases::Heard(const SentinelEvent& event, const std::string& master, Instant at) {
  if (!event.address) return;
  const std::string about = ToText(*event.address);
  if (about == from_ && event.name == "+failover-end") After(kEnded, at);
  if (about == from_ && event.name == "+convert-to-slave") After(kDemoted, at);
  bool promotes = event.name == "+failover-state-wait-promotion";
  if (promotes || (event.instance_type == "master" && about == master)) Before(event, at);
}

// Once a leader is elected, other Sentinels go on finding the master down. A failover that is given
// up is tried again from the election on.
void FailoverPhases::Before(const SentinelEvent& event, Instant at) {
  if (event.name == "+sdown") KeepFirst(now_[kDown], at);
  if (event.name == "+odown") KeepFirst(now_[kAgreed], at);
  if (event.name == "-sdown") now_ = {};
  if (event.name == "-odown") now_[kAgreed].reset();
  if (event.name == "+try-failover") {
    now_[kTried] = at;
    now_[kElected].reset();
    now_[kPromoted].reset();
  }
  if (event.name == "+elected-leader") now_[kElected] = at;
  if (event.name == "+failover-state-wait-promotion") now_[kPromoted] = at;
}

void FailoverPhases::After(Mark mark, Instant at) {
  if (last_[mark]) return;
  last_[mark] = at;
  ++revision_;
}

void FailoverPhases::Looked(const RedisEvidence& e, const NodeLook& look) {
  if (look.node != from_ || !look.info || look.info->role != Role::kReplica) return;
  if (last_[kAnnounced] && e.begin > *last_[kAnnounced]) After(kDemoted, e.end);
}

void FailoverPhases::Changed(const Change& change) {
  last_ = now_;
  now_ = {};
  from_ = change.from;
  if (change.kind == "unseen") last_ = {};
  if (change.kind == "failover") last_[kFailed] = change.failed;
  else last_[kDown] = last_[kAgreed] = std::nullopt;
  if (!last_[kPromoted]) last_[kPromoted] = change.promoted;
  last_[kAnnounced] = change.announced;
}

std::map<std::string, double> FailoverPhases::seconds() const {
  const std::pair<Mark, Mark> marks[] = {
      {kFailed, kDown},       {kDown, kAgreed},         {last_[kAgreed] ? kAgreed : kTried, kElected},
      {kElected, kPromoted},  {kPromoted, kAnnounced},  {kAnnounced, kEnded},
      {kAnnounced, kDemoted}};
  std::map<std::string, double> known;
  for (std::size_t i = 0; i < std::size(marks); ++i) {
    auto &begin = last_[marks[i].first], &end = last_[marks[i].second];
    if (begin && end && *begin <= *end)
      known[std::string(kFailoverPhases[i])] = Seconds(*end - *begin);
  }
  return known;
}
