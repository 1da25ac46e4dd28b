#include "exporters/postgres-ha/members.h"

const std::vector<std::string_view> kMemberStates = {"primary", "read_only", "standby",
                                                     "refused", "timeout",   "unreachable",
                                                     "starting", "denied",   "full",
                                                     "broken",  "unknown"};

std::string_view StateOf(const SqlLook& look) {
  if (look.answer == Answer::kOurs) return "unknown";
  if (look.answer != Answer::kAnswered) return AnswerName(look.answer);
  return look.in_recovery ? "standby" : look.read_only ? "read_only" : "primary";
}

bool Discover(Members& members, const std::string& site, const PatroniLook& look, Instant at) {
  bool changed = false;
  for (auto& listed : look.members) {
    Member& member = members[{site, listed.name}];
    member.present = member.patroni_listed = at;
    member.patroni = listed;
    bool usable = !listed.host.empty() && listed.port > 0;
    bool moved = member.host != listed.host || member.port != listed.port;
    if (!member.configured && usable && moved) {
      member.host = listed.host;
      member.port = listed.port;
      changed = true;
    }
    if (!listed.api_url.empty() && member.api_url != listed.api_url) {
      member.api_url = listed.api_url;
      changed = true;
    }
  }
  return changed;
}

bool Forget(Members& members, Instant now, Duration forget_after) {
  return std::erase_if(members, [&](auto& item) {
           const Member& m = item.second;
           return !m.configured && now - m.present > forget_after;
         }) > 0;
}

std::string LabelOf(const Members& members, const MemberId& id) {
  for (auto& [other, member] : members)
    if (other.name == id.name && other.site != id.site) return id.site + "/" + id.name;
  return id.name;
}

std::optional<int> SureTimeline(const Member& m) {
  if (!m.sql || m.sql->answer != Answer::kAnswered) return std::nullopt;
  if (!m.sql->in_recovery) return m.sql->timeline;
  if (m.sql->receiving_timeline) return m.sql->receiving_timeline;
  // Nothing came since it was known.
  bool same = std::max(m.received, m.replayed) == m.wal_position && m.wal_timeline > 0;
  return same ? std::optional<int>(m.wal_timeline) : std::nullopt;
}
