#include "common/status_page.h"

#include <time.h>

namespace {

constexpr std::size_t kStoriesShown = 20;

constexpr char kStyle[] =
    "<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:1em auto;"
    "max-width:60em;padding:0 1em}table{border-collapse:collapse;width:100%}td,th{text-align:left;"
    "padding:.25em .7em .25em 0;border-bottom:1px solid #8884;vertical-align:top;"
    "overflow-wrap:anywhere}"
    ".ok{color:#1a7f37}.bad{color:#cf222e;font-weight:600}.new{color:#888}"
    "@media(prefers-color-scheme:dark){.ok{color:#4ac26b}.bad{color:#ff7b72}}</style>";

std::string Escape(std::string_view s) {
  std::string out;
  for (char c : s) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string Utc(double unix_seconds) {
  if (unix_seconds <= 0) return "never";
  time_t t = static_cast<time_t>(unix_seconds);
  tm parts{};
  char text[32];
  gmtime_r(&t, &parts);
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

std::string Row(const TargetState& t) {
  std::string_view css = !t.known ? "new" : t.ok ? "ok" : "bad";
  std::string_view state = !t.known ? "not looked at yet" : t.ok ? "ok"
                           : t.doubted ? "doubted" : "failing";
  return "<tr><td>" + Escape(t.kind) + "</td><td>" + Escape(t.name) + "</td><td class=" +
         std::string(css) + ">" + std::string(state) + "</td><td>" + Escape(t.error) + "</td><td>" +
         Utc(t.last_success_unix_seconds) + "</td></tr>\n";
}

}  // namespace

std::string StatusPage(const std::string& program, const std::string& version,
                       const std::string& metrics_path, const std::vector<TargetState>& targets,
                       const std::vector<Story>& stories, const Now& now) {
  std::string page = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
                     "content=\"width=device-width\"><title>" + Escape(program) + "</title>";
  page += kStyle;
  page += "<h1>" + Escape(program) + "</h1><p>" + Escape(version) + ", " + Utc(now.unix_seconds) +
          ". <a href=\"" + Escape(metrics_path) + "\">Metrics</a></p><h2>Targets</h2><table>"
          "<tr><th>kind<th>target<th>state<th>reason<th>last success</tr>\n";
  for (auto& target : targets) page += Row(target);
  page += "</table><h2>Outages and failovers</h2>";
  if (stories.empty()) page += "<p>None seen.</p>";
  else page += "<table>";
  for (std::size_t i = 0; i < stories.size() && i < kStoriesShown; ++i)
    page += "<tr><td>" + Utc(stories[i].unix_seconds) + "</td><td>" + Escape(stories[i].text) +
            "</td></tr>\n";
  return page + (stories.empty() ? "" : "</table>") + "</html>\n";
}
