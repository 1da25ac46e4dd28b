#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "exporters/redis-sentinel/connection.h"
#include "exporters/redis-sentinel/resp.h"

namespace {

// What a reader gives for `bytes` fed `step` at a time, up to the first error.
struct Outcome {
  std::vector<Reply> replies;
  bool failed = false;
};

Outcome Read(std::string_view bytes, std::size_t step) {
  RespReader reader(1 << 16);
  Outcome out;
  while (!bytes.empty() && !out.failed) {
    out.failed = !reader.Feed(bytes.substr(0, step)).ok();
    bytes.remove_prefix(std::min(step, bytes.size()));
    while (!out.failed) {
      auto reply = reader.Next();
      out.failed = !reply.ok();
      if (out.failed || !*reply) break;
      out.replies.push_back(**std::move(reply));
    }
    if (!out.failed && reader.held() > 1 << 16) std::abort();
  }
  return out;
}

int Count(const Reply& reply, int depth) {
  if (depth > RespReader::kMaxDepth + 1) std::abort();
  int count = static_cast<int>(reply.items.size());
  for (const Reply& item : reply.items) count += Count(item, depth + 1);
  return count;
}

bool Same(const Reply& a, const Reply& b) {
  if (a.type != b.type || a.integer != b.integer || a.text != b.text) return false;
  if (a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!Same(a.items[i], b.items[i])) return false;
  return true;
}

}  // namespace

// However the bytes come, the replies are the same; they keep their limits; a command is a reply.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1 << 15) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Outcome whole = Read(bytes, size), pieces = Read(bytes, 1 + size % 7);
  if (whole.replies.size() != pieces.replies.size() || whole.failed != pieces.failed) std::abort();
  for (std::size_t i = 0; i < whole.replies.size(); ++i) {
    if (!Same(whole.replies[i], pieces.replies[i])) std::abort();
    if (Count(whole.replies[i], 1) > RespReader::kMaxItems) std::abort();
    if (ErrorOf(whole.replies[i].text).ok()) std::abort();
  }
  Outcome echo = Read(FormatCommand({"ECHO", std::string(bytes)}), 4096);
  if (echo.failed || echo.replies.size() != 1 || echo.replies[0].items.at(1).text != bytes)
    std::abort();
  return 0;
}
