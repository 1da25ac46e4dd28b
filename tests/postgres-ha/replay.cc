#include "tests/postgres-ha/replay.h"

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace std::chrono_literals;

DataSetOptions TwoSites() {
  DataSetOptions o;
  o.name = "sentinel";
  o.forget_after = 1h;
  o.rto_objective_seconds = 120;
  o.rpo_objective_seconds = 300;
  for (auto* name : {"on-premise", "cloud"}) {
    SiteOptions site;
    site.name = name;
    site.look_interval = 250ms;
    site.look_deadline = 500ms;
    o.sites.push_back(site);
  }
  o.sites[0].members = {{"pg1", "10.0.0.1", 5432}, {"pg2", "10.0.0.2", 5432}};
  o.sites[1].members = {{"pgc1", "10.1.0.1", 5432}};
  return o;
}

Evidence SqlEvidence(const std::string& member, double begin, double took, SqlLook look) {
  Evidence e;
  e.member = {member.starts_with("pgc") ? "cloud" : "on-premise", member};
  e.eye = PostgresEyeName(e.member);
  e.begin = At(begin);
  e.end = At(begin + took);
  e.seen = std::move(look);
  return e;
}

SqlLook Primary(long long position, int timeline, double start) {
  SqlLook look;
  look.answer = Answer::kAnswered;
  look.system_identifier = "7000";
  look.position = position;
  look.timeline = timeline;
  look.start_unix_seconds = start;
  return look;
}

SqlLook Standby(long long position, int timeline, double start) {
  SqlLook look = Primary(position, timeline, start);
  look.in_recovery = true;
  look.receiving_timeline = timeline;
  return look;
}

SqlLook Failed(Answer answer, bool goodbye) {
  SqlLook look;
  look.answer = answer;
  look.goodbye = goodbye;
  return look;
}

namespace {

SqlLook ParseLook(const std::vector<std::string>& field) {
  const std::string& what = field[3];
  if (what == "refused") return Failed(Answer::kRefused);
  if (what == "timeout") return Failed(Answer::kTimeout);
  if (what == "starting") return Failed(Answer::kStarting);
  if (what == "goodbye") return Failed(Answer::kStarting, true);
  if (what == "lost") return Failed(Answer::kUnreachable);
  SqlLook look = Primary(std::stoll(field[4]), std::stoi(field[5]), std::stod(field[6]));
  look.in_recovery = what == "standby";
  look.system_identifier = field[7];
  return look;
}

}  // namespace

std::vector<Evidence> Timeline(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/postgres-ha/fixtures/timelines/" + name + ".csv");
  std::vector<Evidence> all;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::vector<std::string> field;
    std::stringstream parts(line);
    for (std::string part; std::getline(parts, part, ',');) field.push_back(part);
    all.push_back(SqlEvidence(field[0], std::stod(field[1]), std::stod(field[2]), ParseLook(field)));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Evidence& a, const Evidence& b) { return a.end < b.end; });
  return all;
}

double EndOf(const Evidence& evidence) { return Seconds(evidence.end - At(0)); }
