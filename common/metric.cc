#include "common/metric.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "common/json.h"
#include "common/utf8.h"

namespace {

constexpr std::size_t kMaxLabelBytes = 128;
constexpr std::string_view kTypeNames[] = {"gauge", "counter", "info", "stateset", "histogram"};

std::vector<const MetricBase*>& Registered() {
  static auto* all = new std::vector<const MetricBase*>;
  return *all;
}

// How many bytes at the start of `s` are ASCII and need no escape.
std::size_t PlainLength(std::string_view s) {
  auto special = [](unsigned char c) { return c >= 0x80 || c == '\n' || c == '"' || c == '\\'; };
  return static_cast<std::size_t>(std::find_if(s.begin(), s.end(), special) - s.begin());
}

// HELP texts escape only the backslash and the line feed in the text format; OpenMetrics wants
// double quotes escaped too.
void AppendHelp(std::string& out, std::string_view s, Format format) {
  for (char c : s) {
    if (c == '\\' || (c == '"' && format == Format::kOpenMetrics)) out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
}

void AppendHead(std::string& out, const MetricBase& m, Format format) {
  std::string_view name = m.name, type = kTypeNames[static_cast<int>(m.type)];
  if (format == Format::kOpenMetrics) {
    if (m.type == Type::kCounter) name.remove_suffix(std::string_view("_total").size());
    if (m.type == Type::kInfo) name.remove_suffix(std::string_view("_info").size());
  } else if (m.type == Type::kInfo) {
    type = "gauge";
  }
  // OpenMetrics wants the label of a state set to be named like the metric; ours is "state".
  if (m.type == Type::kStateSet) type = "gauge";
  out.append("# HELP ").append(name).append(" ");
  AppendHelp(out, m.help, format);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

}  // namespace

MetricBase::MetricBase(std::string_view n, Type t, std::string_view h,
                       std::vector<std::string_view> l)
    : name(n), type(t), help(h), labels(std::move(l)), index(Registered().size()) {
  Registered().push_back(this);
}

const std::vector<const MetricBase*>& MetricBase::Catalogue() {
  static const auto* sorted = [] {
    auto* all = new std::vector<const MetricBase*>(Registered());
    std::sort(all->begin(), all->end(), [](auto* a, auto* b) { return a->name < b->name; });
    return all;
  }();
  return *sorted;
}

void AppendLabelValue(std::string& out, std::string_view s) {
  std::size_t left = kMaxLabelBytes;
  while (!s.empty()) {
    std::size_t plain = PlainLength(s.substr(0, left));
    out.append(s, 0, plain);
    s.remove_prefix(plain);
    left -= plain;
    if (s.empty()) return;
    std::size_t n = Utf8Length(s);
    std::string_view character = n > 0 ? s.substr(0, n) : kReplacement;
    if (character.size() > left) return;
    left -= character.size();
    if (s[0] == '\n') out += "\\n";
    else if (s[0] == '"' || s[0] == '\\') out.append("\\").append(character);
    else out.append(character);
    s.remove_prefix(std::max<std::size_t>(n, 1));
  }
}

void AppendNumber(std::string& out, double v) {
  if (std::isnan(v)) {
    out += "NaN";
  } else if (std::isinf(v)) {
    out += v < 0 ? "-Inf" : "+Inf";
  } else {
    char buffer[32];
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, v).ptr);
  }
}

const std::string& Samples::of(const MetricBase& m) const {
  static const std::string none;
  return m.index < body_.size() ? body_[m.index] : none;
}

void Samples::AddRendered(const MetricBase& m, std::string_view lines) {
  if (body_.empty()) body_.resize(Registered().size());
  body_[m.index] += lines;
  count_ += static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
}

void Samples::AddRaw(const MetricBase& m, const std::string_view* values, double v) {
  if (count_ >= max_samples_) {
    ++dropped_;
    return;
  }
  ++count_;
  if (body_.empty()) body_.resize(Registered().size());
  std::string& out = body_[m.index];
  out += m.name;
  char separator = '{';
  if (!base_.empty()) {
    out.append("{").append(base_);
    separator = ',';
  }
  for (std::size_t i = 0; i < m.labels.size(); ++i) {
    out += separator;
    separator = ',';
    out.append(m.labels[i]).append("=\"");
    AppendLabelValue(out, values[i]);
    out += '"';
  }
  out += separator == ',' ? "} " : " ";
  AppendNumber(out, v);
  out += '\n';
}

std::string RenderLabels(const std::vector<std::pair<std::string_view, std::string_view>>& labels) {
  std::string out;
  for (auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out.append(name).append("=\"");
    AppendLabelValue(out, value);
    out += '"';
  }
  return out;
}

std::string RenderPage(const std::vector<const Samples*>& parts, Format format) {
  std::string page;
  page.reserve(64 << 10);
  for (const MetricBase* m : MetricBase::Catalogue()) {
    std::size_t head = page.size();
    AppendHead(page, *m, format);
    std::size_t body = page.size();
    for (const Samples* part : parts) page += part->of(*m);
    if (page.size() == body) page.resize(head);
  }
  if (format == Format::kOpenMetrics) page += "# EOF\n";
  return page;
}

std::string_view ContentType(Format format) {
  return format == Format::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string ListMetrics(bool json) {
  std::string out = json ? "[" : "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricBase* m : MetricBase::Catalogue()) {
    std::string labels;
    for (auto label : m->labels) {
      if (!labels.empty()) labels += json ? "," : ", ";
      labels += json ? JsonQuote(label) : std::string(label);
    }
    std::string_view type = kTypeNames[static_cast<int>(m->type)];
    if (json) {
      if (out.size() > 1) out += ',';
      out.append("\n {\"name\":").append(JsonQuote(m->name)).append(",\"type\":");
      out.append(JsonQuote(type)).append(",\"labels\":[").append(labels).append("],\"help\":");
      out.append(JsonQuote(m->help)).append("}");
    } else {
      out.append("| `").append(m->name).append("` | ").append(type).append(" | ");
      out.append(labels).append(" | ").append(m->help).append(" |\n");
    }
  }
  return json ? out + "\n]\n" : out;
}
