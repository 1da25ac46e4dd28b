#include "common/self.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <fstream>
#include <sstream>

#include "prometheus/counter.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

#include "common/guarded.h"
#include "common/sha256.h"

namespace {

const Metric kBuild("sentinel_exporter_build_info", Type::kInfo, "Which build this is.", "version",
                    "revision");
const Metric kReload("sentinel_exporter_config_last_reload_successful", Type::kGauge,
                     "Whether the configuration in force is the one last asked for.");
const Metric kReloadTime("sentinel_exporter_config_last_reload_success_timestamp_seconds",
                         Type::kGauge, "When the configuration in force was read.");
const Metric kRequests("sentinel_exporter_http_requests_total", Type::kCounter,
                       "HTTP requests answered.", "handler", "code");
const Metric kScrapes("sentinel_exporter_scrape_duration_seconds", Type::kHistogram,
                      "How long scrapes took, the running one not yet counted.");
const Metric kStateDirectory("sentinel_exporter_state_directory_writable", Type::kGauge,
                             "Whether facts can be kept for the next start. Absent without "
                             "--state.dir.");
const Metric kCpu("process_cpu_seconds_total", Type::kCounter, "User and system CPU time.");
const Metric kResident("process_resident_memory_bytes", Type::kGauge, "Resident memory.");
const Metric kVirtual("process_virtual_memory_bytes", Type::kGauge, "Virtual memory.");
const Metric kOpenFds("process_open_fds", Type::kGauge, "Open file descriptors.");
const Metric kMaxFds("process_max_fds", Type::kGauge, "How many file descriptors there may be.");
const Metric kThreads("process_threads", Type::kGauge, "Threads.");
const Metric kStart("process_start_time_seconds", Type::kGauge, "When the process started.");

Guarded<std::string> own_letters;

// What happens in this process lives in a registry, as everywhere; only its rendering is ours.
struct Registered {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter().Name(std::string(kRequests.name)).Register(registry);
  prometheus::Histogram& scrapes =
      prometheus::BuildHistogram().Name(std::string(kScrapes.name)).Register(registry).Add(
          {}, prometheus::Histogram::BucketBoundaries{.001, .005, .01, .05, .1, .5, 1, 2, 5, 10});
};
Registered& Own() {
  static auto* own = new Registered;
  return *own;
}

struct State {
  bool reloaded = true;
  double reload_time = 0;
  int state_directory = -1;  // unknown
};
Guarded<State> state;

void ShowHistogram(const Metric<0>& metric, const prometheus::ClientMetric::Histogram& h,
                   Samples& out) {
  std::string lines, name(metric.name);
  auto add = [&](const std::string& series, double value) {
    lines += series + " ";
    AppendNumber(lines, value);
    lines += '\n';
  };
  for (auto& bucket : h.bucket) {
    std::string le;
    AppendNumber(le, bucket.upper_bound);
    if (le.find_first_of(".e") == le.npos && le != "+Inf") le += ".0";  // as OpenMetrics wants it
    add(name + "_bucket{le=\"" + le + "\"}", static_cast<double>(bucket.cumulative_count));
  }
  add(name + "_sum", h.sample_sum);
  add(name + "_count", static_cast<double>(h.sample_count));
  out.AddRendered(metric, lines);
}

void ShowRegistry(Samples& out) {
  for (auto& family : Own().registry.Collect()) {
    for (auto& metric : family.metric) {
      if (family.type == prometheus::MetricType::Histogram) {
        ShowHistogram(kScrapes, metric.histogram, out);
      } else {
        std::string_view handler, code;
        for (auto& label : metric.label) (label.name == "handler" ? handler : code) = label.value;
        out.Add(kRequests, {handler, code}, metric.counter.value);
      }
    }
  }
}

// The fields of /proc/self/stat after the program's name, which may hold anything.
std::vector<double> ProcessStat() {
  std::string line;
  std::getline(std::ifstream("/proc/self/stat"), line);
  std::vector<double> fields;
  std::size_t close = line.rfind(')');
  if (close == line.npos) return fields;
  std::istringstream rest(line.substr(close + 4));  // from field 4 (ppid) on
  for (double v; rest >> v;) fields.push_back(v);
  return fields;
}

double OpenDescriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (!directory) return -1;
  double n = -3;  // ".", ".." and the one that lists them
  while (readdir(directory)) ++n;
  closedir(directory);
  return n;
}

void ShowProcess(Samples& out) {
  auto stat = ProcessStat();
  auto field = [&](std::size_t number) { return stat.size() > number - 4 ? stat[number - 4] : 0; };
  double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (!stat.empty()) {
    out.Add(kCpu, (field(14) + field(15)) / ticks);
    out.Add(kThreads, field(20));
    out.Add(kVirtual, field(23));
    out.Add(kResident, field(24) * static_cast<double>(sysconf(_SC_PAGESIZE)));
    // Since boot; /proc/stat, which knows when that was, is hidden from a hardened service.
    static const double start = Now::Read().Unix(Instant() + FromSeconds(field(22) / ticks));
    out.Add(kStart, start);
  }
  if (double n = OpenDescriptors(); n >= 0) out.Add(kOpenFds, n);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) out.Add(kMaxFds, static_cast<double>(limit.rlim_cur));
}

}  // namespace

void CountHttpRequest(const std::string& handler, int code) {
  Own().requests.Add({{"handler", handler}, {"code", std::to_string(code)}}).Increment();
}

void ObserveScrape(double seconds) { Own().scrapes.Observe(seconds); }

void NoteReload(bool successful, double unix_seconds) {
  state.With([&](State& s) {
    s.reloaded = successful;
    if (successful) s.reload_time = unix_seconds;
  });
}

void NoteStateDirectory(bool writable) {
  state.With([&](State& s) { s.state_directory = writable; });
}

void ShowSelf(Samples& out) {
  State now = state.With([](State& s) { return s; });
  out.Add(kBuild, {VERSION, REVISION}, 1);
  out.Add(kReload, now.reloaded);
  if (now.reload_time > 0) out.Add(kReloadTime, now.reload_time);
  if (now.state_directory >= 0) out.Add(kStateDirectory, now.state_directory);
  ShowRegistry(out);
  ShowProcess(out);
}

std::string LettersOf(const std::string& machine, const std::string& address) {
  if (machine.empty() || address.ends_with(":0")) return "";
  const auto hash = Sha256(machine + '\0' + address);
  std::string letters;
  for (std::size_t i = 0; i < 16; ++i) letters += static_cast<char>('a' + hash[i] % 26);
  return letters;
}

std::string OwnLetters() {
  return own_letters.With([](std::string& letters) { return letters; });
}

void TakeLetters(const std::string& address) {
  std::string machine;
  std::getline(std::ifstream("/etc/machine-id"), machine);
  if (machine.size() != 32) {  // also "uninitialized", on every machine that is
    char name[HOST_NAME_MAX + 1] = "";  // a container has no id, and keeps its name at a restart
    gethostname(name, sizeof name - 1);
    machine = name;
  }
  own_letters.With([&](std::string& letters) { letters = LettersOf(machine, address); });
}

std::string Version() { return VERSION; }
std::string LongVersion() { return std::string(VERSION) + " (revision " + REVISION + ")"; }
