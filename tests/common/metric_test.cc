#include "common/metric.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "common/json.h"

namespace {

const Metric kGauge("test_metric_gauge_bytes", Type::kGauge,
                    "A gauge with \\ and \"quotes\"\nand lines.", "a", "b");
const Metric kCounter("test_metric_events_total", Type::kCounter, "A counter.");
const Metric kInfo("test_metric_thing_info", Type::kInfo, "An identity.", "version");
const Metric kState("test_metric_state", Type::kStateSet, "A state.", "member", "state");
const Metric kNever("test_metric_never_used", Type::kGauge, "Nobody adds it.");

std::string Label(std::string_view value) {
  std::string out;
  AppendLabelValue(out, value);
  return out;
}

std::string Number(double v) {
  std::string out;
  AppendNumber(out, v);
  return out;
}

TEST(LabelValue, IsEscaped) {
  EXPECT_EQ(Label("plain"), "plain");
  EXPECT_EQ(Label(""), "");
  EXPECT_EQ(Label("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
}

TEST(LabelValue, BecomesValidUtf8) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Label("\xC3\xBC\xE2\x82\xAC\xF0\x9F\x90\x98"), "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x90\x98");
  EXPECT_EQ(Label("a\xFF" "b"), "a" + bad + "b");
  EXPECT_EQ(Label("\xC0\x80"), bad + bad);                    // overlong
  EXPECT_EQ(Label("\xE0\x80\x80"), bad + bad + bad);          // overlong
  EXPECT_EQ(Label("\xED\xA0\x80"), bad + bad + bad);          // a surrogate
  EXPECT_EQ(Label("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // above U+10FFFF
  EXPECT_EQ(Label("\xE2\x82"), bad + bad);                    // cut off
}

TEST(LabelValue, IsCutTo128BytesAtACharacter) {
  EXPECT_EQ(Label(std::string(128, 'x')), std::string(128, 'x'));
  EXPECT_EQ(Label(std::string(129, 'x')), std::string(128, 'x'));
  EXPECT_EQ(Label(std::string(127, 'x') + "\xC3\xBC"), std::string(127, 'x'));
  EXPECT_EQ(Label(std::string(126, 'x') + "\xC3\xBC"), std::string(126, 'x') + "\xC3\xBC");
  EXPECT_EQ(Label(std::string(500, '\n')).size(), 256u);  // the value counts, not its escapes
}

TEST(LabelValue, AnyBytesStayOneValue) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random() % 4 ? 0x80 + random() % 128 : random() % 128);
    std::string label = Label(bytes);
    for (std::size_t at = 0; at < label.size(); ++at) {
      ASSERT_NE(label[at], '\n');
      ASSERT_NE(label[at], '"');
      if (label[at] != '\\') continue;
      ASSERT_NE(std::strchr("\\n\"", label[++at]), nullptr);
    }
    auto json =
        Json::Parse(JsonQuote(label));  // quoting replaces what is not UTF-8: there is nothing
    ASSERT_TRUE(json.ok());
    ASSERT_EQ(json->view().String(), label);
  }
}

TEST(Number, IsWrittenForBothFormats) {
  EXPECT_EQ(Number(0), "0");
  EXPECT_EQ(Number(1), "1");
  EXPECT_EQ(Number(-1.5), "-1.5");
  EXPECT_EQ(Number(0.1), "0.1");
  EXPECT_EQ(Number(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(Number(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(Number(std::nan("")), "NaN");
  EXPECT_EQ(Number(-std::nan("")), "NaN");
}

TEST(Number, ReadsBackTheSame) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200'000; ++i) {
    std::uint64_t bits = random();
    double v;
    std::memcpy(&v, &bits, sizeof v);
    if (!std::isfinite(v)) continue;
    ASSERT_EQ(strtod(Number(v).c_str(), nullptr), v) << Number(v);
  }
  for (double v :
       {5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 9007199254740993.0, -0.0})
    EXPECT_EQ(strtod(Number(v).c_str(), nullptr), v);
}

TEST(Page, HasHeadsAndSamplesInBothFormats) {
  Samples one(RenderLabels({{"site", "a\"b"}})), two;
  one.Add(kGauge, {"x", "y"}, 1);
  one.Add(kCounter, 3);
  two.Add(kGauge, {"", "z"}, 2.5);
  two.Add(kInfo, {"1.0"}, 1);
  two.AddState(kState, {"m", ""}, {"running", "stopped"}, "stopped");
  EXPECT_EQ(RenderPage({&one, &two}, Format::kText),
            "# HELP test_metric_events_total A counter.\n"
            "# TYPE test_metric_events_total counter\n"
            "test_metric_events_total{site=\"a\\\"b\"} 3\n"
            "# HELP test_metric_gauge_bytes A gauge with \\\\ and \"quotes\"\\nand lines.\n"
            "# TYPE test_metric_gauge_bytes gauge\n"
            "test_metric_gauge_bytes{site=\"a\\\"b\",a=\"x\",b=\"y\"} 1\n"
            "test_metric_gauge_bytes{a=\"\",b=\"z\"} 2.5\n"
            "# HELP test_metric_state A state.\n"
            "# TYPE test_metric_state gauge\n"
            "test_metric_state{member=\"m\",state=\"running\"} 0\n"
            "test_metric_state{member=\"m\",state=\"stopped\"} 1\n"
            "# HELP test_metric_thing_info An identity.\n"
            "# TYPE test_metric_thing_info gauge\n"
            "test_metric_thing_info{version=\"1.0\"} 1\n");
  EXPECT_EQ(RenderPage({&one, &two}, Format::kOpenMetrics),
            "# HELP test_metric_events A counter.\n"
            "# TYPE test_metric_events counter\n"
            "test_metric_events_total{site=\"a\\\"b\"} 3\n"
            "# HELP test_metric_gauge_bytes A gauge with \\\\ and \\\"quotes\\\"\\nand lines.\n"
            "# TYPE test_metric_gauge_bytes gauge\n"
            "test_metric_gauge_bytes{site=\"a\\\"b\",a=\"x\",b=\"y\"} 1\n"
            "test_metric_gauge_bytes{a=\"\",b=\"z\"} 2.5\n"
            "# HELP test_metric_state A state.\n"
            "# TYPE test_metric_state gauge\n"
            "test_metric_state{member=\"m\",state=\"running\"} 0\n"
            "test_metric_state{member=\"m\",state=\"stopped\"} 1\n"
            "# HELP test_metric_thing An identity.\n"
            "# TYPE test_metric_thing info\n"
            "test_metric_thing_info{version=\"1.0\"} 1\n"
            "# EOF\n");
}

TEST(Page, IsEmptyWithoutSamples) {
  EXPECT_EQ(RenderPage({}, Format::kText), "");
  EXPECT_EQ(RenderPage({}, Format::kOpenMetrics), "# EOF\n");
  EXPECT_EQ(ContentType(Format::kText), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(ContentType(Format::kOpenMetrics),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST(Samples, AreCappedAndCounted) {
  Samples out({}, 3);
  for (int i = 0; i < 5; ++i) out.Add(kGauge, {std::to_string(i), ""}, i);
  EXPECT_EQ(out.count(), 3);
  EXPECT_EQ(out.dropped(), 2);
  std::string page = RenderPage({&out}, Format::kText);
  EXPECT_NE(page.find("a=\"2\""), page.npos);
  EXPECT_EQ(page.find("a=\"3\""), page.npos);
}

TEST(Samples, TakeRenderedLines) {
  Samples out;
  out.AddRendered(kNever, "test_metric_never_used 1\n");
  EXPECT_EQ(out.of(kNever), "test_metric_never_used 1\n");
  EXPECT_EQ(out.count(), 1);
}

TEST(Samples, AStateThatIsNoneOfThemIsAllZero) {
  Samples out;
  out.AddState(kState, {"m", ""}, {"running", "stopped"}, "dancing");
  EXPECT_EQ(out.of(kState),
            "test_metric_state{member=\"m\",state=\"running\"} 0\n"
            "test_metric_state{member=\"m\",state=\"stopped\"} 0\n");
}

bool IsName(std::string_view name) {
  const std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && name.back() != '_' &&
         name.find_first_not_of(allowed) == name.npos && name.find("__") == name.npos;
}

// The conventions of Prometheus and of our design, over every metric that this program knows.
TEST(Catalogue, IsSortedAndFollowsTheConventions) {
  const std::set<std::string_view> reserved = {"site",     "cluster", "job",
                                               "instance", "replica", "le"};
  std::string_view last;
  for (const MetricBase* m : MetricBase::Catalogue()) {
    SCOPED_TRACE(m->name);
    EXPECT_LT(last, m->name);
    last = m->name;
    EXPECT_TRUE(IsName(m->name) && m->name.find('_') != m->name.npos);
    EXPECT_EQ(m->name.ends_with("_total"), m->type == Type::kCounter);
    EXPECT_EQ(m->name.ends_with("_info"), m->type == Type::kInfo);
    for (auto suffix : {"_bucket", "_count", "_sum", "_created"})
      EXPECT_FALSE(m->name.ends_with(suffix));
    for (auto unit : {"_ms", "_milliseconds", "_minutes", "_hours", "_kb", "_mb", "_percent"})
      EXPECT_EQ((std::string(m->name) + "_").find(std::string(unit) + "_"), std::string::npos);
    EXPECT_TRUE(m->help.ends_with(".")) << m->help;
    EXPECT_EQ(m->help.find('|'), m->help.npos);
    EXPECT_TRUE(m->type != Type::kStateSet || m->labels.back() == "state");
    std::set<std::string_view> labels;
    for (auto label : m->labels) {
      EXPECT_TRUE(IsName(label)) << label;
      EXPECT_FALSE(reserved.count(label)) << label;
      EXPECT_TRUE(labels.insert(label).second) << label;
    }
  }
}

TEST(Catalogue, IsListed) {
  std::string markdown = ListMetrics(false);
  EXPECT_NE(markdown.find("| `test_metric_state` | stateset | member, state | A state. |\n"),
            markdown.npos);
  auto json = Json::Parse(ListMetrics(true));
  ASSERT_TRUE(json.ok()) << json.status();
  auto items = json->view().Items();
  ASSERT_EQ(items.size(), MetricBase::Catalogue().size());
  for (JsonView item : items) {
    if (item["name"].String() != "test_metric_gauge_bytes") continue;
    EXPECT_EQ(item["type"].String(), "gauge");
    EXPECT_EQ(item["labels"].Items().size(), 2u);
    EXPECT_EQ(item["labels"].Items()[1].String(), "b");
    EXPECT_EQ(item["help"].String(), "A gauge with \\ and \"quotes\"\nand lines.");
  }
}

}  // namespace
