#pragma once
// Reads JSON that comes from outside. The only place that includes RapidJSON, with the flags that
// survive hostile input: iterative parsing (200 kB of '[' cannot overflow the stack), never full
// precision (a known crash). Nesting beyond 64, text after the value and strings that are not UTF-8
// are errors; of a key given twice the first counts; a number that a double cannot hold is absent
// or an error.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

class Json;  // a parsed document, or a value in one

// A view of one value; valid as long as the Json document it came from. Absent values are views of
// nothing: every accessor then answers nothing, so that a path can be walked without tests between.
class JsonView {
 public:
  JsonView() = default;
  bool exists() const;                                    // absent and null are the same: false
  JsonView operator[](std::string_view key) const;        // member of an object, else nothing
  JsonView operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  std::vector<JsonView> Items() const;                    // elements of an array, else none
  std::vector<std::pair<std::string_view, JsonView>> Members() const;  // of an object, else none
  bool IsArray() const;
  bool IsObject() const;
  std::optional<std::string_view> String() const;
  std::optional<double> Number() const;                   // finite
  std::optional<long long> Integer() const;               // exact, within 64 bits
  std::optional<bool> Bool() const;

 private:
  friend class Json;
  explicit JsonView(const void* value) : value_(value) {}
  const void* value_ = nullptr;
};

class Json {
 public:
  // InvalidArgument with the offset when `text` is not one JSON value.
  static absl::StatusOr<Json> Parse(std::string_view text);
  Json(Json&&) noexcept;
  Json& operator=(Json&&) noexcept;
  ~Json();
  JsonView view() const;

 private:
  struct Document;
  explicit Json(std::unique_ptr<Document> document);
  std::unique_ptr<Document> document_;
};

// Whether `s` is valid UTF-8 (no overlong forms, no surrogates).
bool IsUtf8(std::string_view s);

// `s` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string JsonQuote(std::string_view s);
