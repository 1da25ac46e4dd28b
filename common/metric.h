#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// How a page is written. Both formats come from the same rendered samples; only the heads differ.
enum class Type { kGauge, kCounter, kInfo, kStateSet, kHistogram };
enum class Format { kText, kOpenMetrics };

// Everything known about one metric. Defining one (at namespace scope) puts it in the catalogue, in
// --list-metrics and at its place in the page; see Metric below.
class MetricBase {
 public:
  const std::string_view name;
  const Type type;
  const std::string_view help;
  const std::vector<std::string_view> labels;  // after the target's own labels, in page order
  std::size_t index = 0;                       // of registration; Samples are stored by it

  // All metrics of the program, sorted by name: the order of the page.
  static const std::vector<const MetricBase*>& Catalogue();
  MetricBase(const MetricBase&) = delete;

 protected:
  MetricBase(std::string_view n, Type t, std::string_view h, std::vector<std::string_view> l);
};

// A metric with N labels of its own:
//   const Metric kLag("postgres_ha_replication_lag_seconds", Type::kGauge, "Delay.", "member");
//   out.Add(kLag, {member}, seconds);
// Counters end in _total, infos in _info; names carry the base unit. Help texts end with a
// full stop.
template <std::size_t N>
class Metric : public MetricBase {
 public:
  template <class... L>
    requires(sizeof...(L) == N)
  Metric(std::string_view n, Type t, std::string_view h, L... l) : MetricBase(n, t, h, {l...}) {}
};
template <class... L>
Metric(std::string_view, Type, std::string_view, L...) -> Metric<sizeof...(L)>;

// The samples of one target, rendered as they are added and kept apart by metric. Label values are
// made valid UTF-8, cut to 128 bytes and escaped. Beyond `max_samples` they are dropped and
// counted, so that a server gone mad cannot flood Prometheus.
class Samples {
 public:
  // `base`: labels that every sample starts with, rendered by RenderLabels; may be empty.
  explicit Samples(std::string base = {}, int max_samples = 5000)
      : base_(std::move(base)), max_samples_(max_samples) {}

  template <std::size_t N>
  void Add(const Metric<N>& m, const std::array<std::string_view, N>& values, double v) {
    AddRaw(m, values.data(), v);
  }
  void Add(const Metric<0>& m, double v) { AddRaw(m, nullptr, v); }
  // One series for each of `states`, 1 for `current` and 0 for the others: the last label is the
  // state. A `current` that is none of them gives all 0.
  template <std::size_t N>
  void AddState(const Metric<N>& m, std::array<std::string_view, N> values,
                const std::vector<std::string_view>& states, std::string_view current) {
    for (auto state : states) {
      values[N - 1] = state;
      AddRaw(m, values.data(), state == current);
    }
  }
  // Lines that are already in the exposition format, for a metric of the catalogue.
  void AddRendered(const MetricBase& m, std::string_view lines);

  const std::string& of(const MetricBase& m) const;
  int count() const { return count_; }
  int dropped() const { return dropped_; }

 private:
  void AddRaw(const MetricBase& m, const std::string_view* values, double v);
  std::string base_;
  int max_samples_;
  std::vector<std::string> body_;
  int count_ = 0, dropped_ = 0;
};

// {{"a","x"},{"b","y"}} as a="x",b="y".
std::string RenderLabels(const std::vector<std::pair<std::string_view, std::string_view>>& labels);

// A whole page: for each metric in catalogue order its head and the samples of all parts, nothing
// for a metric without samples; "# EOF" at the end of OpenMetrics.
std::string RenderPage(const std::vector<const Samples*>& parts, Format format);
std::string_view ContentType(Format format);

// --list-metrics: a Markdown table, or JSON.
std::string ListMetrics(bool json);

void AppendLabelValue(std::string& out, std::string_view s);  // without the quotes
void AppendNumber(std::string& out, double v);  // shortest form that reads back the same
