#pragma once
#include <optional>
#include <string>
#include <string_view>

// Base64 with padding (RFC 4648, section 4), as etcd's gateway sends keys and values.
std::string ToBase64(std::string_view bytes);
std::optional<std::string> FromBase64(std::string_view text);  // nothing when it is not base64
