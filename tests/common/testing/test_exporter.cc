// A small exporter for the tests of Main(): its targets do what its configuration says.
#include <poll.h>

#include <memory>

#include "common/app.h"
#include "common/guarded.h"
#include "common/log.h"

using namespace std::chrono_literals;

namespace {

const Metric kValue("test_exporter_value", Type::kGauge, "Lines of a target.", "line");
const Metric kLooks("test_exporter_looks_before", Type::kGauge,
                    "Looks that earlier processes saw.");
const Metric kLoads("test_exporter_loads", Type::kGauge, "How often the judge was handed on.");

// Counts looks and keeps the count as its facts; at the first look it discovers a target.
class Counter : public Judge {
 public:
  void SetHooks(Hooks hooks) override { hooks_ = std::move(hooks); }
  void Show(const Now&, Samples& out) override {
    State now = state_.With([](State& s) { return s; });
    out.Add(kLooks, now.before);
    out.Add(kLoads, now.loads);
  }
  std::vector<Headline> Headlines(const Now&) override {
    return {{"s", "a", true, "h", 0, false}};
  }
  std::vector<Story> Stories() override { return {{1'000'000'000, "a <b>story</b>"}}; }
  absl::Status Restore(const std::string& facts, const Now&) override {
    if (facts.find_first_not_of("0123456789") != facts.npos || facts.empty())
      return absl::InvalidArgumentError("not a number");
    state_.With([&](State& s) { s.before = std::stod(facts); });
    return absl::OkStatus();
  }

  void Loaded() {
    state_.With([](State& s) { ++s.loads; });
  }
  void Looked() {
    int looks = state_.With([&](State& s) {
      ++s.looks;
      hooks_.save(std::to_string(static_cast<int>(s.before) + s.looks));
      return s.looks;
    });
    if (looks == 1) hooks_.refresh();
  }
  bool discovered() {
    return state_.With([](State& s) { return s.looks > 0; });
  }

 private:
  struct State {
    double before = 0, loads = 0;
    int looks = 0;
  };
  Hooks hooks_;
  Guarded<State> state_;
};

struct Plan {
  Duration delay;
  int lines;
  Duration leave, look;
};

class Eye : public Collector {
 public:
  Eye(std::shared_ptr<Counter> counter, Plan plan) : counter_(std::move(counter)), plan_(plan) {}
  absl::Status Collect(const Deadline& deadline, Samples& out) override {
    deadline.AtMost(plan_.delay).Wait(-1, 0);
    for (int i = 0; i < plan_.lines; ++i) out.Add(kValue, {std::to_string(i)}, i);
    return deadline.Over() ? absl::DeadlineExceededError("no answer in time") : absl::OkStatus();
  }
  Next Look(const Deadline& deadline) override {
    counter_->Looked();
    deadline.AtMost(plan_.look).Wait(-1, 0);
    return {};
  }
  void Leave(const Deadline& deadline) override {
    deadline.AtMost(plan_.leave).Wait(-1, 0);
    if (plan_.leave > 0s && !deadline.Over()) Log(Level::kInfo, "left");
  }

 private:
  std::shared_ptr<Counter> counter_;
  Plan plan_;
};

Target MakeTarget(const std::string& name, const std::shared_ptr<Counter>& counter, Plan plan) {
  Target target;
  target.name = name;
  target.kind = "test";
  target.labels = RenderLabels({{"target", name}});
  target.fingerprint = std::to_string(plan.lines) + "/" + std::to_string(Seconds(plan.delay));
  target.look_deadline = std::max(target.look_deadline, plan.look);
  target.collector = std::make_unique<Eye>(counter, plan);
  return target;
}

absl::StatusOr<std::vector<Group>> Load(Fields& config, const std::vector<Group>& running) {
  auto names = config.Strings("targets");
  bool discover = config.Bool("discover", false);
  Plan plan{config.Time("delay", 0s, 0s, 1h), config.Integer("lines", 1, 0, 5000),
            config.Time("leave", 0s, 0s, 1h), config.Time("look", 0s, 0s, 1h)};
  if (auto status = config.Finish(); !status.ok()) return status;
  auto counter = std::make_shared<Counter>();
  if (!running.empty()) counter = std::static_pointer_cast<Counter>(running[0].judge);
  counter->Loaded();
  return std::vector<Group>{{"the/group", counter, [=] {
                               std::vector<Target> targets;
                               for (auto& name : names)
                                 targets.push_back(MakeTarget(name, counter, plan));
                               if (discover && counter->discovered())
                                 targets.push_back(MakeTarget("discovered", counter, plan));
                               return targets;
                             }}};
}

}  // namespace

int main(int argc, char** argv) {
  return Main({"test-exporter", "Exports what its tests want.", 0, Load}, argc, argv);
}
