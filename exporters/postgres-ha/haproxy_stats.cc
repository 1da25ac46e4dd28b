#include "exporters/postgres-ha/haproxy_stats.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace {

constexpr std::size_t kMaxServers = 256;
constexpr std::size_t kMaxLineBytes = 16 << 10;
constexpr std::size_t kMaxNameBytes = 128;   // as much as the page shows
constexpr double kMaxAgeSeconds = 1e9;       // 30 years
constexpr std::string_view kServerType = "2";  // 0 is a frontend, 1 a backend, 3 a listener

using Fields = std::vector<std::string>;
using Columns = std::map<std::string, std::size_t, std::less<>>;  // where each is

struct Head {
  Columns columns;
  std::size_t width;
};

absl::Status NotStatistics(const std::string& why) {
  return absl::DataLossError("not HAProxy's statistics as CSV: " + why);
}

// Takes a field off the front of `rest` and returns what ended it: a comma or a line feed, or 0
// when it broke off. Quoted as in RFC 4180: a quote inside is doubled, all else means itself.
char TakeField(std::string_view& rest, std::string& field) {
  bool quoted = rest.starts_with('"');
  std::size_t i = quoted ? 1 : 0;
  for (; i < rest.size(); ++i) {
    char c = rest[i];
    if (quoted && c == '"') {
      quoted = i + 1 < rest.size() && rest[i + 1] == '"';
      if (!quoted) continue;
      ++i;
    } else if (!quoted && (c == ',' || c == '\n')) {
      rest.remove_prefix(i + 1);
      return c;
    }
    field += c;
  }
  rest = {};
  return 0;
}

absl::StatusOr<Fields> TakeLine(std::string_view& rest) {
  const std::size_t before = rest.size();
  Fields fields;
  for (char end = ','; end == ',';) {
    end = TakeField(rest, fields.emplace_back());
    if (before - rest.size() > kMaxLineBytes) return NotStatistics("a line is longer than 16 KiB");
    if (end == 0) return absl::DataLossError("the statistics break off in the middle of a line");
  }
  if (fields.back().ends_with('\r')) fields.back().pop_back();
  return fields;
}

bool IsPlain(char c) { return c > ' ' && c <= '~'; }

// How an answer of another kind begins, for the message.
std::string Beginning(std::string_view text) {
  if (text.empty()) return "the answer is empty";
  std::string line(text.substr(0, std::min<std::size_t>(text.find_first_of("\r\n"), 60)));
  for (char& c : line)
    if (!IsPlain(c) && c != ' ') c = '?';
  return "it begins with '" + line + "'";
}

absl::StatusOr<Head> TakeHead(std::string_view& rest) {
  if (!rest.starts_with("# ")) return NotStatistics(Beginning(rest));
  rest.remove_prefix(2);
  auto names = TakeLine(rest);
  if (!names.ok()) return names.status();
  Head head{{}, names->size()};
  for (std::size_t i = 0; i < names->size(); ++i) head.columns.emplace((*names)[i], i);
  for (auto* needed : {"pxname", "svname", "status", "type"})
    if (!head.columns.contains(needed)) return NotStatistics(std::string("no column ") + needed);
  return head;
}

struct Row {
  const Columns& columns;
  const Fields& fields;
  std::string operator[](std::string_view column) const {
    auto found = columns.find(column);
    return found == columns.end() ? "" : fields[found->second];
  }
  std::optional<double> Number(std::string_view column) const {
    auto number = ToInteger((*this)[column]);
    if (!number || *number < 0) return std::nullopt;
    return static_cast<double>(*number);
  }
};

HaproxyServer ToServer(const Row& row) {
  HaproxyServer s;
  s.proxy = row["pxname"];
  s.server = row["svname"];
  s.status = row["status"];
  // Without weight it gets no sessions: drained by another name, which HAProxy goes on calling UP.
  if (row["weight"] == "0" && s.status.starts_with("UP")) s.status = "DRAIN";
  s.up = s.status.starts_with("UP") || s.status == "no check";
  s.check_status = row["check_status"];
  if (s.check_status.starts_with("* ")) s.check_status.erase(0, 2);  // a check is under way
  s.address = row["addr"];
  s.sessions = row.Number("scur");
  s.session_limit = row.Number("slim");
  s.queue = row.Number("qcur");
  s.connections_total = row.Number("stot");
  s.connection_errors_total = row.Number("econ");
  s.check_failures_total = row.Number("chkfail");
  s.last_change_seconds = row.Number("lastchg");
  if (s.last_change_seconds > kMaxAgeSeconds) s.last_change_seconds.reset();
  return s;
}

// HAProxy takes letters, digits and a few signs.
bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), IsPlain);
}

}  // namespace

absl::StatusOr<std::vector<HaproxyServer>> ParseHaproxyStats(std::string_view csv) {
  auto head = TakeHead(csv);
  if (!head.ok()) return head.status();
  std::vector<HaproxyServer> servers;
  std::set<std::pair<std::string, std::string>> seen;
  while (!csv.empty()) {
    auto fields = TakeLine(csv);
    if (!fields.ok()) return fields.status();
    if (*fields == Fields{""}) continue;  // the socket ends its answer with an empty line
    if (fields->size() != head->width) return NotStatistics("a line and the head differ in length");
    Row row{head->columns, *fields};
    if (row["type"] != kServerType) continue;
    HaproxyServer server = ToServer(row);
    if (!IsName(server.proxy) || !IsName(server.server))
      return NotStatistics("a server has no name");
    if (servers.size() < kMaxServers && seen.insert({server.proxy, server.server}).second)
      servers.push_back(std::move(server));
  }
  return servers;
}

std::string_view HaproxyStateOf(std::string_view status) {
  bool changing = status.find('/') != status.npos;
  if (status.starts_with("UP")) return changing ? "going_down" : "up";
  if (status.starts_with("DOWN")) return changing ? "going_up" : "down";
  for (auto [said, state] : {std::pair<std::string_view, std::string_view>{"MAINT", "maint"},
                             {"DRAIN", "drain"}, {"NOLB", "nolb"}, {"no check", "no_check"}})
    if (status.starts_with(said)) return state;
  return "";
}
