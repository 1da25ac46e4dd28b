// What the core costs: a page of 2,000 series beside prometheus-cpp's own serializer, silent
// connections, and a thousand targets of which six hundred hang. Prints and judges nothing.
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>

#include "prometheus/gauge.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

#include "common/http_server.h"
#include "common/net.h"
#include "common/scrape.h"

using namespace std::chrono_literals;

namespace {

const Metric kValue("bench_value", Type::kGauge, "One value.", "target");
constexpr int kFamilies = 40, kSeries = 50;

double Milliseconds(Duration d) { return 1e3 * Seconds(d); }

long ResidentKilobytes() {
  std::ifstream file("/proc/self/statm");
  long size = 0, resident = 0;
  file >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE) / 1024;
}

// The median and the worst of `times` calls of f.
struct Times {
  double median, worst;
};
template <class F>
Times Measure(int times, F&& f) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    Instant begin = Clock::now();
    f();
    all.push_back(Milliseconds(Clock::now() - begin));
  }
  std::sort(all.begin(), all.end());
  return {all[all.size() / 2], all.back()};
}

// One request over an open connection; the number of bytes of the body, 0 if it fails.
std::size_t Get(const Socket& socket, const std::string& path) {
  std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  Deadline deadline = Deadline::In(30s);
  if (send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return 0;
  std::string text;
  std::size_t end = text.npos, length = 0;
  while (end == text.npos || text.size() < end + 4 + length) {
    char buffer[65536];
    if (deadline.Wait(socket.fd(), POLLIN) == 0) return 0;
    ssize_t n = recv(socket.fd(), buffer, sizeof buffer, 0);
    if (n <= 0) return 0;
    text.append(buffer, static_cast<std::size_t>(n));
    if (end == text.npos && (end = text.find("\r\n\r\n")) != text.npos)
      length = std::stoul(text.substr(text.find("Content-Length: ") + 16));
  }
  return length;
}

Socket Connect(int port) {
  auto socket = Dial("127.0.0.1", port, Deadline::In(10s));
  return socket.ok() ? *std::move(socket) : Socket();
}

// 40 families; each of their 50 series has three labels.
struct Families {
  std::deque<std::string> names;
  std::deque<Metric<3>> metrics;
  prometheus::Registry registry;

  Families() {
    for (int f = 0; f < kFamilies; ++f) {
      names.push_back("bench_family_" + std::to_string(f) + "_seconds");
      metrics.emplace_back(names.back(), Type::kGauge, "What is measured here.", "member",
                           "database", "kind");
      auto& family = prometheus::BuildGauge()
                         .Name(names.back())
                         .Help("What is measured here.")
                         .Register(registry);
      for (int s = 0; s < kSeries; ++s)
        family.Add({{"member", Member(s)}, {"database", "orders"}, {"kind", "written"}})
            .Set(Value(s));
    }
  }
  static std::string Member(int s) { return "postgres-" + std::to_string(s); }
  static double Value(int s) { return 1234.5678 * s + 0.1; }
  void Add(Samples& out) const {
    for (auto& metric : metrics)
      for (int s = 0; s < kSeries; ++s) out.Add(metric, {Member(s), "orders", "written"}, Value(s));
  }
};

struct BenchEye : Collector {
  std::function<absl::Status(const Deadline&, Samples&)> collect;
  absl::Status Collect(const Deadline& deadline, Samples& out) override {
    return collect(deadline, out);
  }
};

Target MakeTarget(const std::string& name,
                  std::function<absl::Status(const Deadline&, Samples&)> collect) {
  auto eye = std::make_unique<BenchEye>();
  eye->collect = std::move(collect);
  Target target;
  target.name = name, target.kind = "bench";
  target.collector = std::move(eye);
  return target;
}

void BenchPage(const Families& families) {
  Scraper scraper;
  scraper.Set({{"g", nullptr, [&] {
                  std::vector<Target> one;
                  one.push_back(MakeTarget("a", [&](const Deadline&, Samples& out) {
                    return families.Add(out), absl::OkStatus();
                  }));
                  return one;
                }}});
  prometheus::TextSerializer serializer;
  auto ours = [&] { return scraper.Scrape(Deadline::In(10s), Format::kText); };
  auto stock = [&] { return serializer.Serialize(families.registry.Collect()); };
  auto server = HttpServer::Start("127.0.0.1:0", [&](const HttpRequest& request) {
    return HttpResponse{200, "text/plain", request.path == "/stock" ? stock() : ours()};
  });
  Socket socket = Connect((*server)->port());
  Times page = Measure(300, ours), page_stock = Measure(300, stock);
  Times http = Measure(300, [&] { Get(socket, "/ours"); });
  Times http_stock = Measure(300, [&] { Get(socket, "/stock"); });
  std::printf("%d series in %d families, 3 labels (%zu bytes), median [worst]:\n",
              kFamilies * kSeries, kFamilies, Get(socket, "/ours"));
  auto line = [](const char* what, Times a, Times b) {
    std::printf("  %-36s %6.2f [%6.2f] ms   prometheus-cpp %6.2f [%6.2f] ms   ratio %.1f\n", what,
                a.median, a.worst, b.median, b.worst, b.median / a.median);
  };
  line("collected and rendered", page, page_stock);
  line("collected, rendered, over HTTP", http, http_stock);
}

void BenchIdleConnections() {
  auto server = HttpServer::Start("127.0.0.1:0", [](const HttpRequest&) {
    return HttpResponse{200, "text/plain", "healthy\n"};
  });
  int port = (*server)->port();
  auto healthy = [&] { Get(Connect(port), "/-/healthy"); };
  Times alone = Measure(50, healthy);
  std::vector<Socket> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(Connect(port));
  Times among = Measure(50, healthy);
  auto open = std::count_if(idle.begin(), idle.end(), [](auto& s) { return s.open(); });
  std::printf("/-/healthy alone %.2f [%.2f] ms, among %ld silent connections %.2f [%.2f] ms\n",
              alone.median, alone.worst, static_cast<long>(open), among.median, among.worst);
}

// A thousand targets, healthy ones take 20 ms.
void BenchHung(const char* what, std::function<absl::Status(const Deadline&, Samples&)> hang) {
  long before = ResidentKilobytes();
  Scraper scraper;
  scraper.Set({{"g", nullptr, [&] {
                  std::vector<Target> targets;
                  for (int i = 0; i < 1000; ++i) {
                    auto healthy = [i](const Deadline&, Samples& out) {
                      Deadline::In(20ms).Wait(-1, 0);
                      out.Add(kValue, {std::to_string(i)}, 1);
                      return absl::OkStatus();
                    };
                    targets.push_back(i < 600 ? MakeTarget(std::to_string(i), hang)
                                              : MakeTarget(std::to_string(i), healthy));
                  }
                  return targets;
                }}});
  std::printf("1,000 targets, 600 %s; scrapes (ms, healthy targets in the page):\n ", what);
  for (int i = 0; i < 10; ++i) {
    Instant begin = Clock::now();
    std::string page = scraper.Scrape(Deadline::In(2s), Format::kText);
    double took = Milliseconds(Clock::now() - begin);
    int there = 0;
    for (std::size_t at = 0; (at = page.find("\nbench_value{", at)) != page.npos; ++at) ++there;
    std::printf(" %.0f (%d)", took, there);
  }
  std::printf("\n  resident: %ld kB more than before, %ld kB in all\n",
              ResidentKilobytes() - before, ResidentKilobytes());
}

}  // namespace

int main() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  std::printf("resident at the start: %ld kB\n", ResidentKilobytes());
  auto* families = new Families;
  BenchPage(*families);
  BenchIdleConnections();
  BenchHung("answer nothing until their deadline",
            [](const Deadline& deadline, Samples&) -> absl::Status {
              deadline.Wait(-1, 0);
              return absl::DeadlineExceededError("no answer");
            });
  Deadline end = Deadline::In(8s);
  BenchHung("do not return for 8 s", [end](const Deadline&, Samples&) {
    end.Wait(-1, 0);
    return absl::OkStatus();
  });
}
