#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// The Redis serialisation protocol, version 2: the one that every Redis, Valkey and Sentinel speaks
// until a client says HELLO 3, which we never do. hiredis is the codec, behind this seam.

// A command with its arguments; at least one word.
using Command = std::vector<std::string>;

// The bytes of a command. Words may hold any bytes.
std::string FormatCommand(const Command& command);

struct Reply {
  enum Type { kNil, kStatus, kError, kInteger, kString, kArray };
  Type type = kNil;
  std::int64_t integer = 0;  // of kInteger
  std::string text;          // of kStatus, kError and kString; may hold any bytes
  std::vector<Reply> items;  // of kArray
};

// Takes bytes as they come and gives replies when they are complete. Memory grows with the bytes
// that came, never with what they promise. Not for two threads at once.
class RespReader {
 public:
  static constexpr int kMaxItems = 65536;  // in one reply, at all depths together
  static constexpr int kMaxDepth = 7;      // of arrays in arrays

  // `max_bytes`: of a batch.
  explicit RespReader(std::size_t max_bytes);
  ~RespReader();
  RespReader(RespReader&&) noexcept;
  RespReader& operator=(RespReader&&) noexcept;

  // A new batch begins: the count of bytes starts again with those that are held().
  void BeginBatch();
  // Takes `bytes`. DataLoss when the batch has too many of them.
  absl::Status Feed(std::string_view bytes);
  // The next reply, none until it is complete. DataLoss when this is not RESP2, or beyond a limit;
  // from then on always.
  absl::StatusOr<std::optional<Reply>> Next();
  // Bytes that came since the last reply; after the last one that was asked for there should be
  // none.
  std::size_t held() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};
