#pragma once
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/deadline.h"

// The small files under --state.dir in which facts survive a restart.

// Whoever writes more writes what cannot be read again.
constexpr std::size_t kMaxFactsBytes = 1 << 20;

// The contents of `path`; NotFound when there is no such file; InvalidArgument when it is larger
// than kMaxFactsBytes.
absl::StatusOr<std::string> ReadFileToString(const std::string& path);

// Writes `contents` so that a crash at any moment leaves the old file or the new one: temporary
// file (mode 0600), fsync, rename, fsync of the directory. InvalidArgument beyond kMaxFactsBytes.
absl::Status WriteFileAtomically(const std::string& path, const std::string& contents);

// Writes files in a thread of its own: a slow or full disk delays no verdict. Of several writes to
// one path only the newest matters. The first failure is logged, and failing() is exported.
class FactsWriter {
 public:
  FactsWriter();
  ~FactsWriter();  // writes what is still to be written
  void Write(const std::string& path, std::string contents);
  // Whether files can be written in `directory` now; failing() says so until the next write.
  absl::Status Try(const std::string& directory);
  // Waits until all is written, or `deadline`; returns whether it is.
  bool Flush(const Deadline& deadline);
  bool failing() const;  // the last write did not succeed

 private:
  struct State;
  std::shared_ptr<State> state_;
};
