#pragma once
#include <string>

#include "absl/status/statusor.h"

// The secret in `file`: one line, up to 64 KiB. A file that everybody may read is a warning in the
// log, once. Errors (InvalidArgument) name neither the file nor what is in it: "cannot be read: No
// such file or directory", "is empty", "has more than one line".
absl::StatusOr<std::string> ReadSecret(const std::string& file);
