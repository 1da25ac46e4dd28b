#include "common/status_page.h"

#include <time.h>

#include <algorithm>

#include "common/words.h"

namespace {

constexpr std::size_t kStoriesShown = 20;

constexpr char kStyle[] =
    "<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:1em auto;"
    "max-width:60em;padding:0 1em}table{border-collapse:collapse;width:100%}td,th{text-align:left;"
    "padding:.25em .7em .25em 0;border-bottom:1px solid #8884;vertical-align:top}"
    // What comes from outside may be long: it breaks where it must, and so nothing else has to.
    "#stories td:first-child,#targets td:nth-child(2n+1){white-space:nowrap}"
    "@media(max-width:40em){#targets td:last-child{white-space:normal}}"
    "#services td,#stories td+td,#targets td:nth-child(2n){overflow-wrap:anywhere;min-width:5em}"
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

std::string Row(const Headline& h, const Now& now) {
  std::string_view css = !h.up ? "new" : *h.up && !h.split_brain ? "ok" : "bad";
  std::string state = !h.up ? "unknown" : *h.up ? "up" : "DOWN";
  if (h.down_unix_seconds > 0)
    state += ", for " + InWords(std::max(0.0, now.unix_seconds - h.down_unix_seconds));
  if (h.split_brain) state += ", SPLIT BRAIN";
  return "<tr><td>" + Escape(h.service) + "</td><td>" + Escape(h.scope) + "</td><td class=" +
         std::string(css) + ">" + state + "</td><td>" + Escape(h.holder) + "</td></tr>\n";
}

std::string Row(const Story& story) {
  return "<tr><td>" + Utc(story.unix_seconds) + "</td><td>" + Escape(story.text) + "</td></tr>\n";
}

}  // namespace

std::string StatusPage(const std::string& program, const std::string& version,
                       const std::string& metrics_path, const Status& status, const Now& now) {
  std::string page = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
                     "content=\"width=device-width\"><title>" + Escape(program) + "</title>";
  page += kStyle;
  page += "<h1>" + Escape(program) + "</h1><p>" + Escape(version) + ", " + Utc(now.unix_seconds) +
          ". <a href=\"" + Escape(metrics_path) + "\">Metrics</a></p>";
  if (!status.services.empty()) {
    page += "<h2>Services</h2><table id=services><tr><th>service<th>of<th>state<th>active</tr>\n";
    for (auto& headline : status.services) page += Row(headline, now);
    page += "</table>";
  }
  page += "<h2>What happened</h2>";
  page += status.stories.empty() ? "<p>Nothing seen.</p>" : "<table id=stories>\n";
  for (std::size_t i = 0; i < status.stories.size() && i < kStoriesShown; ++i)
    page += Row(status.stories[i]);
  page += status.stories.empty() ? "" : "</table>";
  page += "<h2>Targets</h2><table id=targets>"
          "<tr><th>kind<th>target<th>state<th>reason<th>last success</tr>\n";
  for (bool failing : {true, false})
    for (auto& target : status.targets)
      if ((target.known && !target.ok) == failing) page += Row(target);
  return page + "</table></html>\n";
}
