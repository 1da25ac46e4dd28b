#pragma once
// Answers of real Pi-holes, from tests/pihole/fixtures: v6 are of FTL 6.4.1, v5 of FTL 5.25.2.
//   nopw_*            no password, after gravity and traffic
//   nopw_nogravity_*  no gravity yet: counts are -2
//   corruptgravity_*  gravity.db cannot be read
//   dnsfailed_*       port 53 was taken by another process
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "common/json.h"

inline std::string RecordedText(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/tests/pihole/fixtures/" + name, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_FALSE(text.empty()) << name;
  return text;
}

// A document with its view: what was recorded under `name` (.json is added), or any text.
class Answer {
 public:
  static Answer Recorded(const std::string& name) { return Answer(RecordedText(name + ".json")); }
  explicit Answer(const std::string& text) {
    auto json = Json::Parse(text);
    EXPECT_TRUE(json.ok()) << json.status() << text.substr(0, 200);
    if (json.ok()) document_ = std::make_shared<Json>(*std::move(json));
  }
  operator JsonView() const { return document_ ? document_->view() : JsonView(); }

 private:
  std::shared_ptr<Json> document_;
};
