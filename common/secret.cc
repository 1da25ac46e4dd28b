#include "common/secret.h"

#include <sys/stat.h>

#include <set>

#include "common/config_document.h"
#include "common/guarded.h"
#include "common/log.h"

namespace {

constexpr std::size_t kMaxSecretBytes = 64 << 10;
constexpr std::size_t kMaxFiles = 1000;

void WarnIfOpenToAll(const std::string& file) {
  static auto* warned = new Guarded<std::set<std::string>>();  // threads may outlive main
  struct stat status {};
  if (stat(file.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return;
  bool news = warned->With([&](std::set<std::string>& files) {
    return files.size() < kMaxFiles && files.insert(file).second;
  });
  if (news) Log(Level::kWarn, "everybody on this machine may read a secret", {{"file", file}});
}

}  // namespace

absl::StatusOr<std::string> ReadSecret(const std::string& file) {
  auto text = config_internal::ReadFile(file, kMaxSecretBytes);
  if (!text.ok()) return text;
  WarnIfOpenToAll(file);
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) return absl::InvalidArgumentError("is empty");
  if (text->find('\n') != text->npos) return absl::InvalidArgumentError("has more than one line");
  if (text->find('\0') != text->npos) return absl::InvalidArgumentError("has a zero byte");
  return text;
}
