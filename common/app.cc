#include "common/app.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "common/flags.h"
#include "common/log.h"
#include "common/running.h"
#include "common/self.h"

namespace {

std::vector<Flag> Flags(const Exporter& exporter) {
  const char* set = std::getenv("STATE_DIRECTORY");
  std::string state = set != nullptr ? set : "";
  state = state.substr(0, state.find(':'));  // systemd may give several
  return {
      {"web.listen-address", "ADDRESS", "where to listen: :PORT or HOST:PORT; port 0 is a free one",
       ":" + std::to_string(exporter.port)},
      {"web.telemetry-path", "PATH", "where the metrics are", "/metrics"},
      {"web.enable-lifecycle", "", "allow POST /-/reload"},
      {"config.file", "FILE", "what to watch (YAML); without it, the local default"},
      {"check-config", "", "say whether the configuration is good, and exit"},
      {"list-metrics", "[json]", "print all metrics as a Markdown table or JSON, and exit"},
      {"state.dir", "DIRECTORY", "where outages and failovers survive a restart (default "
                                 "$STATE_DIRECTORY, else nowhere)", state},
      {"log.level", "LEVEL", "debug, info, warn or error", "info"},
      {"log.format", "FORMAT", "logfmt or json", "logfmt"},
      {"version", "", "print the version, and exit"},
      {"help", "", "print this, and exit"},
  };
}

int Complain(const std::string& program, const std::string& what, int code) {
  std::fprintf(stderr, "%s: %s\n", program.c_str(), what.c_str());
  return code;
}

bool SetUpLog(const std::string& level, const std::string& format) {
  constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};
  for (int i = 0; i < 4; ++i) {
    if (level != kLevels[i] || (format != "logfmt" && format != "json")) continue;
    ConfigureLog(static_cast<Level>(i), format == "json" ? LogFormat::kJson : LogFormat::kLogfmt);
    return true;
  }
  return false;
}

int CheckConfig(const Exporter& exporter, const std::string& file) {
  Fields config = file.empty() ? Fields::FromText("(no file)", "") : Fields::FromFile(file);
  auto groups = exporter.load(config, {});
  if (groups.ok()) return std::puts("the configuration is good"), 0;
  std::fprintf(stderr, "%s\n", std::string(groups.status().message()).c_str());
  return 1;
}

void PrepareProcess() {
  mallopt(M_ARENA_MAX, 2);  // an arena per thread would cost more memory than all else
  // A page is built and freed at every scrape: giving its memory back each time would interrupt
  // every core for it, and fetching it again clears pages.
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  std::signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  // Before any thread starts, so that only the main one takes them, when it asks.
  sigset_t signals;
  sigemptyset(&signals);
  for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, s);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

// Why the values of the flags cannot be used, "" if they can; sets up the log.
std::string Use(const std::vector<Flag>& flags) {
  auto& list = Value(flags, "list-metrics");
  if (!list.empty() && list != "true" && list != "json") return "metrics are listed as json or not";
  if (!Value(flags, "web.telemetry-path").starts_with('/'))
    return "--web.telemetry-path begins with /";
  if (!SetUpLog(Value(flags, "log.level"), Value(flags, "log.format")))
    return "not a log level or format (see --help)";
  return "";
}

// Runs until a signal; never returns, because other threads may still be at work.
[[noreturn]] void Run(const Exporter& exporter, const std::vector<Flag>& flags) {
  PrepareProcess();
  Running::Options options{Value(flags, "config.file"), Value(flags, "state.dir"),
                           Value(flags, "web.telemetry-path"),
                           !Value(flags, "web.enable-lifecycle").empty()};
  if (options.state_directory.empty()) TakeLetters(Value(flags, "web.listen-address"));
  // Never destroyed: threads of it may be stuck in a system call when the program ends.
  auto* running = new Running(exporter, std::move(options));
  if (!running->Load().empty()) _exit(1);
  auto server = HttpServer::Start(Value(flags, "web.listen-address"), [running](auto& request) {
    return running->Answer(request);
  });
  if (!server.ok()) _exit(Complain(exporter.name, std::string(server.status().message()), 1));
  Log(Level::kInfo, "listening", {{"program", exporter.name}, {"version", LongVersion()},
                                  {"address", Value(flags, "web.listen-address")},
                                  {"port", std::to_string((*server)->port())}});
  running->Serve(**server);
  _exit(0);
}

}  // namespace

int Main(const Exporter& exporter, int argc, char** argv) {
  const auto defaults = Flags(exporter);
  auto flags = defaults;
  if (auto parsed = ParseFlags(argc, argv, flags); !parsed.ok())
    return Complain(exporter.name, std::string(parsed.message()), 2);
  auto on = [&](std::string_view name) { return !Value(flags, name).empty(); };
  if (on("help"))
    return std::fputs(Usage(exporter.name, exporter.summary, defaults).c_str(), stdout), 0;
  if (on("version"))
    return std::printf("%s %s\n", exporter.name.c_str(), LongVersion().c_str()), 0;
  if (auto wrong = Use(flags); !wrong.empty()) return Complain(exporter.name, wrong, 2);
  if (on("list-metrics"))
    return std::fputs(ListMetrics(Value(flags, "list-metrics") == "json").c_str(), stdout), 0;
  if (on("check-config")) return CheckConfig(exporter, Value(flags, "config.file"));
  Run(exporter, flags);
}
