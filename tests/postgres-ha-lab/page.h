#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/deadline.h"

// A page as it came from the exporter, and what stands on it.

using Labels = std::map<std::string, std::string>;

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
};

struct Page {
  int code = 0;  // HTTP's; 0: no answer
  double seconds = 0;
  std::string head, body;
  std::vector<Sample> samples;
  std::vector<std::string> broken;      // lines that are no samples
  std::vector<std::string> duplicates;  // series that stand there twice

  // The samples of `name` whose labels contain all of `labels`.
  std::vector<Sample> All(const std::string& name, const Labels& labels = {}) const;
  // The value if there is exactly one such sample.
  std::optional<double> Get(const std::string& name, const Labels& labels = {}) const;
  bool Has(const std::string& name, const Labels& labels = {}) const;
  bool Is(const std::string& name, const Labels& labels, double value) const;
  // The lines with `word`, for messages.
  std::string Lines(const std::string& word) const;
};

// The page whose text is `body`.
Page ReadPage(std::string body);

// GET on 127.0.0.1 over a new connection; `code` 0 when there is no whole answer by the deadline.
Page Fetch(int port, const std::string& path, const Deadline& deadline,
           const std::string& headers = "");
