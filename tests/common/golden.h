#pragma once
// Golden pages: what an exporter says for recorded answers at a fixed clock, byte by byte.
// `tests/run --update` writes them anew.
#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/scrape.h"
#include "common/self.h"

// What the core says of itself and of a target, with every value 0: names and labels count.
inline Samples GoldenSelf(const std::string& kind, const std::string& name) {
  NoteStateDirectory(true);
  NoteReload(true, 1'700'000'000);
  CountHttpRequest("/metrics", 200);
  Scraper scraper(ShowSelf);
  Target target;
  target.kind = kind;
  target.name = name;
  target.collector = std::make_unique<Collector>();
  std::vector<Target> targets;
  targets.push_back(std::move(target));
  Group group{"group", nullptr, [&] { return std::exchange(targets, {}); }};
  scraper.Set({group});
  std::istringstream lines(scraper.Scrape(Deadline::In(std::chrono::seconds(5)), Format::kText));
  Samples samples;
  for (std::string line; std::getline(lines, line);) {
    std::string series = line.substr(0, line.rfind(' '));
    if (auto revision = series.find("revision=\""); revision != series.npos)
      series.replace(revision + 10, series.find('"', revision + 10) - revision - 10, "0");
    for (auto* metric : MetricBase::Catalogue()) {
      std::string base = series.substr(0, series.find('{'));
      for (auto* suffix : {"_bucket", "_sum", "_count"})
        if (metric->type == Type::kHistogram && base == std::string(metric->name) + suffix)
          base = metric->name;
      if (base == metric->name) samples.AddRendered(*metric, series + " 0\n");
    }
  }
  return samples;
}

// The first line of `text` that `golden` does not have there, and golden's.
inline std::string FirstDifference(const std::string& text, const std::string& golden) {
  std::istringstream ours(text), theirs(golden);
  std::string our, their;
  do our.clear(), their.clear(), std::getline(ours, our), std::getline(theirs, their);
  while (our == their && ours && theirs);
  return "now:    " + our + "\ngolden: " + their;
}

// `path` below the top of the tree holds `text`. With UPDATE_GOLDEN in the environment it is made
// so.
inline void ExpectGolden(const std::string& path, const std::string& text) {
  const std::string file = std::string(SOURCE_DIR "/") + path;
  if (std::getenv("UPDATE_GOLDEN")) std::ofstream(file) << text;
  std::ifstream in(file);
  std::stringstream golden;
  golden << in.rdbuf();
  EXPECT_TRUE(text == golden.str()) << file << "\n" << FirstDifference(text, golden.str())
                                    << "\nif this is what you want: tests/run --update";
}

// METRICS.md of the exporter is its catalogue.
inline void ExpectDocumented(const std::string& exporter) {
  ExpectGolden("exporters/" + exporter + "/METRICS.md",
               "# Metrics of " + exporter + "-exporter\n\n" + ListMetrics(false));
}

inline void ExpectWholeCatalogue(const std::string& page) {
  for (auto* metric : MetricBase::Catalogue())
    EXPECT_NE(page.find("# TYPE " + std::string(metric->name) + " "), std::string::npos)
        << metric->name;
}

inline void ExpectNoSeriesTwice(const std::string& page) {
  std::set<std::string> seen;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    bool is_new = line.starts_with("#") || seen.insert(line.substr(0, line.rfind(' '))).second;
    EXPECT_TRUE(is_new) << line;
  }
}
