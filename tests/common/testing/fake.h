#pragma once
#include <poll.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/guarded.h"
#include "common/scrape.h"

// What the tests of the core share: waiting for conditions, eyes made of functions, pages as maps.

// Waits until condition() holds; false if it does not within `limit`.
template <class F>
bool Eventually(F&& condition, Duration limit = std::chrono::seconds(20)) {
  for (Deadline deadline = Deadline::In(limit); !condition();) {
    if (deadline.Over()) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

// Something threads wait for until the test lets them go.
class Gate {
 public:
  void Open() {
    open_.Change([](bool& open) { open = true; });
  }
  // True if it opened by `deadline`.
  bool Wait(const Deadline& deadline = Deadline::In(std::chrono::minutes(5))) {
    return open_.Await(
        deadline.at(), [](bool& open) { return open; }, [](bool& open) { return open; });
  }

 private:
  Guarded<bool> open_{false};
};

struct Eye : Collector {
  using CollectFunction = std::function<absl::Status(const Deadline&, Samples&)>;
  using LookFunction = std::function<Next(const Deadline&)>;
  explicit Eye(CollectFunction c, LookFunction l = nullptr)
      : collect(std::move(c)), look(std::move(l)) {}
  absl::Status Collect(const Deadline& deadline, Samples& out) override {
    return collect ? collect(deadline, out) : absl::OkStatus();
  }
  Next Look(const Deadline& deadline) override {
    return look ? look(deadline) : Collector::Look(deadline);
  }
  CollectFunction collect;
  LookFunction look;
};

inline Target MakeTarget(const std::string& name, Eye::CollectFunction collect,
                         Eye::LookFunction look = nullptr) {
  Target target;
  target.name = name;
  target.kind = "fake";
  target.labels = RenderLabels({{"fake", name}});
  target.collector = std::make_unique<Eye>(std::move(collect), std::move(look));
  return target;
}

// A group of targets that are made once: their collectors go to the first Set.
template <class... T>
Group OneGroup(const std::string& name, T... targets) {
  auto made = std::make_shared<std::vector<Target>>();
  (made->push_back(std::move(targets)), ...);
  return {name, nullptr, [made] { return std::move(*made); }};
}

// A page as a map from series to value, heads left out.
inline std::map<std::string, std::string> Series(const std::string& page) {
  std::map<std::string, std::string> series;
  for (std::size_t at = 0; at < page.size();) {
    std::size_t end = page.find('\n', at);
    std::string line = page.substr(at, end - at);
    at = end == page.npos ? page.size() : end + 1;
    if (line.empty() || line[0] == '#') continue;
    std::size_t space = line.rfind(' ');
    series[line.substr(0, space)] = line.substr(space + 1);
  }
  return series;
}

// The value of one series, "absent" without it.
inline std::string ValueOf(const std::string& page, const std::string& series) {
  auto all = Series(page);
  auto found = all.find(series);
  return found == all.end() ? "absent" : found->second;
}
