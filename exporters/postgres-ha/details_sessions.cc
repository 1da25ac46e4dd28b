#include "exporters/postgres-ha/details_sessions.h"

#include <algorithm>
#include <map>

namespace {

const Metric kConnections("postgres_ha_connections", Type::kGauge,
                          "Client sessions by what they do.", "state");
const Metric kApplications("postgres_ha_application_connections", Type::kGauge,
                           "Client sessions by application_name: the ten names with most of them, "
                           "the rest as other; unnamed is an empty name.",
                           "application");
const Metric kOldest("postgres_ha_oldest_transaction_start_timestamp_seconds", Type::kGauge,
                     "When the oldest open transaction of a client began, idle ones included. "
                     "Absent: none is open.");

constexpr std::size_t kMaxApplications = 10;

// As many names as kMaxApplications; ties go by name.
constexpr Statement kSessions = {
    "sessions",
    "select state, case when place <= 10 then name end, sum(sessions),"
    " extract(epoch from min(oldest))"
    " from (select *, dense_rank() over (order by together desc, name) as place"
    "   from (select coalesce(state, 'hidden') as state, coalesce(application_name, '') as name,"
    "     count(*) as sessions, min(xact_start) filter (where pid <> pg_backend_pid()) as oldest,"
    "     sum(count(*)) over (partition by coalesce(application_name, '')) as together"
    "     from pg_stat_activity where backend_type = 'client backend' or backend_type is null"
    "     group by 1, 2) as counted) as placed group by 1, 2"};

void ShowStates(const Rows& rows, Samples& out) {
  const std::vector<std::string_view> states = {"active", "idle", "idle in transaction",
                                                "idle in transaction (aborted)", "other"};
  std::vector<double> counts(states.size(), 0);
  for (auto& row : rows.rows) {
    auto known = std::find(states.begin(), states.end() - 1, row[0].value_or(""));
    counts[static_cast<std::size_t>(known - states.begin())] += ToNumber(row[2]).value_or(0);
  }
  for (std::size_t i = 0; i < states.size(); ++i) out.Add(kConnections, {states[i]}, counts[i]);
}

// Names come from outside. Two that look the same on the page are one series.
void ShowApplications(const Rows& rows, Samples& out) {
  struct Application {
    std::string name;
    double sessions = 0;
  };
  std::map<std::string, Application> named;  // by label value
  Application rest;
  for (auto& row : rows.rows) {
    std::string label, name = row[1].value_or("other");
    if (name.empty()) name = "unnamed";
    AppendLabelValue(label, name);
    bool has_place = named.size() < kMaxApplications || named.count(label) > 0;
    Application& application = name == "other" || !has_place ? rest : named[label];
    if (application.name.empty()) application.name = name;
    application.sessions += ToNumber(row[2]).value_or(0);
  }
  for (auto& [label, application] : named)
    out.Add(kApplications, {application.name}, application.sessions);
  if (rest.sessions > 0) out.Add(kApplications, {"other"}, rest.sessions);
}

void ShowOldestTransaction(const Rows& rows, Samples& out) {
  std::optional<double> oldest;
  for (auto& row : rows.rows)
    if (auto start = ToNumber(row[3])) oldest = std::min(*start, oldest.value_or(*start));
  if (oldest) out.Add(kOldest, *oldest);
}

}  // namespace

const Statement& SessionsStatement() { return kSessions; }

void ShowSessions(const Rows& rows, Samples& out) {
  ShowStates(rows, out);
  ShowApplications(rows, out);
  ShowOldestTransaction(rows, out);
}
