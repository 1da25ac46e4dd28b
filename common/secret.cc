#include "common/secret.h"

#include "common/config_document.h"

namespace {
constexpr std::size_t kMaxSecretBytes = 64 << 10;
}  // namespace

absl::StatusOr<std::string> ReadSecret(const std::string& file) {
  auto text = config_internal::ReadFile(file, kMaxSecretBytes);
  if (!text.ok()) return text;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) return absl::InvalidArgumentError("is empty");
  if (text->find('\n') != text->npos) return absl::InvalidArgumentError("has more than one line");
  if (text->find('\0') != text->npos) return absl::InvalidArgumentError("has a zero byte");
  return text;
}
