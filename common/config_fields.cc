#include <algorithm>

#include "absl/strings/str_format.h"

#include "common/config.h"
#include "common/config_document.h"
#include "common/secret.h"

using config_internal::DidYouMean;
using config_internal::DurationText;
using config_internal::ParseNumber;
using config_internal::ReadFile;
using config_internal::Shown;

namespace {

constexpr std::size_t kMaxConfigBytes = 1 << 20;
constexpr std::size_t kMaxErrors = 20;

void FindUnknownKeys(const ConfigNode& node, ConfigDocument& document) {
  for (const auto& item : node.items) FindUnknownKeys(*item, document);
  for (const auto& [key, entry] : node.entries) {
    if (entry.value != nullptr) FindUnknownKeys(*entry.value, document);
    if (!node.handed_out || node.asked.count(key) > 0) continue;
    document.Add(entry.line, entry.column,
                 "unknown key " + Shown(key) + DidYouMean(key, node.asked));
  }
}

absl::StatusOr<bool> ParseBool(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  return absl::InvalidArgumentError("neither true nor false: " + Shown(text));
}

absl::Status NotWithin(const std::string& text, const std::string& min, const std::string& max) {
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is not within %s and %s", Shown(text), min, max));
}

}  // namespace

Fields::Fields(std::shared_ptr<ConfigDocument> document, std::shared_ptr<ConfigNode> node)
    : document_(std::move(document)), node_(std::move(node)) {
  node_->handed_out = true;
}

Fields Fields::FromText(const std::string& file, std::string_view text) {
  auto document = ParseConfig(file, text);
  return Fields(document, document->root);
}

Fields Fields::FromFile(const std::string& file) {
  auto text = ReadFile(file, kMaxConfigBytes);
  if (text.ok()) return FromText(file, *text);
  Fields fields = FromText(file, "");
  fields.document_->Add(0, 0, std::string(text.status().message()));
  fields.document_->broken = true;
  return fields;
}

ConfigNode* Fields::Find(std::string_view key, int kind, const char* what) {
  if (!Has(key)) return nullptr;
  ConfigNode* node = node_->entries.find(key)->second.value.get();
  if (node->kind == kind) return node;
  Error(key, std::string("must be ") + what);
  return nullptr;
}

bool Fields::Has(std::string_view key) const {
  node_->asked.emplace(key);
  auto entry = node_->entries.find(key);
  return entry != node_->entries.end() && entry->second.value->kind != ConfigNode::kNull;
}

template <class T, class Parse>
T Fields::Read(std::string_view key, T or_else, Parse&& parse) {
  const ConfigNode* node = Find(key, ConfigNode::kScalar, "a single value");
  if (node == nullptr) return or_else;
  absl::StatusOr<T> value = parse(node->value);
  if (value.ok()) return *std::move(value);
  Error(key, std::string(value.status().message()));
  return or_else;
}

std::string Fields::String(std::string_view key, std::string_view or_else) {
  const ConfigNode* node = Find(key, ConfigNode::kScalar, "a single value");
  return node != nullptr ? node->value : std::string(or_else);
}

std::string Fields::Required(std::string_view key) {
  if (!Has(key)) {
    bool given = node_->entries.count(key) > 0;
    Error(given ? key : "", given ? "is empty" : "key " + Shown(key) + " is missing");
    return "";
  }
  return Read(key, std::string(), [](const std::string& text) -> absl::StatusOr<std::string> {
    if (text.empty()) return absl::InvalidArgumentError("is empty");
    return text;
  });
}

bool Fields::Bool(std::string_view key, bool or_else) { return Read(key, or_else, ParseBool); }

double Fields::Number(std::string_view key, double or_else, double min, double max) {
  return Read(key, or_else, [&](const std::string& text) -> absl::StatusOr<double> {
    auto number = ParseNumber(text);
    if (!number.ok() || (*number >= min && *number <= max)) return number;
    return NotWithin(text, absl::StrFormat("%g", min), absl::StrFormat("%g", max));
  });
}

int Fields::Integer(std::string_view key, int or_else, int min, int max) {
  return Read(key, or_else, [&](const std::string& text) -> absl::StatusOr<int> {
    auto number = ParseNumber(text);
    if (!number.ok() || text.find_first_not_of("-0123456789") != text.npos) {
      return absl::InvalidArgumentError("not a whole number: " + Shown(text));
    }
    if (*number >= min && *number <= max) return static_cast<int>(*number);
    return NotWithin(text, std::to_string(min), std::to_string(max));
  });
}

Duration Fields::Time(std::string_view key, Duration or_else, Duration min, Duration max) {
  return Read(key, or_else, [&](const std::string& text) -> absl::StatusOr<Duration> {
    auto time = ParseDuration(text);
    if (!time.ok() || (*time >= min && *time <= max)) return time;
    return NotWithin(text, DurationText(min), DurationText(max));
  });
}

double Fields::Size(std::string_view key, double or_else, double min, double max) {
  return Read(key, or_else, [&](const std::string& text) -> absl::StatusOr<double> {
    auto bytes = ParseSize(text);
    if (!bytes.ok() || (*bytes >= min && *bytes <= max)) return bytes;
    return NotWithin(text, absl::StrFormat("%.0f", min), absl::StrFormat("%.0f bytes", max));
  });
}

std::vector<std::string> Fields::Strings(std::string_view key) {
  std::vector<std::string> strings;
  if (!Has(key)) return strings;
  const ConfigNode& node = *node_->entries.find(key)->second.value;
  if (node.kind == ConfigNode::kScalar) return {node.value};
  const ConfigNode* list = Find(key, ConfigNode::kList, "a list");
  if (list == nullptr) return strings;
  for (const auto& item : list->items) {
    if (item->kind == ConfigNode::kScalar) {
      strings.push_back(item->value);
    } else {
      document_->Add(item->line, item->column,
                     std::string(key) + ": must be a list of single values");
    }
  }
  return strings;
}

Fields Fields::Map(std::string_view key) {
  if (Find(key, ConfigNode::kMap, "a map") != nullptr) {
    return Fields(document_, node_->entries.find(key)->second.value);
  }
  auto absent = std::make_shared<ConfigNode>();
  absent->kind = ConfigNode::kMap;
  absent->line = node_->line;
  absent->column = node_->column;
  return Fields(document_, absent);
}

std::vector<Fields> Fields::Maps(std::string_view key) {
  std::vector<Fields> maps;
  const ConfigNode* list = Find(key, ConfigNode::kList, "a list of maps");
  if (list == nullptr) return maps;
  for (const auto& item : list->items) {
    if (item->kind == ConfigNode::kMap) {
      maps.push_back(Fields(document_, item));
    } else {
      document_->Add(item->line, item->column, std::string(key) + ": must be a list of maps");
    }
  }
  return maps;
}

std::string Fields::Secret(std::string_view key) {
  std::string file_key = std::string(key) + "_file";
  std::string value = String(key), file = String(file_key);
  if (!Has(file_key)) return value;
  if (Has(key)) {
    Error(file_key, absl::StrFormat("give %s or %s, not both", key, file_key));
    return "";
  }
  auto secret = ReadSecret(file);
  if (secret.ok()) return *std::move(secret);
  Error(file_key, Shown(file) + ": " + std::string(secret.status().message()));
  return "";
}

void Fields::Error(std::string_view key, const std::string& what) {
  if (key.empty()) return document_->Add(node_->line, node_->column, what);
  std::string named = std::string(key) + ": " + what;
  auto entry = node_->entries.find(key);
  if (entry == node_->entries.end()) return document_->Add(node_->line, node_->column, named);
  const auto& value = *entry->second.value;
  bool at_key = value.kind == ConfigNode::kNull;  // there is nothing to point at
  document_->Add(at_key ? entry->second.line : value.line,
                 at_key ? entry->second.column : value.column, named);
}

absl::Status Fields::Finish() {
  FindUnknownKeys(*document_->root, *document_);
  auto& errors = document_->errors;
  if (errors.empty()) return absl::OkStatus();
  std::stable_sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(errors.size(), kMaxErrors); ++i) {
    const auto& [line, column, what] = errors[i];
    if (i > 0) text += '\n';
    text += document_->file;
    if (line > 0) text += absl::StrFormat(":%d:%d", line, column);
    text += ": " + what;
  }
  if (errors.size() > kMaxErrors) {
    text += absl::StrFormat("\n%s: %d more errors", document_->file, errors.size() - kMaxErrors);
  }
  return absl::InvalidArgumentError(text);
}
