#include "common/running.h"

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <limits>

#include "absl/strings/str_format.h"

#include "common/json.h"
#include "common/log.h"
#include "common/self.h"
#include "common/status_page.h"

using namespace std::chrono_literals;

namespace {

constexpr Duration kScrapeTimeout = 9500ms;  // of a client that does not say
constexpr Duration kDrainAtMost = 12s, kFlushAtMost = 2s, kReloadAtMost = 30s;
constexpr Duration kLeaveAtOnce = 1s, kLeaveAtMost = 20s;

// What requests are counted by, besides the path of the metrics; all others are "other".
constexpr std::string_view kPaths[] = {"/",       "/-/healthy",   "/-/ready",     "/-/reload",
                                       "/health", "/health/live", "/health/ready"};

HttpResponse Text(int code, std::string body) { return {code, "text/plain; charset=utf-8", body}; }

void LogLines(Level level, std::string_view message, const std::string& lines) {
  for (std::size_t at = 0; at <= lines.size();) {
    std::size_t end = std::min(lines.find('\n', at), lines.size());
    Log(level, message, {{"error", lines.substr(at, end - at)}});
    at = end + 1;
  }
}

// For the main thread, which takes signals.
void EndAtNextSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int s : {SIGTERM, SIGINT}) {
    std::signal(s, [](int) { _exit(0); });
    sigaddset(&signals, s);
  }
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
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
  if (options_.state_directory.empty()) return;
  auto writable = writer_.Try(options_.state_directory);
  if (!writable.ok())
    Log(Level::kWarn, "outages will be forgotten at a restart",
        {{"error", std::string(writable.message())}});
}

void Running::Wake() const { eventfd_write(wake_.fd(), 1); }

// Different groups have different files, whatever they are called.
std::string Running::FactsPath(const std::string& group) const {
  std::string safe;
  for (unsigned char c : group)
    safe += std::isalnum(c) || c == '-' || c == '.' ? std::string(1, static_cast<char>(c))
                                                     : absl::StrFormat("_%02x", c);
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

std::string Running::Load() {
  Fields config = options_.config_file.empty() ? Fields::FromText("(no file)", "")
                                               : Fields::FromFile(options_.config_file);
  auto groups = exporter_.load(config, groups_);
  NoteReload(groups.ok(), Now::Read().unix_seconds);
  if (!groups.ok()) {
    std::string errors(groups.status().message());
    LogLines(Level::kError, "bad configuration", errors);
    return errors;
  }
  for (Group& group : *groups)
    if (!Has(groups_, group)) Wire(group);
  groups_ = *std::move(groups);
  scraper_.Set(groups_);
  return "";
}

std::string_view Running::Phase() {
  if (draining_) return "draining";
  // Targets that a reload or a discovery adds later do not make the program unready again.
  if (!was_ready_ && scraper_.ready()) was_ready_ = true;
  return was_ready_ ? "ok" : "starting";
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

HttpResponse Running::AskReload(const HttpRequest& request) {
  if (!options_.lifecycle) return Text(403, "start with --web.enable-lifecycle to allow this\n");
  if (request.method != "POST") return Text(405, "POST, please\n");
  if (draining_) return Text(503, "draining\n");
  int mine = reload_.With([](Reload& r) { return ++r.asked; });
  Wake();
  std::string error = reload_.Await(
      Clock::now() + kReloadAtMost, [&](Reload& r) { return r.done >= mine; },
      [&](Reload& r) { return r.done >= mine ? r.error : std::string("no answer in time"); });
  if (error.empty()) return Text(200, "reloaded\n");
  return Text(500, "the old configuration stays in force:\n" + error + "\n");
}

HttpResponse Running::Route(const HttpRequest& request) {
  const std::string& path = request.path;
  if (path == "/-/reload") return AskReload(request);
  if (request.method != "GET") return Text(405, "GET, please\n");
  if (path == options_.metrics_path)
    return draining_ ? Text(503, "draining\n") : Metrics(request);
  if (path == "/-/healthy" || path == "/health/live") return Text(200, "healthy\n");
  std::string phase(Phase());
  if (path == "/-/ready" || path == "/health/ready")
    return phase == "ok" ? Text(200, "ready\n") : Text(503, phase + "\n");
  if (path == "/health")
    return {phase == "ok" ? 200 : 503, "application/json",
            "{\"status\":" + JsonQuote(phase) + ",\"version\":" + JsonQuote(Version()) + "}\n"};
  if (path == "/") {
    const Now now = Now::Read();
    return {200, "text/html; charset=utf-8",
            StatusPage(exporter_.name, LongVersion(), options_.metrics_path,
                       {scraper_.Headlines(now), scraper_.States(), scraper_.Stories()}, now)};
  }
  return Text(404, "not here\n");
}

HttpResponse Running::Answer(const HttpRequest& request) {
  HttpResponse response = Route(request);
  bool known = request.path == options_.metrics_path ||
               std::count(std::begin(kPaths), std::end(kPaths), request.path) > 0;
  CountHttpRequest(known ? request.path : "other", response.code);
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
      std::string error = Load();
      if (error.empty()) Log(Level::kInfo, "configuration reloaded");
      Reloaded(asked, error);
    }
    if (refresh_.exchange(false)) scraper_.Set(groups_);
  }
}

void Running::Reloaded(int asked, const std::string& error) {
  reload_.Change([&](Reload& r) {
    r.done = asked;
    r.error = error;
  });
}

void Running::Drain(HttpServer& listening) {
  Log(Level::kInfo, "stopping");
  draining_ = true;
  Reloaded(std::numeric_limits<int>::max(), "the program is stopping");
  listening.Drain(Deadline::In(kDrainAtMost));
  if (!scraper_.Leave(Deadline::In(kLeaveAtOnce))) {
    Log(Level::kInfo, "waiting for the looks in flight; another signal ends at once");
    EndAtNextSignal();
    scraper_.Leave(Deadline::In(kLeaveAtMost));
  }
  writer_.Flush(Deadline::In(kFlushAtMost));
}
