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
  const char* state = std::getenv("STATE_DIRECTORY");
  return {
      {"web.listen-address", "ADDRESS", "where to listen: :PORT or HOST:PORT; port 0 is a free one",
       ":" + std::to_string(exporter.port)},
      {"web.telemetry-path", "PATH", "where the metrics are", "/metrics"},
      {"web.enable-lifecycle", "", "allow POST /-/reload"},
      {"config.file", "FILE", "what to watch (YAML); without it, the local default"},
      {"check-config", "", "say whether the configuration is good, and exit"},
      {"list-metrics", "", "print all metrics as a Markdown table, and exit"},
      {"list-metrics-json", "", "print all metrics as JSON, and exit"},
      {"state.dir", "DIRECTORY", "where outages and failovers survive a restart (default "
                                 "$STATE_DIRECTORY, else nowhere)", state ? state : ""},
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

// --list-metrics=json is the documented spelling; a switch with a value is one of its own here.
std::vector<char*> Spell(int argc, char** argv) {
  static char json[] = "--list-metrics-json";
  std::vector<char*> words(argv, argv + argc);
  for (char*& word : words)
    if (std::string_view(word) == "--list-metrics=json") word = json;
  words.push_back(nullptr);
  return words;
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

int Run(const Exporter& exporter, const std::vector<Flag>& flags) {
  PrepareProcess();
  Running::Options options{Value(flags, "config.file"), Value(flags, "state.dir"),
                           Value(flags, "web.telemetry-path"),
                           !Value(flags, "web.enable-lifecycle").empty()};
  // Never destroyed: threads of it may be stuck in a system call when the program ends.
  auto* running = new Running(exporter, std::move(options));
  if (!running->Load().ok()) return 1;
  auto server = HttpServer::Start(Value(flags, "web.listen-address"), [running](auto& request) {
    return running->Answer(request);
  });
  if (!server.ok()) return Complain(exporter.name, std::string(server.status().message()), 1);
  Log(Level::kInfo, "listening", {{"program", exporter.name}, {"version", LongVersion()},
                                  {"address", Value(flags, "web.listen-address")},
                                  {"port", std::to_string((*server)->port())}});
  running->Serve(**server);
  _exit(0);
}

}  // namespace

int Main(const Exporter& exporter, int argc, char** argv) {
  auto flags = Flags(exporter);
  auto words = Spell(argc, argv);
  if (auto parsed = ParseFlags(argc, words.data(), flags); !parsed.ok())
    return Complain(exporter.name, std::string(parsed.message()), 2);
  auto on = [&](std::string_view name) { return !Value(flags, name).empty(); };
  if (on("help"))
    return std::fputs(Usage(exporter.name, exporter.summary, flags).c_str(), stdout), 0;
  if (on("version"))
    return std::printf("%s %s\n", exporter.name.c_str(), LongVersion().c_str()), 0;
  if (on("list-metrics") || on("list-metrics-json"))
    return std::fputs(ListMetrics(on("list-metrics-json")).c_str(), stdout), 0;
  if (!SetUpLog(Value(flags, "log.level"), Value(flags, "log.format")))
    return Complain(exporter.name, "not a log level or format (--help lists all)", 2);
  if (on("check-config")) return CheckConfig(exporter, Value(flags, "config.file"));
  return Run(exporter, flags);
}
