#include "common/config.h"

#include <sstream>

#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

#include "common/config_document.h"

namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxBytes = 1 << 20;
constexpr char kNoAliases[] =
    "anchors and aliases are not allowed (a value that begins with & or * needs quotes)";

// Builds the tree from the parser's events. Refuses by throwing the parser's own exception, which
// ends the parse: this is also what bounds the parser's recursion.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(ConfigDocument& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) Refuse(mark, "one document per file");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { RefuseAlias(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { RefuseAlias(mark); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (KeyExpected()) Refuse(mark, "a key is missing");
    Put(NewNode(mark, ConfigNode::kNull, ""));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    if (KeyExpected()) return Key(mark, value);
    auto node = NewNode(mark, ConfigNode::kScalar, tag);
    auto expanded = config_internal::Expand(value);
    if (expanded.ok()) node->value = *std::move(expanded);
    else document_.Add(node->line, node->column, std::string(expanded.status().message()));
    Put(node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(mark, ConfigNode::kList, tag);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(mark, ConfigNode::kMap, tag);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Level {
    std::shared_ptr<ConfigNode> node;
    bool value_expected = false;  // in a map: its key was read
    ConfigNode::Entry* entry = nullptr;  // where the value goes, null if the key is a duplicate
  };

  [[noreturn]] static void Refuse(const YAML::Mark& mark, const std::string& what) {
    throw YAML::ParserException(mark, what);
  }
  [[noreturn]] static void RefuseAlias(const YAML::Mark& mark) {
    Refuse(mark, kNoAliases);
  }

  bool KeyExpected() const {
    return !open_.empty() && open_.back().node->kind == ConfigNode::kMap &&
           !open_.back().value_expected;
  }

  static std::shared_ptr<ConfigNode> NewNode(const YAML::Mark& mark, ConfigNode::Kind kind,
                                             const std::string& tag) {
    // "?" and "!" are what the parser reports for plain and for quoted scalars.
    if (!tag.empty() && tag != "?" && tag != "!") {
      Refuse(mark, "tags are not allowed (a value that begins with ! needs quotes)");
    }
    auto node = std::make_shared<ConfigNode>();
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    return node;
  }

  void Key(const YAML::Mark& mark, const std::string& key) {
    if (key == "<<") Refuse(mark, "merge keys are not allowed");
    Level& level = open_.back();
    auto [at, added] = level.node->entries.try_emplace(
        key, ConfigNode::Entry{mark.line + 1, mark.column + 1, nullptr});
    if (!added) {
      document_.Add(mark.line + 1, mark.column + 1,
                    "key " + config_internal::Shown(key) + " is given twice");
    }
    level.entry = added ? &at->second : nullptr;
    level.value_expected = true;
  }

  void Open(const YAML::Mark& mark, ConfigNode::Kind kind, const std::string& tag) {
    if (KeyExpected()) Refuse(mark, "a key must be a single value");
    if (open_.size() == kMaxDepth) Refuse(mark, "nested deeper than " + std::to_string(kMaxDepth));
    auto node = NewNode(mark, kind, tag);
    Put(node);
    open_.push_back({node});
  }

  void Put(std::shared_ptr<ConfigNode> node) {
    if (open_.empty()) {
      document_.root = std::move(node);
    } else if (Level& level = open_.back(); level.node->kind == ConfigNode::kList) {
      level.node->items.push_back(std::move(node));
    } else {
      if (level.entry != nullptr) level.entry->value = std::move(node);
      level.value_expected = false;
    }
  }

  ConfigDocument& document_;
  std::vector<Level> open_;
  int documents_ = 0;
};

// Gives up on the document: `what` is the only error it has.
void Break(ConfigDocument& document, int line, int column, const std::string& what) {
  document.root = std::make_shared<ConfigNode>();
  document.errors = {{line, column, what}};
  document.broken = true;
}

// yaml-cpp names an undefined anchor in its message, and that might be a password without quotes.
std::string Message(const YAML::Exception& e) {
  return e.msg.find("anchor") == e.msg.npos ? config_internal::Printable(e.msg) : kNoAliases;
}

}  // namespace

std::shared_ptr<ConfigDocument> ParseConfig(const std::string& file, std::string_view text) {
  auto document = std::make_shared<ConfigDocument>();
  document->file = file;
  if (text.size() > kMaxBytes) {
    Break(*document, 0, 0, "larger than " + std::to_string(kMaxBytes) + " bytes");
    return document;
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(*document);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    Break(*document, e.mark.line + 1, e.mark.column + 1, Message(e));
  } catch (const std::exception& e) {
    Break(*document, 0, 0, e.what());
  }
  if (document->root->kind == ConfigNode::kNull) document->root->kind = ConfigNode::kMap;
  if (document->root->kind != ConfigNode::kMap) {
    Break(*document, document->root->line, document->root->column, "not a map (key: value)");
    document->root->kind = ConfigNode::kMap;
  }
  return document;
}
