#include "common/json.h"

#include <math.h>

#include <charconv>

#include "absl/strings/str_format.h"
// RapidJSON adds to null pointers while its stacks are empty: harmless, but the sanitizer says so.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include "rapidjson/document.h"
#include "rapidjson/error/en.h"
#include "rapidjson/memorystream.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif

namespace {

constexpr int kMaxDepth = 64;
constexpr double kMaxExact = 9007199254740992;  // 2^53: below it every integral double is exact

// Hands the reader's events to a document, with two differences: too deep nesting and strings that
// are not UTF-8 end the parse; and numbers are read by from_chars, which is exact where RapidJSON's
// fast path is not. What a double cannot hold becomes null.
class Builder {
 public:
  explicit Builder(rapidjson::Document& document) : document_(document) {}
  bool Null() { return document_.Null(); }
  bool Bool(bool b) { return document_.Bool(b); }
  bool Int(int i) { return document_.Int(i); }
  bool Uint(unsigned u) { return document_.Uint(u); }
  bool Int64(int64_t i) { return document_.Int64(i); }
  bool Uint64(uint64_t u) { return document_.Uint64(u); }
  bool Double(double d) { return document_.Double(d); }
  bool String(const char* s, unsigned size, bool) {
    return IsText(s, size) && document_.String(s, size, true);
  }
  bool Key(const char* s, unsigned size, bool) {
    return IsText(s, size) && document_.Key(s, size, true);
  }
  bool StartObject() { return MayNest() && document_.StartObject(); }
  bool StartArray() { return MayNest() && document_.StartArray(); }
  bool EndObject(unsigned size) { return --depth_, document_.EndObject(size); }
  bool EndArray(unsigned size) { return --depth_, document_.EndArray(size); }

  bool RawNumber(const char* s, unsigned size, bool) {
    int64_t integer = 0;
    auto [end, error] = std::from_chars(s, s + size, integer);
    if (error == std::errc() && end == s + size) return document_.Int64(integer);
    double number = 0;
    if (std::from_chars(s, s + size, number).ec != std::errc()) return document_.Null();
    return document_.Double(number);
  }

  const char* refusal() const { return refusal_; }

 private:
  bool MayNest() {
    if (++depth_ > kMaxDepth) refusal_ = "nested deeper than 64";
    return depth_ <= kMaxDepth;
  }
  bool IsText(const char* s, unsigned size) {
    bool valid = IsUtf8(std::string_view(s, size));
    if (!valid) refusal_ = "a string that is not UTF-8";
    return valid;
  }

  rapidjson::Document& document_;
  int depth_ = 0;
  const char* refusal_ = "";
};

absl::Status Invalid(std::size_t offset, const char* what) {
  return absl::InvalidArgumentError(absl::StrFormat("not JSON at byte %d: %s", offset, what));
}

absl::Status Read(std::string_view text, rapidjson::Document& document) {
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  absl::Status status;
  auto generate = [&](rapidjson::Document& into) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    Builder builder(into);
    rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
    bool refused = result.Code() == rapidjson::kParseErrorTermination;
    const char* why = refused ? builder.refusal() : rapidjson::GetParseError_En(result.Code());
    if (result.IsError()) status = Invalid(result.Offset(), why);
    return !result.IsError();
  };
  document.Populate(generate);
  return status;
}

const rapidjson::Value* Value(const void* value) {
  return static_cast<const rapidjson::Value*>(value);
}

std::string_view Text(const rapidjson::Value& v) { return {v.GetString(), v.GetStringLength()}; }

}  // namespace

struct Json::Document {
  rapidjson::Document value;
};

Json::Json(std::unique_ptr<Document> document) : document_(std::move(document)) {}
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

absl::StatusOr<Json> Json::Parse(std::string_view text) {
  // RapidJSON takes a zero byte for the end of the text.
  if (auto zero = text.find('\0'); zero != text.npos) return Invalid(zero, "a zero byte");
  auto document = std::make_unique<Document>();
  absl::Status status = Read(text, document->value);
  if (!status.ok()) return status;
  return Json(std::move(document));
}

JsonView Json::view() const { return JsonView(&document_->value); }

bool JsonView::exists() const { return value_ != nullptr && !Value(value_)->IsNull(); }
bool JsonView::IsArray() const { return value_ != nullptr && Value(value_)->IsArray(); }
bool JsonView::IsObject() const { return value_ != nullptr && Value(value_)->IsObject(); }

JsonView JsonView::operator[](std::string_view key) const {
  for (const auto& [name, member] : Members()) {
    if (name == key) return member;
  }
  return JsonView();
}

std::vector<JsonView> JsonView::Items() const {
  std::vector<JsonView> items;
  if (!IsArray()) return items;
  const auto* begin = Value(value_)->Begin();
  for (const auto* v = begin; v != begin + Value(value_)->Size(); ++v) items.push_back(JsonView(v));
  return items;
}

std::vector<std::pair<std::string_view, JsonView>> JsonView::Members() const {
  std::vector<std::pair<std::string_view, JsonView>> members;
  if (!IsObject()) return members;
  auto begin = Value(value_)->MemberBegin();
  for (unsigned i = 0; i < Value(value_)->MemberCount(); ++i) {
    members.emplace_back(Text(begin[i].name), JsonView(&begin[i].value));
  }
  return members;
}

std::optional<std::string_view> JsonView::String() const {
  if (value_ == nullptr || !Value(value_)->IsString()) return std::nullopt;
  return Text(*Value(value_));
}

std::optional<double> JsonView::Number() const {
  if (value_ == nullptr || !Value(value_)->IsNumber()) return std::nullopt;
  return Value(value_)->GetDouble();
}

std::optional<long long> JsonView::Integer() const {
  auto number = Number();
  if (number && Value(value_)->IsInt64()) return Value(value_)->GetInt64();
  if (!number || trunc(*number) != *number || fabs(*number) > kMaxExact) return std::nullopt;
  return static_cast<long long>(*number);
}

std::optional<bool> JsonView::Bool() const {
  if (value_ == nullptr || !Value(value_)->IsBool()) return std::nullopt;
  return Value(value_)->GetBool();
}
