#include "common/running.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "common/json.h"
#include "common/log.h"
#include "common/self.h"
#include "common/status_page.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kScrapeTimeout = 9500ms;  // of a client that does not say
constexpr Duration kDrainAtMost = 12s, kReloadAtMost = 30s;

HttpResponse Text(int code, std::string body) { return {code, "text/plain; charset=utf-8", body}; }

void LogLines(Level level, std::string_view message, const absl::Status& status) {
  std::string text(status.message());
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    Log(level, message, {{"error", text.substr(at, end - at)}});
    at = end + 1;
  }
}

bool Has(const std::vector<Group>& groups, const Group& wanted) {
  for (auto& group : groups)
    if (group.judge == wanted.judge) return true;
  return false;
}

}  // namespace

Running::Running(const Exporter& exporter, Options options)
    : exporter_(exporter),
      options_(std::move(options)),
      scraper_(ShowSelf),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!options_.state_directory.empty()) {
    auto probe = WriteFileAtomically(options_.state_directory + "/.writable", "");
    unlink((options_.state_directory + "/.writable").c_str());
    NoteStateDirectory(probe.ok());
    if (!probe.ok()) LogLines(Level::kWarn, "outages will be forgotten at a restart", probe);
  }
}

void Running::Wake() const { eventfd_write(wake_.fd(), 1); }

std::string Running::FactsPath(const std::string& group) const {
  std::string safe;
  for (char c : group) safe += std::isalnum(static_cast<unsigned char>(c)) || c == '-' ? c : '_';
  return options_.state_directory + "/" + exporter_.name + "-" + safe + ".json";
}

// Gives a new group its facts of the last time, and its ways to the rest of the program.
void Running::Wire(Group& group) {
  if (!group.judge) return;
  Hooks hooks;
  hooks.poke = [this, name = group.name] { scraper_.Poke(name); };
  hooks.refresh = [this] {
    refresh_ = true;
    Wake();
  };
  if (!options_.state_directory.empty()) {
    std::string path = FactsPath(group.name);
    hooks.save = [this, path](std::string facts) { writer_.Write(path, std::move(facts)); };
    auto facts = ReadFileToString(path);
    auto restored = facts.ok() ? group.judge->Restore(*facts, Now::Read()) : facts.status();
    if (!restored.ok() && !absl::IsNotFound(restored))
      Log(Level::kWarn, "begins without the facts of the last time",
          {{"file", path}, {"error", std::string(restored.message())}});
  }
  group.judge->SetHooks(std::move(hooks));
}

absl::Status Running::Load() {
  Fields config = options_.config_file.empty() ? Fields::FromText("(no file)", "")
                                               : Fields::FromFile(options_.config_file);
  auto groups = exporter_.load(config, groups_);
  NoteReload(groups.ok(), Now::Read().unix_seconds);
  if (!groups.ok()) {
    LogLines(Level::kError, "bad configuration", groups.status());
    return groups.status();
  }
  for (Group& group : *groups)
    if (!Has(groups_, group)) Wire(group);
  groups_ = *std::move(groups);
  scraper_.Set(groups_);
  return absl::OkStatus();
}

HttpResponse Running::Metrics(const HttpRequest& request) {
  auto format = WantsOpenMetrics(request.accept) ? Format::kOpenMetrics : Format::kText;
  Instant begin = Clock::now();
  Deadline deadline(begin + ScrapeTimeout(request.scrape_timeout, kScrapeTimeout));
  if (!options_.state_directory.empty()) NoteStateDirectory(!writer_.failing());
  HttpResponse response{200, std::string(ContentType(format)), scraper_.Scrape(deadline, format)};
  ObserveScrape(Seconds(Clock::now() - begin));
  return response;
}

HttpResponse Running::AskReload() {
  int mine = reload_.With([](Reload& r) { return ++r.asked; });
  Wake();
  auto status = reload_.Await(
      Clock::now() + kReloadAtMost, [&](Reload& r) { return r.done >= mine; },
      [&](Reload& r) { return r.done >= mine ? r.last : absl::DeadlineExceededError("too slow"); });
  if (status.ok()) return Text(200, "reloaded\n");
  return Text(500, "the old configuration stays in force:\n" + std::string(status.message()) + "\n");
}

HttpResponse Running::Route(const HttpRequest& request, std::string& handler) {
  const std::string& path = request.path;
  handler = path;
  bool ready = !draining_ && scraper_.ready();
  if (path == "/-/reload") {
    if (!options_.lifecycle) return Text(403, "start with --web.enable-lifecycle to allow this\n");
    return request.method == "POST" ? AskReload() : Text(405, "POST, please\n");
  }
  if (request.method != "GET") return Text(405, "GET, please\n");
  if (path == "/-/healthy" || path == "/health/live") return Text(200, "healthy\n");
  if (path == "/-/ready" || path == "/health/ready")
    return ready ? Text(200, "ready\n") : Text(503, draining_ ? "stopping\n" : "starting\n");
  if (path == "/health") {
    std::string status = draining_ ? "stopping" : ready ? "ok" : "starting";
    return {ready ? 200 : 503, "application/json",
            "{\"status\":" + JsonQuote(status) + ",\"version\":" + JsonQuote(Version()) + "}\n"};
  }
  if (path == options_.metrics_path)
    return draining_ ? Text(503, "stopping\n") : Metrics(request);
  if (path == "/")
    return {200, "text/html; charset=utf-8",
            StatusPage(exporter_.name, LongVersion(), options_.metrics_path, scraper_.States(),
                       scraper_.Stories(), Now::Read())};
  handler = "other";
  return Text(404, "not here\n");
}

HttpResponse Running::Answer(const HttpRequest& request) {
  std::string handler;
  HttpResponse response = Route(request, handler);
  CountHttpRequest(handler, response.code);
  return response;
}

void Running::Serve(HttpServer& listening) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, s);
  Socket arrived(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  while (true) {
    pollfd fds[] = {{arrived.fd(), POLLIN, 0}, {wake_.fd(), POLLIN, 0}};
    poll(fds, 2, -1);
    eventfd_t ignored;
    eventfd_read(wake_.fd(), &ignored);
    bool reload = false;
    signalfd_siginfo info;
    while (read(arrived.fd(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo != SIGHUP) return Drain(listening);
      reload = true;
    }
    int asked = reload_.With([](Reload& r) { return r.asked; });
    if (reload || asked > reload_.With([](Reload& r) { return r.done; })) {
      auto status = Load();
      if (status.ok()) Log(Level::kInfo, "configuration reloaded", {});
      reload_.Change([&](Reload& r) {
        r.done = asked;
        r.last = status;
      });
    }
    if (refresh_.exchange(false)) scraper_.Set(groups_);
  }
}

void Running::Drain(HttpServer& listening) {
  Log(Level::kInfo, "stopping", {});
  draining_ = true;
  Deadline deadline = Deadline::In(kDrainAtMost);
  listening.Drain(deadline);
  writer_.Flush(deadline);
}
