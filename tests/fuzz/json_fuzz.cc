#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/json.h"

namespace {

void Require(bool condition) {
  if (!condition) abort();
}

// Asks everything of every value below `v`.
void Walk(JsonView v, int depth) {
  Require(depth <= 65);
  if (auto s = v.String()) {
    auto again = Json::Parse(JsonQuote(*s));
    Require(again.ok() && again->view().String() == *s);
  }
  if (auto n = v.Number()) Require(std::isfinite(*n));
  if (auto i = v.Integer()) Require(static_cast<double>(*i) == v.Number());
  for (JsonView item : v.Items()) Walk(item, depth + 1);
  for (const auto& [key, member] : v.Members()) {
    Walk(member, depth + 1);
    v[key].exists();
  }
  Require(v.IsArray() + v.IsObject() + v.String().has_value() + v.Number().has_value() +
              v.Bool().has_value() ==
          (v.exists() ? 1 : 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto json = Json::Parse(text); json.ok()) Walk(json->view(), 0);
  Require(Json::Parse(JsonQuote(text)).ok());
  return 0;
}
