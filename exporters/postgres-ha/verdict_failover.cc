// Who leads, who took over from whom, and what that cost: the part of the verdict on a data set that
// turns writable looks into holders, failovers, incidents and losses.
#include <algorithm>

#include "exporters/postgres-ha/verdict.h"

using namespace std::chrono_literals;

namespace {

// A silence longer than this means that nobody watched.
constexpr Duration kUnwatched = 10s;
// How long a loss waits for the exact position.
constexpr Duration kAskHistoryFor = 60s;

// Whether its last answer shows that it takes no more writes.
bool HasStopped(const Member& m) {
  return m.sql->answer == Answer::kAnswered || m.sql->answer == Answer::kRefused ||
         m.sql->answer == Answer::kStarting;
}

}  // namespace

void DataSet::Writable(const Evidence& e, const SqlLook& look, const Before& before,
                       const Now& now) {
  const std::string label = LabelOf(members_, e.member);
  // The label of a member changes when another site has one of its name: who was seen is known.
  const MemberId id = tenure_.seen ? reference_ : IdOf(postgres_.last_holder());
  if (id == e.member) {
    Returned(e, look, before.goodbye, now);
  } else if (!postgres_.last_holder().empty()) {
    auto found = members_.find(id);
    const Member* old = found == members_.end() ? nullptr : &found->second;
    bool still_holds = old && old->sql && old->sql->Writable() &&
                       e.begin - old->end < Patience(id.site) + LongestLookDeadline(options_);
    // Two at once: the sandwich decides, and the older one stays holder.
    if (still_holds) return Rival(e, look, before);
    TakenOver(e, look, old, before, now);
  }
  postgres_.Hold(label);
  reference_ = e.member;
  members_[e.member].rival = {};
  bool began = !tenure_.seen || id != e.member;
  tenure_ = {true, began ? e.end : tenure_.since, look.start_unix_seconds,
             look.timeline.value_or(tenure_.timeline)};
  if (!before.writable) written_.Rest(before.begin);
  if (look.position) written_.Add(e.begin + (e.end - e.begin) / 2, *look.position);
}

// The holder is the same; its server may not be.
void DataSet::Returned(const Evidence& e, const SqlLook& look, bool said_goodbye, const Now& now) {
  if (!tenure_.seen) return;
  auto happened = [&](const char* kind) {
    incidents_.Happened(kind, LabelOf(members_, e.member), now.Unix(e.end));
  };
  bool new_start = look.start_unix_seconds != tenure_.start_unix_seconds;
  int timeline = look.timeline.value_or(tenure_.timeline);
  if (timeline < tenure_.timeline) happened("timeline_regression");
  if (!new_start && timeline <= tenure_.timeline) return;
  if (!said_goodbye) happened("in_place_recovery");
  else happened(timeline > tenure_.timeline ? "demotion" : "restart");
}

// Of the time before the old holder led, requests and moves of the lock were for somebody else.
bool DataSet::SwitchoverRequested(const std::string& site, const Member& old, Instant until) const {
  auto story = locks_.find(site);
  Instant from = std::max(old.writable_until - kUnwatched, tenure_.since);
  return story != locks_.end() && story->second.Requested(from, until).value_or(false);
}

void DataSet::TakenOver(const Evidence& e, const SqlLook& look, const Member* old,
                        const Before& before, const Now& now) {
  // Whether we were there when the old holder stopped, and when the new one took over.
  bool watched = tenure_.seen && old && e.begin - old->end < kUnwatched &&
                 old->stopped_by >= old->writable_until &&
                 old->stopped_by - old->writable_until < kUnwatched;
  const std::string to = LabelOf(members_, e.member);
  FailoverFact fact;
  fact.from = postgres_.last_holder();
  fact.to = to;
  bool goodbye = watched && (old->goodbye || SwitchoverRequested(e.member.site, *old, e.end));
  fact.kind = !watched ? "unseen" : goodbye ? "switchover" : "failover";
  Instant earliest = before.begin == Instant() ? e.begin : before.begin;
  fact.unix_seconds = now.Unix(earliest + (e.end - earliest) / 2);
  postgres_.Failover(std::move(fact));
  Suspect(e.end);

  int timeline = look.timeline.value_or(tenure_.timeline);
  bool regressed = tenure_.seen && timeline < tenure_.timeline;
  if (regressed) incidents_.Happened("timeline_regression", to, now.Unix(e.end));
  open_loss_.Forget();
  if (!watched) return;
  if (timeline > tenure_.timeline) SawTimelineEnd(look, before);
  FormerLeader departure{written_, old->writable_begin, old->writable_until, old->stopped_by,
                      old->stopped_end, old->stopped_silent, false, old->goodbye};
  // Silence is no proof that it stopped: it may have written until another one was promoted.
  if (!HasStopped(*old)) departure.stopped_end = std::max(departure.stopped_end, e.end);
  Lost({std::move(departure), std::min(timeline, tenure_.timeline), e.member.site, true,
        regressed ? "timeline_regression" : "", e.end + kAskHistoryFor});
}

// The leader's timeline ended for one that was just promoted: not before what it had replayed (what it
// received may end within a record), and not after where it writes.
void DataSet::SawTimelineEnd(const SqlLook& look, const Before& before) {
  if (before.replayed && look.position)
    ends_.Saw(tenure_.timeline, {*before.replayed, std::max(*before.replayed, *look.position)});
}

// "pg1 and pg2".
std::string DataSet::WritersInWords() const {
  std::string words;
  for (auto& [id, m] : members_)
    if (m.sql && m.sql->Writable() && !Foreign(m))
      words += (words.empty() ? "" : " and ") + LabelOf(members_, id);
  return words;
}

// Two take writes at once. What the one that is not the holder writes is lost if it gives way.
void DataSet::Rival(const Evidence& e, const SqlLook& look, const Before& before) {
  Member& member = members_[e.member];
  if (!before.writable) {
    member.rival = {};
    member.rival_whole = before.position.has_value();
    if (before.position) member.rival.Add(before.begin, *before.position);
    if (look.timeline == tenure_.timeline + 1) SawTimelineEnd(look, before);
  }
  member.rival_timeline = look.timeline.value_or(0);
  if (look.position) member.rival.Add(e.begin + (e.end - e.begin) / 2, *look.position);
}

// A rival that answers as a standby, or is down, has given way.
void DataSet::GiveWay(const Evidence& e, Member& m, const Now& now) {
  if (!HasStopped(m) || m.rival.size() == 0) return;
  bool newer = m.rival_timeline > tenure_.timeline;
  std::string incident = newer ? "timeline_regression" : "split_brain";
  incidents_.Happened(incident, newer ? postgres_.last_holder() : LabelOf(members_, e.member),
           now.Unix(e.end));
  // Of one number twice, both began where the one before ended.
  int ended = std::min(m.rival_timeline, tenure_.timeline);
  if (m.rival_timeline == tenure_.timeline) --ended;
  FormerLeader departure{std::move(m.rival), m.writable_begin, m.writable_until, m.stopped_by,
                      m.stopped_end, m.stopped_silent, m.rival_whole, false};
  m.rival = {};
  Lost({std::move(departure), ended, e.member.site, false, incident, e.end + kAskHistoryFor});
}

void DataSet::Lost(OpenLoss::Case open) {
  open_loss_.Begin(std::move(open));
  open_loss_.Tell(ends_, postgres_, incidents_);
}

// Patroni's history, which it or its store told.
void DataSet::Learn(const std::vector<Promotion>& history) {
  ends_.Learn(history);
  open_loss_.Tell(ends_, postgres_, incidents_);
}
